#include <google/protobuf/message.h>

#include <algorithm>
#include <typeinfo>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/completion.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "server/core/stream_pipeline.h"

namespace portolan::core {
namespace {

void ScanUsage(const v1::Usage& usage, TokenUsage* out) {
  if (usage.has_prompt_tokens()) out->input = usage.prompt_tokens();
  if (usage.has_completion_tokens()) out->output = usage.completion_tokens();
  if (usage.prompt_tokens_details().has_cached_tokens())
    out->cached = usage.prompt_tokens_details().cached_tokens();
  if (usage.completion_tokens_details().has_reasoning_tokens()) {
    out->reasoning = usage.completion_tokens_details().reasoning_tokens();
  }
}

template <typename Choice>
void ScanFinish(const Choice& choice, ChoiceTracker* choices, ScanResult* result) {
  const int index = choice.index() < 0 || choice.index() > 63 ? 63 : choice.index();
  const uint64_t bit = uint64_t{1} << index;
  choices->seen |= bit;
  if (choice.finish_reason().empty()) return;
  choices->finished |= bit;
  result->finish_reason = choice.finish_reason();
}

// The start and the end of a block of text or thinking say nothing yet, nor does an empty piece.
bool HasContent(const v1::ContentBlockDelta& step) {
  if (step.has_content_block()) {
    const v1::ContentBlock& block = step.content_block();
    const bool spoken = block.type() == "text" || block.type() == "thinking";
    return !spoken || !block.text().empty() || !block.thinking().empty();
  }
  const v1::BlockDelta& piece = step.delta();
  return !piece.text().empty() || !piece.thinking().empty() || !piece.signature().empty() ||
         !piece.partial_json().empty() || piece.has_citation();
}

bool HasContent(const v1::MessageDelta& delta) {
  return !delta.content().empty() || !delta.refusal().empty() || !delta.reasoning_content().empty() ||
         delta.tool_calls_size() > 0 || delta.has_audio() || delta.has_function_call() ||
         std::any_of(delta.content_blocks().begin(), delta.content_blocks().end(),
                     [](const v1::ContentBlockDelta& step) { return HasContent(step); });
}

// The message as an M; nullptr if it is something else. Asking a message for its descriptor costs more.
template <typename M>
const M* As(const google::protobuf::Message& message) {
  return typeid(message) == typeid(M) ? static_cast<const M*>(&message) : nullptr;
}

}  // namespace

void ScanMessage(const google::protobuf::Message& message, TokenUsage* usage, ChoiceTracker* choices,
                 ScanResult* result) {
  if (const auto* chunk = As<v1::ChatCompletionChunk>(message)) {
    ScanUsage(chunk->usage(), usage);
    for (const auto& choice : chunk->choices()) {
      ScanFinish(choice, choices, result);
      result->has_content |= HasContent(choice.delta());
    }
  } else if (const auto* chat = As<v1::ChatCompletion>(message)) {
    ScanUsage(chat->usage(), usage);
    for (const auto& choice : chat->choices()) ScanFinish(choice, choices, result);
  } else if (const auto* completion = As<v1::Completion>(message)) {
    ScanUsage(completion->usage(), usage);
    for (const auto& choice : completion->choices()) {
      ScanFinish(choice, choices, result);
      result->has_content |= !choice.text().empty();
    }
  } else if (const auto* embedding = As<v1::EmbeddingResponse>(message)) {
    ScanUsage(embedding->usage(), usage);
  }
}

bool UsesBlocks(const google::protobuf::Message& request) {
  const auto* chat = As<v1::ChatCompletionRequest>(request);
  if (chat == nullptr) return false;
  if (chat->has_thinking()) return true;
  return std::any_of(chat->messages().begin(), chat->messages().end(),
                     [](const v1::Message& message) { return message.content_blocks_size() > 0; });
}

bool WantsBase64(const google::protobuf::Message& request) {
  const auto* embedding = As<v1::EmbeddingRequest>(request);
  return embedding != nullptr && embedding->encoding_format() == "base64";
}

}  // namespace portolan::core
