#pragma once

#include <string>

#include "ollama/v1/chat.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "providers/mapping.h"

namespace portolan::providers::ollama {

// Reads the lines of one streamed answer.
class ChatStream final : public EventsToHub {
 public:
  explicit ChatStream(const CallFacts& facts);
  std::optional<Error> OnEvent(const Message& event, MessageSink& out, State* state) override;
  std::optional<Error> OnEnd(MessageSink& out) override;
  TokenUsage Tokens() const override;

 private:
  enum class Kind : uint8_t { kNone, kThinking, kText };

  void AddPiece(const ::ollama::v1::ChatResponse& piece, MessageSink& out);
  void AddCall(const ::ollama::v1::ToolCall& call, MessageSink& out);
  void AddEnd(const ::ollama::v1::ChatResponse& piece, MessageSink& out);
  // For callers who want ordered blocks: one is open at a time.
  void AddBlockPiece(Kind kind, const std::string& text, ::portolan::v1::MessageDelta* delta);
  void CloseBlock(::portolan::v1::MessageDelta* delta);

  ::portolan::v1::MessageDelta* NewDelta(MessageSink& out);
  ::portolan::v1::ChatCompletionChunk* NewChunk(MessageSink& out);

  const bool include_usage_;
  const bool content_blocks_;
  CallFacts facts_;  // of which no view is kept beyond the call
  const std::string id_;
  std::string model_;
  int64_t created_;
  bool begun_ = false;
  bool done_ = false;
  int calls_ = 0;
  Kind open_ = Kind::kNone;
  int blocks_ = 0;
  ::portolan::v1::Usage usage_;
  ::portolan::v1::ChatCompletionChunk* chunk_ = nullptr;  // the last one
};

}  // namespace portolan::providers::ollama
