#include "providers/dialects/anthropic/stream.h"

#include <algorithm>
#include <utility>

#include "providers/classify.h"
#include "providers/dialects/anthropic/answer_id.h"
#include "providers/dialects/anthropic/errors.h"
#include "providers/dialects/anthropic/response.h"
#include "providers/dialects/common/json.h"
#include "server/base/utf8.h"

namespace portolan::providers::anthropic {
namespace {

// Blocks do not overlap; a server that opens many without closing them must not fill the memory.
constexpr size_t kMaxOpenBlocks = 64;

// The event's delta as the hub's: the members of a block's piece have the same names.
void CopyDelta(const wire::EventDelta& from, api::BlockDelta* to) {
  if (from.has_type()) to->set_type(from.type());
  if (from.has_text()) to->set_text(from.text());
  if (from.has_thinking()) to->set_thinking(from.thinking());
  if (from.has_signature()) to->set_signature(from.signature());
  if (from.has_partial_json()) to->set_partial_json(from.partial_json());
  if (from.has_citation()) *to->mutable_citation() = from.citation();
  *to->mutable_extra() = from.extra();
}

}  // namespace

ChatStream::ChatStream(const CallFacts& facts)
    : include_usage_(facts.include_usage),
      content_blocks_(facts.content_blocks),
      created_(facts.unix_seconds),
      id_(AnswerId(facts)) {}

std::optional<Error> ChatStream::OnEvent(const Message& event, MessageSink& out, State* state) {
  *state = State::kMore;
  const auto& e = static_cast<const wire::StreamEvent&>(event);
  const std::string& type = e.type();
  if (done_) {
    *state = State::kDone;
  } else if (type == "content_block_delta") {
    OnBlockDelta(e, out);
  } else if (type == "content_block_start") {
    return OnBlockStart(e, out);
  } else if (type == "content_block_stop") {
    OnBlockStop(e, out);
  } else if (type == "message_start") {
    OnMessageStart(e.message(), out);
  } else if (type == "message_delta") {
    OnMessageDelta(e, out);
  } else if (type == "message_stop") {
    if (!role_sent_) {
      done_ = true;
      return BrokenAnswer("upstream_empty_answer", "anthropic's stream has nothing but its end");
    }
    Finish(out);
    *state = State::kDone;
  } else if (type == "ping") {
    *state = State::kIdle;
  } else if (type == "error" || (type.empty() && e.has_error())) {
    done_ = true;
    return FromErrorDetail(e.error());
  }
  // Other events have no meaning here.
  return std::nullopt;
}

std::optional<Error> ChatStream::OnEnd(MessageSink& out) {
  if (done_) return std::nullopt;
  // Some compatible servers leave `message_stop` out; the reason was given, so this is all.
  if (!finished_)
    return BrokenAnswer("upstream_truncated", "anthropic ended the stream before the message was complete");
  Finish(out);
  return std::nullopt;
}

void ChatStream::OnMessageStart(const wire::MessagesResponse& message, MessageSink& out) {
  if (role_sent_) return;
  if (!message.id().empty()) id_ = message.id();
  model_ = message.model();
  MergeUsage(message.usage(), &usage_);
  service_tier_ = ServiceTier(message.usage().service_tier());
  EmitRole(out);
}

std::optional<Error> ChatStream::OnBlockStart(const wire::StreamEvent& event, MessageSink& out) {
  if (open_.size() >= kMaxOpenBlocks) {
    done_ = true;
    return BrokenAnswer("upstream_invalid_answer", "anthropic began block after block without an end");
  }
  EmitRole(out);
  const api::ContentBlock& block = event.content_block();
  OpenBlock open;
  open.index = event.index();
  open.begin = characters_;
  open.is_text = block.type() == "text";
  api::MessageDelta* delta = nullptr;
  if (block.type() == "tool_use") {
    delta = NewDelta(out);
    open.call = calls_++;
    if (block.has_input()) open.input = block.input();
    api::ToolCallDelta* call = delta->add_tool_calls();
    call->set_index(open.call);
    call->set_id(block.id());
    call->set_type("function");
    call->mutable_function()->set_name(block.name());
    call->mutable_function()->set_arguments("");
  } else if (open.is_text && !block.text().empty()) {
    delta = NewDelta(out);
    delta->set_content(block.text());
    characters_ += CountUtf8(block.text());
  } else if (block.type() == "thinking" && !block.thinking().empty()) {
    delta = NewDelta(out);
    delta->set_reasoning_content(block.thinking());
  }
  for (const api::Citation& citation : block.citations().list().items()) {
    if (!citation.url().empty()) open.citations.push_back(citation);
  }
  if (content_blocks_) {
    if (delta == nullptr) delta = NewDelta(out);
    api::ContentBlockDelta* step = delta->add_content_blocks();
    step->set_index(event.index());
    *step->mutable_content_block() = block;
  }
  open_.push_back(std::move(open));
  return std::nullopt;
}

void ChatStream::OnBlockDelta(const wire::StreamEvent& event, MessageSink& out) {
  EmitRole(out);
  const wire::EventDelta& piece = event.delta();
  OpenBlock* open = Find(event.index());
  api::MessageDelta* delta = nullptr;
  if (!piece.text().empty()) {
    delta = NewDelta(out);
    delta->set_content(piece.text());
    characters_ += CountUtf8(piece.text());
  } else if (!piece.thinking().empty()) {
    delta = NewDelta(out);
    delta->set_reasoning_content(piece.thinking());
  } else if (!piece.partial_json().empty() && open != nullptr && open->call >= 0) {
    delta = NewDelta(out);
    api::ToolCallDelta* call = delta->add_tool_calls();
    call->set_index(open->call);
    call->mutable_function()->set_arguments(piece.partial_json());
    open->has_arguments = true;
  } else if (piece.has_citation() && open != nullptr && !piece.citation().url().empty()) {
    open->citations.push_back(piece.citation());
  }
  if (!content_blocks_) return;
  if (delta == nullptr) delta = NewDelta(out);
  api::ContentBlockDelta* step = delta->add_content_blocks();
  step->set_index(event.index());
  CopyDelta(piece, step->mutable_delta());
}

void ChatStream::OnBlockStop(const wire::StreamEvent& event, MessageSink& out) {
  CloseBlock(event.index(), Find(event.index()), out);
}

void ChatStream::CloseBlock(int32_t index, OpenBlock* open, MessageSink& out) {
  api::MessageDelta* delta = nullptr;
  if (open != nullptr && open->call >= 0 && !open->has_arguments) {
    delta = NewDelta(out);
    api::ToolCallDelta* call = delta->add_tool_calls();
    call->set_index(open->call);
    call->mutable_function()->set_arguments(open->input.empty() ? "{}" : open->input);
  }
  if (open != nullptr && open->is_text && !open->citations.empty()) {
    if (delta == nullptr) delta = NewDelta(out);
    for (const api::Citation& citation : open->citations) {
      TranslateCitation(citation, open->begin, characters_, delta->add_annotations());
    }
  }
  if (content_blocks_) {
    if (delta == nullptr) delta = NewDelta(out);
    api::ContentBlockDelta* step = delta->add_content_blocks();
    step->set_index(index);
    step->set_stop(true);
  }
  if (open != nullptr) open_.erase(open_.begin() + (open - open_.data()));
}

void ChatStream::OnMessageDelta(const wire::StreamEvent& event, MessageSink& out) {
  if (event.has_usage()) MergeUsage(event.usage(), &usage_);
  if (!event.delta().stop_reason().empty()) EmitFinish(event.delta().stop_reason(), event.delta(), out);
}

void ChatStream::Finish(MessageSink& out) {
  EmitFinish({}, wire::EventDelta::default_instance(), out);
  done_ = true;
  if (!include_usage_) return;
  api::ChatCompletionChunk* chunk = NewChunk(out);
  TranslateUsage(usage_, chunk->mutable_usage());
  // `choices` is there and empty.
  api::Extra* choices = chunk->add_extra();
  choices->set_name("choices");
  choices->set_json("[]");
}

TokenUsage ChatStream::Tokens() const {
  api::Usage usage;
  TranslateUsage(usage_, &usage);
  TokenUsage tokens;
  if (usage.has_prompt_tokens()) tokens.input = usage.prompt_tokens();
  if (usage.has_completion_tokens()) tokens.output = usage.completion_tokens();
  if (usage.prompt_tokens_details().has_cached_tokens())
    tokens.cached = usage.prompt_tokens_details().cached_tokens();
  if (usage.completion_tokens_details().has_reasoning_tokens()) {
    tokens.reasoning = usage.completion_tokens_details().reasoning_tokens();
  }
  return tokens;
}

void ChatStream::EmitFinish(std::string_view stop_reason, const wire::EventDelta& delta, MessageSink& out) {
  if (finished_) return;
  finished_ = true;
  EmitRole(out);
  // Closes the blocks that the server did not: the arguments of a call may still have to be sent.
  while (!open_.empty()) CloseBlock(open_.front().index, &open_.front(), out);
  api::MessageDelta* message = NewDelta(out);
  api::ChatChunkChoice* choice = chunk_->mutable_choices(0);
  choice->set_finish_reason(std::string(FinishReason(stop_reason, calls_ > 0)));
  if (!stop_reason.empty() && choice->finish_reason() != stop_reason) {
    choice->set_native_finish_reason(std::string(stop_reason));
  }
  if (delta.has_stop_sequence()) choice->set_stop_sequence(delta.stop_sequence());
  if (stop_reason == "refusal" && delta.stop_details().has_explanation()) {
    message->set_refusal(delta.stop_details().explanation());
  }
  CopyExtras(delta.extra(), chunk_);
}

void ChatStream::EmitRole(MessageSink& out) {
  if (role_sent_) return;
  role_sent_ = true;
  api::MessageDelta* delta = NewDelta(out);
  delta->set_role("assistant");
  delta->set_content("");
}

api::MessageDelta* ChatStream::NewDelta(MessageSink& out) {
  chunk_ = NewChunk(out);
  if (include_usage_) {  // OpenAI says null until the usage comes
    api::Extra* usage = chunk_->add_extra();
    usage->set_name("usage");
    usage->set_json("null");
  }
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
  if (!service_tier_.empty()) chunk->set_service_tier(service_tier_);
  return chunk;
}

ChatStream::OpenBlock* ChatStream::Find(int32_t index) {
  const auto found =
      std::find_if(open_.begin(), open_.end(), [&](const OpenBlock& b) { return b.index == index; });
  return found == open_.end() ? nullptr : &*found;
}

}  // namespace portolan::providers::anthropic
