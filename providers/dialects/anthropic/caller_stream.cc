#include "providers/dialects/anthropic/caller_stream.h"

#include <algorithm>
#include <utility>

#include "providers/dialects/anthropic/caller_answer.h"
#include "providers/dialects/anthropic/request.h"
#include "providers/dialects/common/plain_content.h"
#include "providers/dialects/common/text.h"
#include "server/base/text.h"

namespace portolan::providers::anthropic {
namespace {

// How much may wait for a block whose end does not come. Then that counts as complete: a provider that writes
// without an end must not fill the memory.
constexpr size_t kMostWaiting = size_t{4} << 20;

size_t SizeOf(const wire::EventDelta& piece) {
  constexpr size_t kOwn = 64;
  return kOwn + piece.text().size() + piece.thinking().size() + piece.partial_json().size() +
         piece.signature().size();
}

wire::EventDelta TextDelta(std::string_view text) {
  wire::EventDelta delta;
  delta.set_type("text_delta");
  delta.set_text(std::string(text));
  return delta;
}

wire::EventDelta ThinkingDelta(std::string_view text) {
  wire::EventDelta delta;
  delta.set_type("thinking_delta");
  delta.set_thinking(std::string(text));
  return delta;
}

wire::EventDelta InputDelta(std::string text) {
  wire::EventDelta delta;
  delta.set_type("input_json_delta");
  delta.set_partial_json(std::move(text));
  return delta;
}

wire::EventDelta ToEvent(const api::BlockDelta& from) {
  wire::EventDelta to;
  if (from.has_type()) to.set_type(from.type());
  if (from.has_text()) to.set_text(from.text());
  if (from.has_thinking()) to.set_thinking(from.thinking());
  if (from.has_signature()) to.set_signature(from.signature());
  if (from.has_partial_json()) to.set_partial_json(from.partial_json());
  if (from.has_citation()) *to.mutable_citation() = from.citation();
  *to.mutable_extra() = from.extra();
  return to;
}

}  // namespace

void ObjectEnd::Push(std::string_view text) {
  for (const char c : text) {
    if (is_other_) return;
    if (!begun_) {
      if (IsSpace(c)) continue;
      begun_ = true;
      is_other_ = c != '{';
      depth_ = 1;
    } else if (in_string_) {
      if (!escaped_ && c == '"') in_string_ = false;
      escaped_ = !escaped_ && c == '\\';
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if ((c == '}' || c == ']') && depth_ > 0) {
      --depth_;
    }
  }
}

EventWriter::EventWriter(const CallFacts& facts) : asked_model_(facts.model), names_(facts.request) {}

void EventWriter::OnChunk(const Message& message, EventSink& out) {
  const auto& chunk = static_cast<const api::ChatCompletionChunk&>(message);
  if (chunk.has_usage()) usage_ = chunk.usage();
  for (const api::Extra& extra : chunk.extra()) {
    if (extra.name() == "container" && extra.json() != "null") container_ = extra.json();
  }
  for (const api::ChatChunkChoice& choice : chunk.choices()) {
    if (choice.index() != 0) continue;  // one answer is all that was asked for
    Start(chunk, out);
    OnDelta(choice.delta(), out);
    if (choice.has_stop_sequence()) {
      stop_sequence_ = choice.stop_sequence();
      has_stop_sequence_ = true;
    }
    if (!choice.native_finish_reason().empty()) native_reason_ = choice.native_finish_reason();
    if (choice.finish_reason().empty()) continue;
    finish_reason_ = choice.finish_reason();
    CloseAll(out);
  }
}

void EventWriter::OnEnd(EventSink& out) {
  Start(api::ChatCompletionChunk::default_instance(), out);
  CloseAll(out);
  wire::StreamEvent* event = NewEvent("message_delta", out);
  wire::EventDelta* delta = event->mutable_delta();
  const std::string_view reason = StopReason(finish_reason_, native_reason_, has_stop_sequence_, has_calls_);
  delta->set_stop_reason(refusal_.empty() ? std::string(reason) : "refusal");
  if (has_stop_sequence_) {
    delta->set_stop_sequence(stop_sequence_);
  } else {
    SetNull("stop_sequence", delta);
  }
  if (refusal_.empty()) {
    SetNull("stop_details", delta);
  } else {
    FillStopDetails(refusal_, delta->mutable_stop_details());
  }
  api::Extra* container = delta->add_extra();
  container->set_name("container");
  container->set_json(container_);
  EncodeFinalUsage(usage_, event->mutable_usage());
  NewEvent("message_stop", out);
}

void EventWriter::Start(const api::ChatCompletionChunk& chunk, EventSink& out) {
  if (std::exchange(started_, true)) return;
  id_ = MessageId(chunk.id());
  wire::MessagesResponse* message = NewEvent("message_start", out)->mutable_message();
  BeginMessage(chunk.id(), chunk.model().empty() ? asked_model_ : chunk.model(), message);
  EncodeUsage(api::Usage::default_instance(), message->mutable_usage());
  const std::string_view tier = UsedTier(chunk.service_tier());
  if (tier.empty()) {
    SetNull("service_tier", message->mutable_usage());
  } else {
    message->mutable_usage()->set_service_tier(std::string(tier));
  }
}

void EventWriter::OnDelta(const api::MessageDelta& delta, EventSink& out) {
  refusal_ += delta.refusal();
  for (const api::ContentBlockDelta& step : delta.content_blocks()) {
    given_ = true;
    OnGiven(step, out);
  }
  if (!given_) {
    OnText(Kind::kThinking, delta.reasoning_content().empty() ? delta.reasoning() : delta.reasoning_content(),
           out);
    OnText(Kind::kText, delta.content(), out);
    if (!delta.extra().empty()) OnOtherContent(delta.extra(), out);
    OnText(Kind::kText, delta.refusal(), out);
    for (const api::ToolCallDelta& call : delta.tool_calls()) {
      const bool custom = IsCustom(call);
      OnCall(call.index(), call.id(), custom ? call.custom().name() : call.function().name(),
             custom ? call.custom().input() : call.function().arguments(), out);
    }
    if (IsCall(delta.function_call())) {
      OnCall(0, {}, delta.function_call().name(), delta.function_call().arguments(), out);
    }
  }
  Advance(out);
}

void EventWriter::OnOtherContent(const Extras& extras, EventSink& out) {
  std::string text;
  std::string thought;
  TakeOtherContent(extras, &text, &thought);
  OnText(Kind::kThinking, thought, out);
  OnText(Kind::kText, text, out);
}

void EventWriter::OnText(Kind kind, std::string_view text, EventSink& out) {
  if (text.empty()) return;
  Block& block = !blocks_.empty() && blocks_.back().kind == kind ? blocks_.back() : Begin(kind, 0, out);
  Add(block, kind == Kind::kText ? TextDelta(text) : ThinkingDelta(text), out);
}

void EventWriter::OnCall(int32_t index, const std::string& id, const std::string& name,
                         std::string_view arguments, EventSink& out) {
  Block* block = Find(Kind::kCall, index);
  // Servers that give every call the index 0 tell them apart by their ids.
  const bool another =
      block != nullptr && !id.empty() && !block->id.empty() && id != block->id && !name.empty();
  if (another) {
    block->stopped = true;
    block = nullptr;
  }
  if (block == nullptr) {
    if (id.empty() && name.empty()) return;  // what follows the end of a call, such as white space
    block = &Begin(Kind::kCall, index, out);
    BeginToolUse(id, {}, &block->start);
    has_calls_ = true;
    ++begun_;
  }
  if (!id.empty()) block->id = id;
  if (!block->said_start) {
    if (!id.empty()) block->start.set_id(id);
    if (!name.empty()) block->start.set_name(names_.InFull(name));
  }
  AddArguments(*block, arguments, out);
}

// An object is passed on as it grows. What is none can only be wrapped when it is complete.
void EventWriter::AddArguments(Block& block, std::string_view arguments, EventSink& out) {
  if (arguments.empty()) return;
  block.end.Push(arguments);
  block.held += arguments;
  if (block.end.begun() && !block.end.is_other()) {
    Add(block, InputDelta(std::exchange(block.held, {})), out);
  } else {
    waiting_bytes_ += arguments.size();
  }
}

void EventWriter::OnGiven(const api::ContentBlockDelta& step, EventSink& out) {
  Block* block = Find(Kind::kGiven, step.index());
  if (step.has_content_block()) {
    if (block != nullptr) block->stopped = true;
    block = &Begin(Kind::kGiven, step.index(), out);
    block->start = step.content_block();
    if (block->start.type() == "tool_use") {
      has_calls_ = true;
      block->start.set_name(names_.InFull(block->start.name()));
    }
    RequireSignature(&block->start);
    SayInPieces(*block, out);
  }
  if (block == nullptr) return;  // a piece of nothing
  if (step.has_delta()) Add(*block, ToEvent(step.delta()), out);
  if (step.stop()) block->stopped = true;
}

void EventWriter::SayInPieces(Block& block, EventSink& out) {
  api::ContentBlock& start = block.start;
  if (start.type() == "text" && !start.text().empty()) {
    Add(block, TextDelta(start.text()), out);
    start.set_text("");
  }
  if (start.type() == "thinking" && !start.thinking().empty()) {
    Add(block, ThinkingDelta(start.thinking()), out);
    start.set_thinking("");
    if (start.signature().empty()) return;
    wire::EventDelta signature;
    signature.set_type("signature_delta");
    signature.set_signature(start.signature());
    Add(block, std::move(signature), out);
    start.set_signature("");
  }
}

EventWriter::Block* EventWriter::Find(Kind kind, int32_t key) {
  const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(), [&](const Block& block) {
    return block.kind == kind && block.key == key && !block.stopped;
  });
  return found == blocks_.rend() ? nullptr : &*found;
}

EventWriter::Block& EventWriter::Begin(Kind kind, int32_t key, EventSink& out) {
  Advance(out);
  Block& block = blocks_.emplace_back();
  block.kind = kind;
  block.key = key;
  if (kind == Kind::kText) BeginText(&block.start);
  if (kind == Kind::kThinking) BeginThinking(&block.start);
  return block;
}

void EventWriter::Add(Block& block, wire::EventDelta piece, EventSink& out) {
  if (&block == &blocks_.front() && block.said_start) {
    SayDelta(std::move(piece), out);
    return;
  }
  waiting_bytes_ += SizeOf(piece);
  block.waiting.push_back(std::move(piece));
}

void EventWriter::Advance(EventSink& out) {
  while (!blocks_.empty()) {
    Block& open = blocks_.front();
    const bool last = blocks_.size() == 1;
    if (!open.said_start) SayStart(open, out);
    const bool plain = open.kind == Kind::kText || open.kind == Kind::kThinking;
    const bool complete = open.stopped || (!last && (plain || open.end.complete()));
    if (!complete && (last || waiting_bytes_ < kMostWaiting)) return;
    SayStop(open, out);
    blocks_.pop_front();
    if (blocks_.empty()) waiting_bytes_ = 0;
  }
}

void EventWriter::SayStart(Block& block, EventSink& out) {
  // A block of text that says nothing is left out: it would be refused when it is sent back.
  const bool empty = block.start.type() == "text" && block.start.text().empty() && block.waiting.empty();
  // A call is of use once its tool is known.
  const bool nameless = block.kind == Kind::kCall && block.start.name().empty();
  if ((empty || nameless) && !block.stopped) return;
  if (empty) return;
  block.said_start = true;
  if (block.kind == Kind::kCall && block.start.id().empty()) {
    block.start.set_id("toolu_" + id_ + "_" + std::to_string(begun_));
  }
  wire::StreamEvent* event = NewEvent("content_block_start", out);
  event->set_index(index_);
  *event->mutable_content_block() = std::move(block.start);
  for (wire::EventDelta& piece : block.waiting) {
    waiting_bytes_ -= std::min(waiting_bytes_, SizeOf(piece));
    SayDelta(std::move(piece), out);
  }
  block.waiting.clear();
}

void EventWriter::SayDelta(wire::EventDelta piece, EventSink& out) {
  wire::StreamEvent* event = NewEvent("content_block_delta", out);
  event->set_index(index_);
  *event->mutable_delta() = std::move(piece);
}

void EventWriter::SayStop(Block& block, EventSink& out) {
  block.stopped = true;
  if (!block.said_start) SayStart(block, out);
  if (!block.said_start) return;
  if (block.kind == Kind::kThinking) {
    wire::EventDelta signature;
    signature.set_type("signature_delta");
    signature.set_signature("");  // nobody signed it
    SayDelta(std::move(signature), out);
  }
  if (!IsBlank(block.held)) SayDelta(InputDelta(AsArgumentsObject(block.held)), out);
  NewEvent("content_block_stop", out)->set_index(index_++);
}

void EventWriter::CloseAll(EventSink& out) {
  for (Block& block : blocks_) block.stopped = true;
  Advance(out);
}

wire::StreamEvent* EventWriter::NewEvent(std::string_view name, EventSink& out) {
  auto* event = static_cast<wire::StreamEvent*>(out.Add(name));
  event->set_type(std::string(name));
  return event;
}

}  // namespace portolan::providers::anthropic
