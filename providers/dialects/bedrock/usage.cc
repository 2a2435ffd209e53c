#include <limits>

#include "providers/dialects/bedrock/response.h"

namespace portolan::providers::bedrock {
namespace {

// Counts come from outside: a sum must not overflow.
int64_t Add(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<int64_t>::max() : sum;
}

}  // namespace

void TranslateUsage(const wire::TokenUsage& from, api::Usage* to) {
  const bool prompt_known = from.has_input_tokens();
  const int64_t prompt =
      Add(from.input_tokens(), Add(from.cache_read_input_tokens(), from.cache_write_input_tokens()));
  if (prompt_known) to->set_prompt_tokens(prompt);
  if (from.has_output_tokens()) to->set_completion_tokens(from.output_tokens());
  if (prompt_known && from.has_output_tokens()) {
    to->set_total_tokens(Add(prompt, from.output_tokens()));
  } else if (from.has_total_tokens()) {
    to->set_total_tokens(from.total_tokens());
  }
  if (from.has_cache_read_input_tokens()) {
    to->set_cache_read_input_tokens(from.cache_read_input_tokens());
    to->mutable_prompt_tokens_details()->set_cached_tokens(from.cache_read_input_tokens());
  }
  if (from.has_cache_write_input_tokens()) {
    to->set_cache_creation_input_tokens(from.cache_write_input_tokens());
    to->mutable_prompt_tokens_details()->set_cache_write_tokens(from.cache_write_input_tokens());
  }
  TakeExtras(from.extra(), to);
}

}  // namespace portolan::providers::bedrock
