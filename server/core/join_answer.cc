#include <algorithm>
#include <string>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/completion.pb.h"
#include "server/core/reshape.h"

namespace portolan::core {
namespace {

using Extras = google::protobuf::RepeatedPtrField<v1::Extra>;

// Members that the hub does not know: of those in several chunks the last counts. Nulls and empty values,
// which chunks have where an answer has none, add nothing.
void TakeExtras(const Extras& from, Extras* to) {
  for (const v1::Extra& extra : from) {
    if (extra.json() == "null" || extra.json() == "[]") continue;
    const auto same = std::find_if(to->begin(), to->end(),
                                   [&](const v1::Extra& one) { return one.name() == extra.name(); });
    *(same == to->end() ? to->Add() : &*same) = extra;
  }
}

// The item of index `index`, made in its place if it is not there yet.
template <typename Item>
Item* AtIndex(int index, google::protobuf::RepeatedPtrField<Item>* items) {
  const auto place =
      std::find_if(items->begin(), items->end(), [&](const Item& item) { return item.index() >= index; });
  const auto at = static_cast<int>(place - items->begin());
  if (place != items->end() && place->index() == index) return &*place;
  items->Add()->set_index(index);
  for (int i = items->size() - 1; i > at; --i) items->SwapElements(i, i - 1);
  return items->Mutable(at);
}

template <typename Chunk, typename Answer>
void TakeHead(const Chunk& chunk, Answer* answer) {
  if (!answer->has_id() && chunk.has_id()) answer->set_id(chunk.id());
  if (!answer->has_created() && chunk.has_created()) answer->set_created(chunk.created());
  if (!answer->has_model() && chunk.has_model()) answer->set_model(chunk.model());
  if (chunk.has_system_fingerprint()) answer->set_system_fingerprint(chunk.system_fingerprint());
  if (chunk.has_usage()) *answer->mutable_usage() = chunk.usage();
  TakeExtras(chunk.extra(), answer->mutable_extra());
}

void AppendFunction(const v1::FunctionCall& from, v1::FunctionCall* to) {
  if (from.has_name()) to->mutable_name()->append(from.name());
  if (from.has_arguments()) to->mutable_arguments()->append(from.arguments());
  TakeExtras(from.extra(), to->mutable_extra());
}

void AppendCall(const v1::ToolCallDelta& from, v1::ToolCall* to) {
  if (!from.id().empty()) to->set_id(from.id());
  if (!from.type().empty()) to->set_type(from.type());
  if (from.has_function()) AppendFunction(from.function(), to->mutable_function());
  if (from.has_custom()) {
    if (from.custom().has_name()) to->mutable_custom()->mutable_name()->append(from.custom().name());
    if (from.custom().has_input()) to->mutable_custom()->mutable_input()->append(from.custom().input());
    TakeExtras(from.custom().extra(), to->mutable_custom()->mutable_extra());
  }
  TakeExtras(from.extra(), to->mutable_extra());
}

void AppendAudio(const v1::Audio& from, v1::Audio* to) {
  if (from.has_id()) to->set_id(from.id());
  if (from.has_data()) to->mutable_data()->append(from.data());
  if (from.has_transcript()) to->mutable_transcript()->append(from.transcript());
  if (from.has_expires_at()) to->set_expires_at(from.expires_at());
  TakeExtras(from.extra(), to->mutable_extra());
}

// Blocks do not overlap and come in order.
void AppendBlock(const v1::ContentBlockDelta& step, v1::Message* to) {
  if (step.has_content_block()) *to->add_content_blocks() = step.content_block();
  if (!step.has_delta() || to->content_blocks().empty()) return;
  v1::ContentBlock* block = to->mutable_content_blocks(to->content_blocks_size() - 1);
  const v1::BlockDelta& piece = step.delta();
  if (piece.has_text()) block->mutable_text()->append(piece.text());
  if (piece.has_thinking()) block->mutable_thinking()->append(piece.thinking());
  if (piece.has_signature()) block->mutable_signature()->append(piece.signature());
  if (piece.has_partial_json()) {
    // What the block began with stands for nothing: `{}`.
    if (block->input() == "{}") block->clear_input();
    block->mutable_input()->append(piece.partial_json());
  }
  if (piece.has_citation()) *block->mutable_citations()->mutable_list()->add_items() = piece.citation();
  TakeExtras(piece.extra(), block->mutable_extra());
}

void AppendDelta(const v1::MessageDelta& delta, v1::Message* to) {
  if (delta.has_role()) to->set_role(delta.role());
  if (delta.has_content()) to->mutable_content()->mutable_text()->append(delta.content());
  if (delta.has_refusal()) to->mutable_refusal()->append(delta.refusal());
  if (delta.has_reasoning_content()) to->mutable_reasoning_content()->append(delta.reasoning_content());
  if (delta.has_reasoning()) to->mutable_reasoning()->append(delta.reasoning());
  for (const v1::ToolCallDelta& call : delta.tool_calls()) {
    AppendCall(call, AtIndex(call.index(), to->mutable_tool_calls()));
  }
  if (delta.has_function_call()) AppendFunction(delta.function_call(), to->mutable_function_call());
  if (delta.has_audio()) AppendAudio(delta.audio(), to->mutable_audio());
  to->mutable_annotations()->MergeFrom(delta.annotations());
  for (const v1::ContentBlockDelta& step : delta.content_blocks()) AppendBlock(step, to);
  TakeExtras(delta.extra(), to->mutable_extra());
}

void AddChunk(const v1::ChatCompletionChunk& chunk, v1::ChatCompletion* answer) {
  answer->set_object("chat.completion");
  TakeHead(chunk, answer);
  if (chunk.has_service_tier()) answer->set_service_tier(chunk.service_tier());
  if (chunk.has_moderation()) *answer->mutable_moderation() = chunk.moderation();
  for (const v1::ChatChunkChoice& choice : chunk.choices()) {
    v1::ChatChoice* to = AtIndex(choice.index(), answer->mutable_choices());
    AppendDelta(choice.delta(), to->mutable_message());
    if (choice.has_logprobs()) to->mutable_logprobs()->MergeFrom(choice.logprobs());
    if (!choice.finish_reason().empty()) to->set_finish_reason(choice.finish_reason());
    if (choice.has_native_finish_reason()) to->set_native_finish_reason(choice.native_finish_reason());
    if (choice.has_stop_sequence()) to->set_stop_sequence(choice.stop_sequence());
    TakeExtras(choice.extra(), to->mutable_extra());
  }
}

void AddChunk(const v1::Completion& chunk, v1::Completion* answer) {
  answer->set_object("text_completion");
  TakeHead(chunk, answer);
  for (const v1::CompletionChoice& choice : chunk.choices()) {
    v1::CompletionChoice* to = AtIndex(choice.index(), answer->mutable_choices());
    to->mutable_text()->append(choice.text());
    if (choice.has_logprobs()) to->mutable_logprobs()->MergeFrom(choice.logprobs());
    if (!choice.finish_reason().empty()) to->set_finish_reason(choice.finish_reason());
    TakeExtras(choice.extra(), to->mutable_extra());
  }
}

void FinishChoice(v1::ChatChoice* choice) {
  v1::Message* message = choice->mutable_message();
  if (!message->has_role()) message->set_role("assistant");
  const bool calls = !message->tool_calls().empty();
  if (calls && message->content().text().empty()) message->clear_content();
  for (v1::ToolCall& call : *message->mutable_tool_calls()) call.clear_index();
  if (!choice->has_finish_reason()) choice->set_finish_reason(calls ? "tool_calls" : "stop");
}

}  // namespace

void AnswerJoiner::Add(const google::protobuf::Message& chunk) {
  if (auto* chat = dynamic_cast<v1::ChatCompletion*>(&answer_)) {
    if (const auto* piece = dynamic_cast<const v1::ChatCompletionChunk*>(&chunk)) AddChunk(*piece, chat);
  } else if (auto* completion = dynamic_cast<v1::Completion*>(&answer_)) {
    if (const auto* piece = dynamic_cast<const v1::Completion*>(&chunk)) AddChunk(*piece, completion);
  }
}

void AnswerJoiner::Finish() {
  if (auto* chat = dynamic_cast<v1::ChatCompletion*>(&answer_)) {
    for (v1::ChatChoice& choice : *chat->mutable_choices()) FinishChoice(&choice);
  } else if (auto* completion = dynamic_cast<v1::Completion*>(&answer_)) {
    for (v1::CompletionChoice& choice : *completion->mutable_choices()) {
      if (!choice.has_finish_reason()) choice.set_finish_reason("stop");
    }
  }
}

}  // namespace portolan::core
