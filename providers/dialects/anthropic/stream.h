#pragma once

// Translates a streamed message, event by event. What each event becomes in the hub's stream:
//
//   message_start        the role
//   content_block_start  the id and name of a call; text or reasoning that the block begins with
//   content_block_delta  text, reasoning, arguments of a call
//   content_block_stop   arguments of a call whose deltas had none; annotations of a text
//   message_delta        the finish reason; its usage is kept
//   message_stop         the usage, if the caller asked for it
//
// An end in good framing after the finish reason counts as message_stop. If the caller wants ordered blocks,
// the events of a block are also given as they are.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "anthropic/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "providers/mapping.h"

namespace portolan::providers::anthropic {

class ChatStream final : public EventsToHub {
 public:
  explicit ChatStream(const CallFacts& facts);

  std::optional<Error> OnEvent(const Message& event, MessageSink& out, State* state) override;
  std::optional<Error> OnEnd(MessageSink& out) override;
  TokenUsage Tokens() const override;

 private:
  // A block between its start and its stop.
  struct OpenBlock {
    int32_t index = 0;
    int32_t call = -1;  // among the tool calls; -1 if the block is none
    bool has_arguments = false;
    std::string input;  // of a call, as its start gave it
    int64_t begin = 0;  // where in the text the block begins, in characters
    bool is_text = false;
    std::vector<::portolan::v1::Citation> citations;
  };

  void OnMessageStart(const ::anthropic::v1::MessagesResponse& message, MessageSink& out);
  std::optional<Error> OnBlockStart(const ::anthropic::v1::StreamEvent& event, MessageSink& out);
  void OnBlockDelta(const ::anthropic::v1::StreamEvent& event, MessageSink& out);
  void OnBlockStop(const ::anthropic::v1::StreamEvent& event, MessageSink& out);
  void OnMessageDelta(const ::anthropic::v1::StreamEvent& event, MessageSink& out);
  // `open`: the block, if it is one that has begun.
  void CloseBlock(int32_t index, OpenBlock* open, MessageSink& out);
  // The message is complete.
  void Finish(MessageSink& out);

  ::portolan::v1::ChatCompletionChunk* NewChunk(MessageSink& out);
  // The delta of the only choice of a new chunk.
  ::portolan::v1::MessageDelta* NewDelta(MessageSink& out);
  void EmitRole(MessageSink& out);
  void EmitFinish(std::string_view stop_reason, const ::anthropic::v1::EventDelta& delta, MessageSink& out);
  OpenBlock* Find(int32_t index);

  const bool include_usage_;
  const bool content_blocks_;
  const int64_t created_;
  std::string id_;
  std::string model_;
  std::string service_tier_;
  ::anthropic::v1::Usage usage_;
  std::vector<OpenBlock> open_;
  ::portolan::v1::ChatCompletionChunk* chunk_ = nullptr;  // the one that NewDelta() made last
  int32_t calls_ = 0;
  int64_t characters_ = 0;  // of the text so far
  bool role_sent_ = false;
  bool finished_ = false;  // the finish reason was sent
  bool done_ = false;      // nothing may follow
};

}  // namespace portolan::providers::anthropic
