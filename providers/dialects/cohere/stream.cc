#include "providers/dialects/cohere/stream.h"

#include <algorithm>

#include "providers/classify.h"
#include "providers/dialects/cohere/errors.h"
#include "providers/dialects/cohere/response.h"
#include "server/base/utf8.h"

namespace portolan::providers::cohere {
namespace {

// A server that begins part after part, or call after call, must not fill the memory.
constexpr size_t kMaxOpen = 1024;

Error TooMuch() {
  return BrokenAnswer("upstream_invalid_answer", "cohere began call after call without an end");
}

// An error in the form of error answers has a text where messages have an object.
std::string ErrorTextOf(const wire::StreamEvent& event) {
  return event.has_type() ? std::string() : JsonText(FindExtra(event.extra(), "message"));
}

}  // namespace

ChatStream::ChatStream(const CallFacts& facts)
    : include_usage_(facts.include_usage),
      content_blocks_(facts.content_blocks),
      created_(facts.unix_seconds),
      model_(facts.model),
      id_(AnswerId(facts)) {}

std::optional<Error> ChatStream::OnEvent(const Message& event, MessageSink& out, State* state) {
  *state = State::kMore;
  const auto& e = static_cast<const wire::StreamEvent&>(event);
  if (done_) return std::nullopt;
  const std::string& type = e.type();
  const wire::DeltaMessage& message = e.delta().message();
  if (type == "content-delta" || type == "content-start") {
    OnText(e, out);
  } else if (type == "tool-call-delta") {
    OnArguments(e.index(), message.tool_calls().function().arguments(), out);
  } else if (type == "tool-plan-delta") {
    OnReasoning(message.tool_plan(), out);
  } else if (type == "tool-call-start") {
    return OnCallStart(e, out);
  } else if (type == "tool-call-end") {
    OnCallEnd(e.index(), out);
  } else if (type == "citation-start") {
    OnCitation(message.citations(), out);
  } else if (type == "content-end") {
    CloseBlock(out);
  } else if (type == "message-start") {
    if (!e.id().empty()) id_ = e.id();
    EmitRole(out);
  } else if (type == "message-end") {
    return OnMessageEnd(e.delta(), out);
  } else if (std::string text = ErrorTextOf(e); !text.empty()) {
    done_ = true;
    return Failed({}, std::move(text));
  }
  // Other events have no meaning here.
  return std::nullopt;
}

std::optional<Error> ChatStream::OnEnd(MessageSink&) {
  if (done_) return std::nullopt;
  done_ = true;
  return BrokenAnswer("upstream_truncated", "cohere ended the stream before the message was complete");
}

void ChatStream::OnText(const wire::StreamEvent& event, MessageSink& out) {
  const wire::Part& part = event.delta().message().content();
  OnReasoning(part.thinking(), out);
  const bool begins = part.has_text() && (begins_.empty() || begins_.back().first != event.index());
  if (begins && begins_.size() < kMaxOpen) begins_.emplace_back(event.index(), characters_);
  if (part.text().empty()) return;
  EmitRole(out);
  OpenFor(Kind::kText, out);
  api::MessageDelta* delta = NewDelta(out);
  delta->set_content(part.text());
  characters_ += CountUtf8(part.text());
  if (event.has_logprobs()) {
    TranslateLogprob(event.logprobs(), chunk_->mutable_choices(0)->mutable_logprobs()->add_content());
  }
  if (!content_blocks_) return;
  api::BlockDelta* piece = NewStep(delta, out)->mutable_delta();
  piece->set_type("text_delta");
  piece->set_text(part.text());
}

void ChatStream::OnReasoning(const std::string& text, MessageSink& out) {
  if (text.empty()) return;
  EmitRole(out);
  OpenFor(Kind::kReasoning, out);
  api::MessageDelta* delta = NewDelta(out);
  delta->set_reasoning_content(text);
  if (!content_blocks_) return;
  api::BlockDelta* piece = NewStep(delta, out)->mutable_delta();
  piece->set_type("thinking_delta");
  piece->set_thinking(text);
}

std::optional<Error> ChatStream::OnCallStart(const wire::StreamEvent& event, MessageSink& out) {
  if (open_calls_.size() >= kMaxOpen) {
    done_ = true;
    return TooMuch();
  }
  EmitRole(out);
  CloseBlock(out);
  const wire::ToolCall& from = event.delta().message().tool_calls();
  open_calls_.push_back({event.index(), calls_++, false});
  api::MessageDelta* delta = NewDelta(out);
  api::ToolCallDelta* call = delta->add_tool_calls();
  call->set_index(open_calls_.back().index);
  call->set_id(from.id());
  call->set_type("function");
  call->mutable_function()->set_name(from.function().name());
  call->mutable_function()->set_arguments("");
  block_ = {Kind::kCall, blocks_++, open_calls_.back().index};
  if (content_blocks_) {
    api::ContentBlock* block = NewStep(delta, out)->mutable_content_block();
    block->set_type("tool_use");
    block->set_id(from.id());
    block->set_name(from.function().name());
    block->set_input("{}");
  }
  OnArguments(event.index(), from.function().arguments(), out);
  return std::nullopt;
}

void ChatStream::OnArguments(int32_t provider_index, const std::string& piece, MessageSink& out) {
  OpenCall* call = FindCall(provider_index);
  if (call == nullptr || piece.empty()) return;
  call->has_arguments = true;
  api::MessageDelta* delta = NewDelta(out);
  api::ToolCallDelta* to = delta->add_tool_calls();
  to->set_index(call->index);
  to->mutable_function()->set_arguments(piece);
  if (!content_blocks_ || block_.call != call->index) return;
  api::BlockDelta* step = NewStep(delta, out)->mutable_delta();
  step->set_type("input_json_delta");
  step->set_partial_json(piece);
}

void ChatStream::OnCallEnd(int32_t provider_index, MessageSink& out) {
  OpenCall* call = FindCall(provider_index);
  if (call == nullptr) return;
  if (!call->has_arguments) OnArguments(provider_index, "{}", out);
  if (block_.call == call->index) CloseBlock(out);
  open_calls_.erase(open_calls_.begin() + (call - open_calls_.data()));
}

void ChatStream::OnCitation(const std::string& citation, MessageSink& out) {
  if (citation.empty() || IsEmptyJson(citation)) return;
  EmitRole(out);
  const int64_t index = ReadCitation(citation).content_index;
  const auto part =
      std::find_if(begins_.begin(), begins_.end(), [&](const auto& one) { return one.first == index; });
  api::MessageDelta* delta = NewDelta(out);
  const std::string list[] = {citation};
  AddExtra("citations", JsonArrayOf(list), delta->mutable_extra());
  api::ContentBlock block;
  TranslateCitation(citation, part == begins_.end() ? 0 : part->second, delta->mutable_annotations(), &block);
  if (!content_blocks_ || block_.kind != Kind::kText) return;
  for (const api::Citation& one : block.citations().list().items()) {
    api::BlockDelta* step = NewStep(delta, out)->mutable_delta();
    step->set_type("citations_delta");
    *step->mutable_citation() = one;
  }
}

std::optional<Error> ChatStream::OnMessageEnd(const wire::Delta& delta, MessageSink& out) {
  done_ = true;
  usage_ = delta.usage();
  const std::string& reason = delta.finish_reason();
  if (IsFailure(reason) || !delta.error().empty()) return Failed(reason, delta.error());
  EmitRole(out);
  // Calls that the server did not end may lack their arguments.
  while (!open_calls_.empty()) OnCallEnd(open_calls_.front().provider_index, out);
  CloseBlock(out);
  NewDelta(out);
  api::ChatChunkChoice* choice = chunk_->mutable_choices(0);
  choice->set_finish_reason(std::string(FinishReason(reason, calls_ > 0)));
  if (!reason.empty() && choice->finish_reason() != reason) choice->set_native_finish_reason(reason);
  CopyExtras(delta.extra(), chunk_);
  if (!include_usage_) return std::nullopt;
  api::ChatCompletionChunk* chunk = NewChunk(out);
  TranslateUsage(usage_, chunk->mutable_usage());
  AddExtra("choices", "[]", chunk->mutable_extra());  // is there and empty
  return std::nullopt;
}

TokenUsage ChatStream::Tokens() const {
  api::Usage usage;
  TranslateUsage(usage_, &usage);
  TokenUsage tokens;
  if (usage.has_prompt_tokens()) tokens.input = usage.prompt_tokens();
  if (usage.has_completion_tokens()) tokens.output = usage.completion_tokens();
  if (usage.prompt_tokens_details().has_cached_tokens()) {
    tokens.cached = usage.prompt_tokens_details().cached_tokens();
  }
  if (usage.completion_tokens_details().has_reasoning_tokens()) {
    tokens.reasoning = usage.completion_tokens_details().reasoning_tokens();
  }
  return tokens;
}

ChatStream::OpenCall* ChatStream::FindCall(int32_t provider_index) {
  const auto found = std::find_if(open_calls_.begin(), open_calls_.end(), [&](const OpenCall& call) {
    return call.provider_index == provider_index;
  });
  return found == open_calls_.end() ? nullptr : &*found;
}

void ChatStream::OpenFor(Kind kind, MessageSink& out) {
  if (!content_blocks_ || block_.kind == kind) return;
  CloseBlock(out);
  block_ = {kind, blocks_++, -1};
  api::ContentBlock* block = NewStep(nullptr, out)->mutable_content_block();
  block->set_type(kind == Kind::kText ? "text" : "thinking");
  if (kind == Kind::kText) {
    block->set_text("");
  } else {
    block->set_thinking("");
  }
}

void ChatStream::CloseBlock(MessageSink& out) {
  if (content_blocks_ && block_.kind != Kind::kNone) NewStep(nullptr, out)->set_stop(true);
  block_ = {};
}

void ChatStream::EmitRole(MessageSink& out) {
  if (role_sent_) return;
  role_sent_ = true;
  api::MessageDelta* delta = NewDelta(out);
  delta->set_role("assistant");
  delta->set_content("");
}

api::ContentBlockDelta* ChatStream::NewStep(api::MessageDelta* delta, MessageSink& out) {
  if (delta == nullptr) delta = NewDelta(out);
  api::ContentBlockDelta* step = delta->add_content_blocks();
  step->set_index(block_.index);
  return step;
}

api::MessageDelta* ChatStream::NewDelta(MessageSink& out) {
  chunk_ = NewChunk(out);
  if (include_usage_) AddExtra("usage", "null", chunk_->mutable_extra());  // as OpenAI says until it comes
  api::ChatChunkChoice* choice = chunk_->add_choices();
  choice->set_index(0);
  return choice->mutable_delta();
}

api::ChatCompletionChunk* ChatStream::NewChunk(MessageSink& out) {
  auto* chunk = static_cast<api::ChatCompletionChunk*>(out.Add());
  chunk->set_id(id_);
  chunk->set_object("chat.completion.chunk");
  chunk->set_created(created_);
  chunk->set_model(model_);
  return chunk;
}

}  // namespace portolan::providers::cohere
