#pragma once

// Translates a streamed answer, event by event. What each event becomes in the hub's stream:
//
//   message-start     the role
//   content-start     nothing, or what it has of the text already
//   content-delta     text, or reasoning
//   tool-plan-delta   reasoning
//   tool-call-start   the id and name of a call
//   tool-call-delta   arguments of a call
//   tool-call-end     `{}`, if the call has had no arguments
//   citation-start    citations as they came; annotations, if they name pages
//   message-end       the finish reason; the usage, if the caller asked for it; or the error that it says
//   content-end, citation-end, debug and what is not known: nothing
//
// The stream is at its end after message-end, with or without `[DONE]`. If the caller wants ordered blocks,
// they are given in the hub's form, counted anew: a plan, each part of the content and each call is one.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cohere/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "providers/mapping.h"

namespace portolan::providers::cohere {

class ChatStream final : public EventsToHub {
 public:
  explicit ChatStream(const CallFacts& facts);

  std::optional<Error> OnEvent(const Message& event, MessageSink& out, State* state) override;
  std::optional<Error> OnEnd(MessageSink& out) override;
  TokenUsage Tokens() const override;

 private:
  enum class Kind : uint8_t { kNone, kText, kReasoning, kCall };

  // The ordered block that is open; there is one at a time.
  struct OpenBlock {
    Kind kind = Kind::kNone;
    int32_t index = 0;
    int32_t call = -1;  // the call that it is
  };
  // A call between its beginning and its end.
  struct OpenCall {
    int32_t provider_index = 0;
    int32_t index = 0;
    bool has_arguments = false;
  };

  void OnText(const ::cohere::v1::StreamEvent& event, MessageSink& out);
  void OnReasoning(const std::string& text, MessageSink& out);
  std::optional<Error> OnCallStart(const ::cohere::v1::StreamEvent& event, MessageSink& out);
  void OnArguments(int32_t provider_index, const std::string& piece, MessageSink& out);
  void OnCallEnd(int32_t provider_index, MessageSink& out);
  void OnCitation(const std::string& citation, MessageSink& out);
  std::optional<Error> OnMessageEnd(const ::cohere::v1::Delta& delta, MessageSink& out);

  OpenCall* FindCall(int32_t provider_index);
  // Opens a block of that kind unless one is open; closes one of another kind.
  void OpenFor(Kind kind, MessageSink& out);
  void CloseBlock(MessageSink& out);

  ::portolan::v1::ChatCompletionChunk* NewChunk(MessageSink& out);
  // The delta of the only choice of a new chunk.
  ::portolan::v1::MessageDelta* NewDelta(MessageSink& out);
  // A step of an ordered block, in `delta`, or in a new chunk where there is none.
  ::portolan::v1::ContentBlockDelta* NewStep(::portolan::v1::MessageDelta* delta, MessageSink& out);
  void EmitRole(MessageSink& out);

  const bool include_usage_;
  const bool content_blocks_;
  const int64_t created_;
  const std::string model_;
  std::string id_;
  ::cohere::v1::Usage usage_;
  OpenBlock block_;
  std::vector<OpenCall> open_calls_;
  // Where the parts of the content that have text begin in the whole: their index and the characters before.
  std::vector<std::pair<int32_t, int64_t>> begins_;
  ::portolan::v1::ChatCompletionChunk* chunk_ = nullptr;  // the one that NewDelta() made last
  int32_t blocks_ = 0;
  int32_t calls_ = 0;
  int64_t characters_ = 0;  // of the text so far
  bool role_sent_ = false;
  bool done_ = false;  // message-end has come: nothing may follow
};

}  // namespace portolan::providers::cohere
