#include <string>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/completion.pb.h"
#include "server/core/reshape.h"

namespace portolan::core {
namespace {

using Extras = google::protobuf::RepeatedPtrField<v1::Extra>;

void AddExtra(std::string_view name, std::string_view json, Extras* extras) {
  v1::Extra* extra = extras->Add();
  extra->set_name(std::string(name));
  extra->set_json(std::string(json));
}

// Members of an answer that the hub does not know. Nulls are left out: the usage has its own in a stream.
void CopyExtras(const Extras& from, Extras* to) {
  for (const v1::Extra& extra : from) {
    if (extra.json() != "null") *to->Add() = extra;
  }
}

// What all chunks say; the usage is null until it comes, if it is to come.
template <typename Answer, typename Chunk>
Chunk* NewChunk(const Answer& answer, std::string_view object, bool include_usage,
                providers::MessageSink& out) {
  auto* chunk = static_cast<Chunk*>(out.Add());
  if (answer.has_id()) chunk->set_id(answer.id());
  chunk->set_object(std::string(object));
  if (answer.has_created()) chunk->set_created(answer.created());
  if (answer.has_model()) chunk->set_model(answer.model());
  if (answer.has_system_fingerprint()) chunk->set_system_fingerprint(answer.system_fingerprint());
  if (include_usage) AddExtra("usage", "null", chunk->mutable_extra());
  return chunk;
}

template <typename Answer, typename Chunk>
void AddUsage(const Answer& answer, std::string_view object, providers::MessageSink& out) {
  Chunk* chunk = NewChunk<Answer, Chunk>(answer, object, /*include_usage=*/false, out);
  *chunk->mutable_usage() = answer.usage();
  AddExtra("choices", "[]", chunk->mutable_extra());
}

void CopyCall(const v1::ToolCall& from, int index, v1::ToolCallDelta* to) {
  to->set_index(index);
  if (from.has_id()) to->set_id(from.id());
  if (from.has_type()) to->set_type(from.type());
  if (from.has_function()) *to->mutable_function() = from.function();
  if (from.has_custom()) *to->mutable_custom() = from.custom();
  *to->mutable_extra() = from.extra();
}

std::string TextOf(const v1::Content& content) {
  if (content.kind_case() == v1::Content::kText) return content.text();
  std::string text;
  for (const v1::ContentPart& part : content.parts().items()) text += part.text();
  return text;
}

void CopyMessage(const v1::Message& from, v1::MessageDelta* to) {
  to->set_role(from.has_role() ? from.role() : "assistant");
  if (from.has_content()) to->set_content(TextOf(from.content()));
  if (from.has_refusal()) to->set_refusal(from.refusal());
  if (from.has_reasoning_content()) to->set_reasoning_content(from.reasoning_content());
  if (from.has_reasoning()) to->set_reasoning(from.reasoning());
  for (int i = 0; i < from.tool_calls_size(); ++i) CopyCall(from.tool_calls(i), i, to->add_tool_calls());
  if (from.has_function_call()) *to->mutable_function_call() = from.function_call();
  if (from.has_audio()) *to->mutable_audio() = from.audio();
  *to->mutable_annotations() = from.annotations();
  for (int i = 0; i < from.content_blocks_size(); ++i) {
    v1::ContentBlockDelta* begin = to->add_content_blocks();
    begin->set_index(i);
    *begin->mutable_content_block() = from.content_blocks(i);
    v1::ContentBlockDelta* end = to->add_content_blocks();
    end->set_index(i);
    end->set_stop(true);
  }
  *to->mutable_extra() = from.extra();
}

void SplitChat(const v1::ChatCompletion& answer, bool include_usage, providers::MessageSink& out) {
  constexpr std::string_view kObject = "chat.completion.chunk";
  const auto add = [&](int index) {
    auto* chunk = NewChunk<v1::ChatCompletion, v1::ChatCompletionChunk>(answer, kObject, include_usage, out);
    if (answer.has_service_tier()) chunk->set_service_tier(answer.service_tier());
    chunk->add_choices()->set_index(index);
    return chunk;
  };
  for (const v1::ChatChoice& choice : answer.choices()) {
    v1::ChatCompletionChunk* said = add(choice.index());
    CopyMessage(choice.message(), said->mutable_choices(0)->mutable_delta());
    if (choice.has_logprobs()) *said->mutable_choices(0)->mutable_logprobs() = choice.logprobs();
    CopyExtras(answer.extra(), said->mutable_extra());

    v1::ChatChunkChoice* end = add(choice.index())->mutable_choices(0);
    end->mutable_delta();
    const bool calls = !choice.message().tool_calls().empty();
    end->set_finish_reason(!choice.finish_reason().empty() ? choice.finish_reason()
                           : calls                         ? "tool_calls"
                                                           : "stop");
    if (choice.has_native_finish_reason()) end->set_native_finish_reason(choice.native_finish_reason());
    if (choice.has_stop_sequence()) end->set_stop_sequence(choice.stop_sequence());
    *end->mutable_extra() = choice.extra();
  }
  if (include_usage && answer.has_usage()) {
    AddUsage<v1::ChatCompletion, v1::ChatCompletionChunk>(answer, kObject, out);
  }
}

void SplitCompletion(const v1::Completion& answer, bool include_usage, providers::MessageSink& out) {
  constexpr std::string_view kObject = "text_completion";
  for (const v1::CompletionChoice& choice : answer.choices()) {
    auto* chunk = NewChunk<v1::Completion, v1::Completion>(answer, kObject, include_usage, out);
    *chunk->add_choices() = choice;
    if (choice.finish_reason().empty()) chunk->mutable_choices(0)->set_finish_reason("stop");
    CopyExtras(answer.extra(), chunk->mutable_extra());
  }
  if (include_usage && answer.has_usage()) AddUsage<v1::Completion, v1::Completion>(answer, kObject, out);
}

}  // namespace

void SplitAnswer(const google::protobuf::Message& answer, bool include_usage, providers::MessageSink& out) {
  if (const auto* chat = dynamic_cast<const v1::ChatCompletion*>(&answer)) {
    SplitChat(*chat, include_usage, out);
  } else if (const auto* completion = dynamic_cast<const v1::Completion*>(&answer)) {
    SplitCompletion(*completion, include_usage, out);
  }
}

}  // namespace portolan::core
