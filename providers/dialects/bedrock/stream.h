#pragma once

// Translates a streamed answer, event by event. What each event becomes in the hub's stream:
//
//   messageStart        the role
//   contentBlockStart   the id and name of a call
//   contentBlockDelta   text, reasoning, arguments of a call
//   contentBlockStop    arguments of a call whose deltas had none; annotations of a text; a picture
//   messageStop         kept until the metadata have come, which belong to the same chunk
//   metadata            the finish reason; the usage, if the caller asked for it; the end
//   an exception        the error that ends the stream
//
// An end in good framing after messageStop counts as metadata. If the caller wants ordered blocks, they are
// given in the hub's form, counted anew: in Converse's streams texts and reasoning begin without a word.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bedrock/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "providers/mapping.h"

namespace portolan::providers::bedrock {

class ChatStream final : public EventsToHub {
 public:
  explicit ChatStream(const CallFacts& facts);

  std::optional<Error> OnEvent(const Message& event, MessageSink& out, State* state) override;
  std::optional<Error> OnEnd(MessageSink& out) override;
  TokenUsage Tokens() const override;

 private:
  enum class Kind : uint8_t { kText, kReasoning, kRedacted, kCall, kServerCall, kResult, kImage, kOther };

  // A block between its beginning and its stop.
  struct OpenBlock {
    int32_t provider_index = 0;
    int32_t index = 0;  // in the hub's ordered content
    Kind kind = Kind::kOther;
    int32_t call = -1;  // among the tool calls
    bool has_arguments = false;
    int64_t begin = 0;  // where in the text the block begins, in characters
    std::vector<::bedrock::v1::Citation> citations;
    ::bedrock::v1::AnswerResult result;
    ::bedrock::v1::MediaBlock image;
  };

  std::optional<Error> OnBlockStart(const ::bedrock::v1::ContentBlockStart& event, MessageSink& out);
  std::optional<Error> OnBlockDelta(const ::bedrock::v1::ContentBlockDelta& event, MessageSink& out);
  void OnTextDelta(const std::string& text, OpenBlock& open, MessageSink& out);
  void OnReasoningDelta(const ::bedrock::v1::ReasoningDelta& piece, OpenBlock& open, MessageSink& out);
  void OnCallDelta(const std::string& input, OpenBlock& open, MessageSink& out);
  void OnCitation(const ::bedrock::v1::Citation& citation, OpenBlock& open, MessageSink& out);
  void BeginCall(const ::bedrock::v1::ToolUseBlock& call, OpenBlock& open, MessageSink& out);
  void CloseBlock(OpenBlock& open, MessageSink& out);
  // The message is complete.
  void Finish(const ::bedrock::v1::Metadata& metadata, MessageSink& out);

  // The block of that index, which begins now if it has not yet; null if too many are open.
  OpenBlock* FindOrBegin(int32_t provider_index, const ::bedrock::v1::BlockDelta& delta, MessageSink& out);
  OpenBlock* Find(int32_t provider_index);
  OpenBlock* Open(int32_t provider_index, Kind kind);
  void Erase(const OpenBlock& open);

  ::portolan::v1::ChatCompletionChunk* NewChunk(MessageSink& out);
  // The delta of the only choice of a new chunk.
  ::portolan::v1::MessageDelta* NewDelta(MessageSink& out);
  // A step of an ordered block, in `delta`, or in a new chunk where there is none.
  ::portolan::v1::ContentBlockDelta* NewStep(int32_t index, ::portolan::v1::MessageDelta* delta,
                                             MessageSink& out);
  void EmitRole(MessageSink& out);

  const bool include_usage_;
  const bool content_blocks_;
  const int64_t created_;
  const std::string id_;
  const std::string model_;
  std::string service_tier_;
  ::bedrock::v1::TokenUsage usage_;
  ::bedrock::v1::MessageStop stop_;
  std::vector<OpenBlock> open_;
  ::portolan::v1::ChatCompletionChunk* chunk_ = nullptr;  // the one that NewDelta() made last
  int32_t blocks_ = 0;
  int32_t calls_ = 0;
  int64_t characters_ = 0;  // of the text so far
  size_t held_ = 0;         // bytes of what is given when it is whole
  bool role_sent_ = false;
  bool stopped_ = false;  // messageStop has come
  bool done_ = false;     // nothing may follow
};

}  // namespace portolan::providers::bedrock
