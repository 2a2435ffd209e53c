#include "providers/dialects/ollama/stream.h"

#include <utility>

#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/ollama/response.h"

namespace portolan::providers::ollama {

ChatStream::ChatStream(const CallFacts& facts)
    : include_usage_(facts.include_usage),
      content_blocks_(facts.content_blocks),
      facts_(facts),
      id_(AnswerId(facts)),
      model_(facts.model),
      created_(facts.unix_seconds) {}

std::optional<Error> ChatStream::OnEvent(const Message& event, MessageSink& out, State* state) {
  *state = State::kMore;
  const auto& piece = static_cast<const wire::ChatResponse&>(event);
  if (done_) return std::nullopt;
  if (!piece.error().empty()) {
    done_ = true;
    return Failed(piece.error());
  }
  if (!begun_) {
    if (!piece.model().empty()) model_ = piece.model();
    created_ = CreatedAt(piece, created_);
  }
  AddPiece(piece, out);
  for (const wire::ToolCall& call : piece.message().tool_calls()) AddCall(call, out);
  if (!piece.done()) return std::nullopt;
  AddEnd(piece, out);
  done_ = true;
  *state = State::kDone;
  return std::nullopt;
}

std::optional<Error> ChatStream::OnEnd(MessageSink&) {
  if (done_) return std::nullopt;
  done_ = true;
  return BrokenAnswer("upstream_truncated", "ollama ended the stream before the message was complete");
}

void ChatStream::AddPiece(const wire::ChatResponse& piece, MessageSink& out) {
  const wire::Message& message = piece.message();
  if (!message.thinking().empty()) {
    api::MessageDelta* const delta = NewDelta(out);
    delta->set_reasoning_content(message.thinking());
    AddBlockPiece(Kind::kThinking, message.thinking(), delta);
  }
  if (message.content().empty() && piece.logprobs().empty()) return;
  api::MessageDelta* const delta = NewDelta(out);
  delta->set_content(message.content());
  if (!message.content().empty()) AddBlockPiece(Kind::kText, message.content(), delta);
  for (const api::TokenLogprob& token : piece.logprobs()) {
    *chunk_->mutable_choices(0)->mutable_logprobs()->add_content() = token;
  }
}

void ChatStream::AddCall(const wire::ToolCall& call, MessageSink& out) {
  api::MessageDelta* const delta = NewDelta(out);
  api::ToolCallDelta* const said = delta->add_tool_calls();
  said->set_index(calls_);
  said->set_id(CallId(call, facts_, calls_));
  said->set_type("function");
  said->mutable_function()->set_name(call.function().name());
  said->mutable_function()->set_arguments(ArgumentsOf(call));
  ++calls_;
  if (!content_blocks_) return;
  CloseBlock(delta);
  api::ContentBlockDelta* step = delta->add_content_blocks();
  step->set_index(blocks_);
  step->mutable_content_block()->set_type("tool_use");
  step->mutable_content_block()->set_id(said->id());
  step->mutable_content_block()->set_name(call.function().name());
  step->mutable_content_block()->set_input("{}");
  step = delta->add_content_blocks();
  step->set_index(blocks_);
  step->mutable_delta()->set_type("input_json_delta");
  step->mutable_delta()->set_partial_json(said->function().arguments());
  step = delta->add_content_blocks();
  step->set_index(blocks_++);
  step->set_stop(true);
}

void ChatStream::AddEnd(const wire::ChatResponse& piece, MessageSink& out) {
  TranslateUsage(piece, &usage_);
  CloseBlock(NewDelta(out));
  api::ChatChunkChoice* const choice = chunk_->mutable_choices(0);
  const std::string& reason = piece.done_reason();
  choice->set_finish_reason(std::string(FinishReason(reason, calls_ > 0)));
  if (!reason.empty() && choice->finish_reason() != reason) choice->set_native_finish_reason(reason);
  CopyExtras(piece.extra(), chunk_);
  if (!include_usage_ || !usage_.has_total_tokens()) return;
  api::ChatCompletionChunk* const chunk = NewChunk(out);
  *chunk->mutable_usage() = usage_;
  AddExtra("choices", "[]", chunk->mutable_extra());  // is there and empty
}

TokenUsage ChatStream::Tokens() const {
  TokenUsage tokens;
  if (!usage_.has_total_tokens()) return tokens;
  tokens.input = usage_.prompt_tokens();
  tokens.output = usage_.completion_tokens();
  return tokens;
}

void ChatStream::AddBlockPiece(Kind kind, const std::string& text, api::MessageDelta* delta) {
  if (!content_blocks_) return;
  if (open_ != kind) {
    CloseBlock(delta);
    open_ = kind;
    api::ContentBlockDelta* const step = delta->add_content_blocks();
    step->set_index(blocks_);
    api::ContentBlock* const block = step->mutable_content_block();
    block->set_type(kind == Kind::kText ? "text" : "thinking");
    if (kind == Kind::kText) {
      block->set_text("");
    } else {
      block->set_thinking("");
    }
  }
  api::ContentBlockDelta* const step = delta->add_content_blocks();
  step->set_index(blocks_);
  api::BlockDelta* const piece = step->mutable_delta();
  piece->set_type(kind == Kind::kText ? "text_delta" : "thinking_delta");
  if (kind == Kind::kText) {
    piece->set_text(text);
  } else {
    piece->set_thinking(text);
  }
}

void ChatStream::CloseBlock(api::MessageDelta* delta) {
  if (open_ == Kind::kNone) return;
  open_ = Kind::kNone;
  api::ContentBlockDelta* const step = delta->add_content_blocks();
  step->set_index(blocks_++);
  step->set_stop(true);
}

// The first one tells the role.
api::MessageDelta* ChatStream::NewDelta(MessageSink& out) {
  chunk_ = NewChunk(out);
  if (include_usage_) AddExtra("usage", "null", chunk_->mutable_extra());  // as OpenAI says until it comes
  api::ChatChunkChoice* const choice = chunk_->add_choices();
  choice->set_index(0);
  if (!begun_) choice->mutable_delta()->set_role("assistant");
  begun_ = true;
  return choice->mutable_delta();
}

api::ChatCompletionChunk* ChatStream::NewChunk(MessageSink& out) {
  auto* const chunk = static_cast<api::ChatCompletionChunk*>(out.Add());
  chunk->set_id(id_);
  chunk->set_object("chat.completion.chunk");
  chunk->set_created(created_);
  chunk->set_model(model_);
  return chunk;
}

}  // namespace portolan::providers::ollama
