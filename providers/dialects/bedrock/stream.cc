#include "providers/dialects/bedrock/stream.h"

#include <algorithm>
#include <utility>

#include "providers/classify.h"
#include "providers/dialects/bedrock/errors.h"
#include "providers/dialects/bedrock/response.h"
#include "server/base/utf8.h"

namespace portolan::providers::bedrock {
namespace {

// Blocks do not overlap; a server that opens many without closing them must not fill the memory.
constexpr size_t kMaxOpenBlocks = 64;
// Nor one that never ends what is given when it is whole: results, pictures and sources.
constexpr size_t kMaxHeld = 64u << 20;

Error TooMuch() {
  return BrokenAnswer("upstream_invalid_answer", "bedrock began block after block without an end");
}

}  // namespace

ChatStream::ChatStream(const CallFacts& facts)
    : include_usage_(facts.include_usage),
      content_blocks_(facts.content_blocks),
      created_(facts.unix_seconds),
      id_(AnswerId(facts)),
      model_(facts.model) {}

std::optional<Error> ChatStream::OnEvent(const Message& event, MessageSink& out, State* state) {
  *state = State::kMore;
  const auto& e = static_cast<const wire::StreamEvent&>(event);
  if (done_) {
    *state = State::kDone;
    return std::nullopt;
  }
  if (e.has_content_block_delta()) return OnBlockDelta(e.content_block_delta(), out);
  if (e.has_content_block_start()) return OnBlockStart(e.content_block_start(), out);
  if (e.has_content_block_stop()) {
    if (OpenBlock* open = Find(e.content_block_stop().content_block_index()); open != nullptr) {
      CloseBlock(*open, out);
      Erase(*open);
    }
  } else if (e.has_message_start()) {
    EmitRole(out);
  } else if (e.has_message_stop()) {
    stop_ = e.message_stop();
    stopped_ = true;
  } else if (e.has_metadata()) {
    usage_ = e.metadata().usage();
    if (!stopped_) return std::nullopt;
    Finish(e.metadata(), out);
    *state = State::kDone;
  } else if (std::optional<Error> error = ErrorInEvent(e)) {
    done_ = true;
    return error;
  }
  // Other events have no meaning here.
  return std::nullopt;
}

std::optional<Error> ChatStream::OnEnd(MessageSink& out) {
  if (done_) return std::nullopt;
  if (!stopped_) {
    return BrokenAnswer("upstream_truncated", "bedrock ended the stream before the message was complete");
  }
  Finish(wire::Metadata::default_instance(), out);
  return std::nullopt;
}

std::optional<Error> ChatStream::OnBlockStart(const wire::ContentBlockStart& event, MessageSink& out) {
  EmitRole(out);
  const wire::BlockStart& start = event.start();
  Kind kind = Kind::kOther;
  if (start.has_tool_use()) kind = IsServerCall(start.tool_use()) ? Kind::kServerCall : Kind::kCall;
  if (start.has_tool_result()) kind = Kind::kResult;
  if (start.has_image()) kind = Kind::kImage;
  if (kind == Kind::kOther) return std::nullopt;  // its deltas tell what it is
  OpenBlock* open = Open(event.content_block_index(), kind);
  if (open == nullptr) {
    done_ = true;
    return TooMuch();
  }
  if (start.has_tool_use()) BeginCall(start.tool_use(), *open, out);
  if (start.has_tool_result()) open->result = start.tool_result();
  if (start.has_image()) open->image = start.image();
  return std::nullopt;
}

void ChatStream::BeginCall(const wire::ToolUseBlock& call, OpenBlock& open, MessageSink& out) {
  api::MessageDelta* delta = nullptr;
  if (open.kind == Kind::kCall) {
    delta = NewDelta(out);
    open.call = calls_++;
    api::ToolCallDelta* out_call = delta->add_tool_calls();
    out_call->set_index(open.call);
    out_call->set_id(call.tool_use_id());
    out_call->set_type("function");
    out_call->mutable_function()->set_name(call.name());
    out_call->mutable_function()->set_arguments("");
  }
  if (content_blocks_) TranslateCall(call, NewStep(open.index, delta, out)->mutable_content_block());
}

std::optional<Error> ChatStream::OnBlockDelta(const wire::ContentBlockDelta& event, MessageSink& out) {
  EmitRole(out);
  const wire::BlockDelta& delta = event.delta();
  OpenBlock* open = FindOrBegin(event.content_block_index(), delta, out);
  if (delta.has_citation() || delta.has_image() || delta.tool_result_size() > 0)
    held_ += event.ByteSizeLong();
  if (open == nullptr || held_ > kMaxHeld) {
    done_ = true;
    return TooMuch();
  }
  if (delta.has_text()) {
    OnTextDelta(delta.text(), *open, out);
  } else if (delta.has_tool_use()) {
    OnCallDelta(delta.tool_use().input(), *open, out);
  } else if (delta.has_reasoning_content()) {
    OnReasoningDelta(delta.reasoning_content(), *open, out);
  } else if (delta.has_citation()) {
    OnCitation(delta.citation(), *open, out);
  } else if (delta.has_image()) {
    open->image.mutable_source()->mutable_bytes()->append(delta.image().source().bytes());
    if (delta.image().source().has_s3_location()) {
      *open->image.mutable_source()->mutable_s3_location() = delta.image().source().s3_location();
    }
  }
  for (const wire::AnswerBlock& piece : delta.tool_result()) *open->result.add_content() = piece;
  return std::nullopt;
}

void ChatStream::OnTextDelta(const std::string& text, OpenBlock& open, MessageSink& out) {
  if (text.empty()) return;
  api::MessageDelta* delta = NewDelta(out);
  delta->set_content(text);
  characters_ += CountUtf8(text);
  if (!content_blocks_) return;
  api::BlockDelta* piece = NewStep(open.index, delta, out)->mutable_delta();
  piece->set_type("text_delta");
  piece->set_text(text);
}

void ChatStream::OnReasoningDelta(const wire::ReasoningDelta& from, OpenBlock& open, MessageSink& out) {
  api::MessageDelta* delta = nullptr;
  if (!from.text().empty()) {
    delta = NewDelta(out);
    delta->set_reasoning_content(from.text());
  }
  // What is redacted stood in the block's beginning.
  if (!content_blocks_ || (from.text().empty() && from.signature().empty())) return;
  api::BlockDelta* piece = NewStep(open.index, delta, out)->mutable_delta();
  if (!from.text().empty()) {
    piece->set_type("thinking_delta");
    piece->set_thinking(from.text());
  } else {
    piece->set_type("signature_delta");
    piece->set_signature(from.signature());
  }
}

void ChatStream::OnCallDelta(const std::string& input, OpenBlock& open, MessageSink& out) {
  const bool is_call = open.kind == Kind::kCall || open.kind == Kind::kServerCall;
  if (input.empty() || !is_call) return;
  open.has_arguments = true;
  api::MessageDelta* delta = nullptr;
  if (open.kind == Kind::kCall) {
    delta = NewDelta(out);
    api::ToolCallDelta* call = delta->add_tool_calls();
    call->set_index(open.call);
    call->mutable_function()->set_arguments(input);
  }
  if (!content_blocks_) return;
  api::BlockDelta* piece = NewStep(open.index, delta, out)->mutable_delta();
  piece->set_type("input_json_delta");
  piece->set_partial_json(input);
}

void ChatStream::OnCitation(const wire::Citation& citation, OpenBlock& open, MessageSink& out) {
  open.citations.push_back(citation);
  if (!content_blocks_) return;
  api::BlockDelta* piece = NewStep(open.index, nullptr, out)->mutable_delta();
  piece->set_type("citations_delta");
  TranslateCitation(citation, piece->mutable_citation());
}

void ChatStream::CloseBlock(OpenBlock& open, MessageSink& out) {
  api::MessageDelta* delta = nullptr;
  if (open.kind == Kind::kCall && !open.has_arguments) {
    delta = NewDelta(out);
    api::ToolCallDelta* call = delta->add_tool_calls();
    call->set_index(open.call);
    call->mutable_function()->set_arguments("{}");
  }
  for (const wire::Citation& citation : open.citations) {
    api::Annotation annotation;
    if (!TranslateAnnotation(citation, open.begin, characters_, &annotation)) continue;
    if (delta == nullptr) delta = NewDelta(out);
    *delta->add_annotations() = std::move(annotation);
  }
  if (open.kind == Kind::kImage) {
    delta = NewDelta(out);
    const std::string images[] = {ImageJson(open.image)};
    AddExtra("images", JsonArrayOf(images), delta->mutable_extra());
  }
  if (!content_blocks_) return;
  // These are given when they are whole.
  if (open.kind == Kind::kResult) {
    TranslateResult(open.result, NewStep(open.index, nullptr, out)->mutable_content_block());
  }
  if (open.kind == Kind::kImage) {
    TranslateImage(open.image, NewStep(open.index, delta, out)->mutable_content_block());
  }
  if (open.kind != Kind::kOther) NewStep(open.index, nullptr, out)->set_stop(true);
}

void ChatStream::Finish(const wire::Metadata& metadata, MessageSink& out) {
  done_ = true;
  EmitRole(out);
  // Closes the blocks that the server did not: the arguments of a call may still have to be sent.
  for (OpenBlock& open : open_) CloseBlock(open, out);
  open_.clear();
  service_tier_ = metadata.service_tier().type();
  NewDelta(out);
  api::ChatChunkChoice* choice = chunk_->mutable_choices(0);
  const std::string& reason = stop_.stop_reason();
  choice->set_finish_reason(std::string(FinishReason(reason, calls_ > 0)));
  if (!reason.empty() && choice->finish_reason() != reason) choice->set_native_finish_reason(reason);
  TakeExtras(stop_.extra(), chunk_);
  TakeExtras(metadata.extra(), chunk_);
  if (!include_usage_ || !metadata.has_usage()) return;
  api::ChatCompletionChunk* chunk = NewChunk(out);
  TranslateUsage(usage_, chunk->mutable_usage());
  AddExtra("choices", "[]", chunk->mutable_extra());  // is there and empty
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
  return tokens;
}

ChatStream::OpenBlock* ChatStream::FindOrBegin(int32_t provider_index, const wire::BlockDelta& delta,
                                               MessageSink& out) {
  OpenBlock* open = Find(provider_index);
  // What came first may not have told what it is.
  if (open != nullptr && open->kind != Kind::kOther) return open;
  Kind kind = Kind::kOther;
  const bool redacted = delta.reasoning_content().has_redacted_content();
  if (delta.has_text() || delta.has_citation()) kind = Kind::kText;
  if (delta.has_reasoning_content()) kind = redacted ? Kind::kRedacted : Kind::kReasoning;
  if (open == nullptr) open = Open(provider_index, kind);
  if (open != nullptr && open->kind != kind) {
    open->kind = kind;
    open->index = blocks_++;
  }
  if (open == nullptr || !content_blocks_ || kind == Kind::kOther) return open;
  api::ContentBlock* block = NewStep(open->index, nullptr, out)->mutable_content_block();
  if (kind == Kind::kText) {
    block->set_type("text");
    block->set_text("");
  } else if (kind == Kind::kReasoning) {
    block->set_type("thinking");
    block->set_thinking("");
  } else {
    block->set_type("redacted_thinking");
    block->set_data(delta.reasoning_content().redacted_content());
  }
  return open;
}

ChatStream::OpenBlock* ChatStream::Find(int32_t provider_index) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const OpenBlock& open) {
    return open.provider_index == provider_index;
  });
  return found == open_.end() ? nullptr : &*found;
}

ChatStream::OpenBlock* ChatStream::Open(int32_t provider_index, Kind kind) {
  if (open_.size() >= kMaxOpenBlocks) return nullptr;
  OpenBlock& open = open_.emplace_back();
  open.provider_index = provider_index;
  open.kind = kind;
  open.begin = characters_;
  if (kind != Kind::kOther) open.index = blocks_++;
  return &open;
}

void ChatStream::Erase(const OpenBlock& open) { open_.erase(open_.begin() + (&open - open_.data())); }

void ChatStream::EmitRole(MessageSink& out) {
  if (role_sent_) return;
  role_sent_ = true;
  api::MessageDelta* delta = NewDelta(out);
  delta->set_role("assistant");
  delta->set_content("");
}

api::ContentBlockDelta* ChatStream::NewStep(int32_t index, api::MessageDelta* delta, MessageSink& out) {
  if (delta == nullptr) delta = NewDelta(out);
  api::ContentBlockDelta* step = delta->add_content_blocks();
  step->set_index(index);
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
  if (!service_tier_.empty()) chunk->set_service_tier(service_tier_);
  return chunk;
}

}  // namespace portolan::providers::bedrock
