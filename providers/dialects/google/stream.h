#pragma once

// Translates a streamed answer. Every event is a whole answer that holds what is new; what it becomes in the
// hub's stream:
//
//   parts          for each candidate one chunk with its text, reasoning, calls, images and sound
//   finishReason   kept: the finish is sent when the stream has ended, with what belongs to the whole
//                  message (signature, annotations), as only the end tells that no more parts follow
//   usageMetadata  kept; sent last, if the caller asked for it
//
// There is no end marker. The stream is whole if every candidate that it has begun has its reason.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "gemini/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "providers/dialects/google/block_writer.h"
#include "providers/dialects/google/candidate.h"
#include "providers/mapping.h"

namespace portolan::providers::gemini {

class ChatStream final : public EventsToHub {
 public:
  explicit ChatStream(const CallFacts& facts);

  std::optional<Error> OnEvent(const Message& event, MessageSink& out, State* state) override;
  std::optional<Error> OnEnd(MessageSink& out) override;
  TokenUsage Tokens() const override;

 private:
  struct Choice {
    CandidateReader reader;
    BlockWriter blocks;
  };

  void OnHead(const wire::GenerateContentResponse& answer);
  void OnCandidate(const wire::GenerateContentResponse& answer, const wire::Candidate& candidate,
                   int32_t index, MessageSink& out);
  void OnBlocked(MessageSink& out);
  // The choice of this index, which begins with its role. nullptr if there are too many.
  Choice* Find(const wire::GenerateContentResponse& answer, int32_t index, MessageSink& out);
  void EmitFinish(int32_t index, Choice* choice, MessageSink& out);
  api::ChatCompletionChunk* NewChunk(MessageSink& out);
  // The only choice of a new chunk.
  api::ChatChunkChoice* NewChoice(int32_t index, MessageSink& out);

  const bool include_usage_;
  const bool content_blocks_;
  int64_t created_;
  std::string id_;
  std::string model_;
  std::string service_tier_;
  std::string prompt_feedback_;
  std::string block_reason_;
  std::string block_message_;
  wire::UsageMetadata usage_;
  bool has_usage_ = false;
  Extras extras_;                      // of the answer, in Google's words
  std::map<int32_t, Choice> choices_;  // by index; few
  bool done_ = false;                  // nothing may follow
};

}  // namespace portolan::providers::gemini
