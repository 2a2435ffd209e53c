#include <limits>

#include "providers/dialects/anthropic/response.h"
#include "providers/dialects/common/json.h"

namespace portolan::providers::anthropic {
namespace {

// Counts come from outside: a sum must not overflow.
int64_t Add(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<int64_t>::max() : sum;
}

}  // namespace

std::string_view FinishReason(std::string_view stop_reason, bool has_calls) {
  if (stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded" ||
      stop_reason == "length") {
    return "length";
  }
  if (stop_reason == "refusal" || stop_reason == "content_filter") return "content_filter";
  if (has_calls || stop_reason == "tool_use" || stop_reason == "tool_calls") return "tool_calls";
  return "stop";
}

std::string_view ServiceTier(std::string_view tier) { return tier == "standard" ? "default" : tier; }

void MergeUsage(const wire::Usage& report, wire::Usage* total) {
  if (report.has_input_tokens()) total->set_input_tokens(report.input_tokens());
  if (report.has_output_tokens()) total->set_output_tokens(report.output_tokens());
  if (report.has_cache_creation_input_tokens()) {
    total->set_cache_creation_input_tokens(report.cache_creation_input_tokens());
  }
  if (report.has_cache_read_input_tokens())
    total->set_cache_read_input_tokens(report.cache_read_input_tokens());
  if (report.has_output_tokens_details())
    *total->mutable_output_tokens_details() = report.output_tokens_details();
  if (report.has_service_tier()) total->set_service_tier(report.service_tier());
  for (const api::Extra& extra : report.extra()) {
    if (extra.json() == "null") continue;
    api::Extra* slot = nullptr;
    for (api::Extra& known : *total->mutable_extra()) {
      if (known.name() == extra.name()) slot = &known;
    }
    *(slot != nullptr ? slot : total->add_extra()) = extra;
  }
}

void TranslateUsage(const wire::Usage& from, api::Usage* to) {
  const int64_t prompt =
      Add(from.input_tokens(), Add(from.cache_read_input_tokens(), from.cache_creation_input_tokens()));
  to->set_prompt_tokens(prompt);
  to->set_completion_tokens(from.output_tokens());
  to->set_total_tokens(Add(prompt, from.output_tokens()));
  if (from.has_cache_read_input_tokens()) {
    to->set_cache_read_input_tokens(from.cache_read_input_tokens());
    to->mutable_prompt_tokens_details()->set_cached_tokens(from.cache_read_input_tokens());
  }
  if (from.has_cache_creation_input_tokens()) {
    to->set_cache_creation_input_tokens(from.cache_creation_input_tokens());
    to->mutable_prompt_tokens_details()->set_cache_write_tokens(from.cache_creation_input_tokens());
  }
  if (from.output_tokens_details().has_thinking_tokens()) {
    to->mutable_completion_tokens_details()->set_reasoning_tokens(
        from.output_tokens_details().thinking_tokens());
  }
  CopyExtras(from.extra(), to);
}

}  // namespace portolan::providers::anthropic
