#include "providers/dialects/google/usage.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "providers/dialects/common/json.h"

namespace portolan::providers::gemini {
namespace {

namespace wire = ::gemini::v1;

// Counts come from outside: they may be negative, and a sum must not overflow.
int64_t Add(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<int64_t>::max() : sum;
}
int64_t Count(int64_t count) { return std::max<int64_t>(count, 0); }

template <typename Details>
void TranslateDetails(const ::google::protobuf::RepeatedPtrField<wire::ModalityTokenCount>& from,
                      Details* to) {
  for (const wire::ModalityTokenCount& one : from) {
    const int64_t count = Count(one.token_count());
    if (one.modality() == "TEXT") to->set_text_tokens(count);
    if (one.modality() == "IMAGE") to->set_image_tokens(count);
    if (one.modality() == "AUDIO") to->set_audio_tokens(count);
    if (one.modality() == "VIDEO") AddExtra("video_tokens", std::to_string(count), to->mutable_extra());
    if (one.modality() == "DOCUMENT") AddExtra("document_tokens", std::to_string(count), to->mutable_extra());
  }
}

}  // namespace

void TranslateUsage(const wire::UsageMetadata& from, ::portolan::v1::Usage* to) {
  const int64_t thoughts = Count(from.thoughts_token_count());
  const int64_t tools = Count(from.tool_use_prompt_token_count());
  const int64_t total = Count(from.total_token_count());
  int64_t prompt = Add(Count(from.prompt_token_count()), tools);
  int64_t answer = Count(from.candidates_token_count());
  if (!from.has_prompt_token_count() && from.has_total_token_count()) {
    prompt = total - std::min(total, Add(thoughts, answer));
  } else if (!from.has_candidates_token_count() && from.has_total_token_count()) {
    answer = total - std::min(total, Add(prompt, thoughts));
  }
  const int64_t completion = Add(answer, thoughts);
  to->set_prompt_tokens(prompt);
  to->set_completion_tokens(completion);
  to->set_total_tokens(Add(prompt, completion));
  if (!from.prompt_tokens_details().empty()) {
    TranslateDetails(from.prompt_tokens_details(), to->mutable_prompt_tokens_details());
  }
  if (from.has_cached_content_token_count()) {
    to->mutable_prompt_tokens_details()->set_cached_tokens(Count(from.cached_content_token_count()));
  }
  if (!from.candidates_tokens_details().empty()) {
    TranslateDetails(from.candidates_tokens_details(), to->mutable_completion_tokens_details());
  }
  if (from.has_thoughts_token_count()) {
    to->mutable_completion_tokens_details()->set_reasoning_tokens(thoughts);
  }
  if (from.has_tool_use_prompt_token_count()) {
    AddExtra("toolUsePromptTokenCount", std::to_string(tools), to->mutable_extra());
  }
  CopyExtras(from.extra(), to);
}

std::string ServiceTier(const wire::UsageMetadata& usage) {
  return usage.service_tier() == "standard" ? "default" : usage.service_tier();
}

void MergeUsage(const wire::UsageMetadata& report, wire::UsageMetadata* total) {
  // Each report is whole; one that lacks the counts (the first of Vertex) must not take them away.
  wire::UsageMetadata merged = report;
  if (!merged.has_prompt_token_count() && total->has_prompt_token_count()) {
    merged.set_prompt_token_count(total->prompt_token_count());
  }
  if (!merged.has_total_token_count() && total->has_total_token_count()) {
    merged.set_total_token_count(total->total_token_count());
  }
  if (!merged.has_candidates_token_count() && total->has_candidates_token_count()) {
    merged.set_candidates_token_count(total->candidates_token_count());
  }
  if (!merged.has_thoughts_token_count() && total->has_thoughts_token_count()) {
    merged.set_thoughts_token_count(total->thoughts_token_count());
  }
  if (!merged.has_tool_use_prompt_token_count() && total->has_tool_use_prompt_token_count()) {
    merged.set_tool_use_prompt_token_count(total->tool_use_prompt_token_count());
  }
  if (!merged.has_cached_content_token_count() && total->has_cached_content_token_count()) {
    merged.set_cached_content_token_count(total->cached_content_token_count());
  }
  *total = std::move(merged);
}

}  // namespace portolan::providers::gemini
