#include <algorithm>
#include <limits>

#include "providers/dialects/cohere/response.h"

namespace portolan::providers::cohere {
namespace {

// Counts come from outside: they may be negative, and a sum must not overflow.
int64_t Add(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<int64_t>::max() : sum;
}

std::optional<int64_t> Count(std::optional<int64_t> told, std::string_view billed, std::string_view name) {
  if (!told) told = JsonInteger(JsonMember(billed, name));
  if (told) told = std::max<int64_t>(*told, 0);
  return told;
}

}  // namespace

void TranslateUsage(const wire::Usage& from, api::Usage* to) {
  const wire::Tokens& tokens = from.tokens();
  const auto told = [](bool has, int64_t count) {
    return has ? std::optional<int64_t>(count) : std::nullopt;
  };
  const std::string_view billed = from.billed_units();
  const std::optional<int64_t> prompt =
      Count(told(tokens.has_input_tokens(), tokens.input_tokens()), billed, "input_tokens");
  const std::optional<int64_t> answer =
      Count(told(tokens.has_output_tokens(), tokens.output_tokens()), billed, "output_tokens");
  if (prompt) to->set_prompt_tokens(*prompt);
  if (answer) to->set_completion_tokens(*answer);
  if (prompt && answer) to->set_total_tokens(Add(*prompt, *answer));
  if (from.has_cached_tokens()) {
    to->mutable_prompt_tokens_details()->set_cached_tokens(std::max<int64_t>(from.cached_tokens(), 0));
  }
  if (tokens.has_image_tokens()) {
    to->mutable_prompt_tokens_details()->set_image_tokens(std::max<int64_t>(tokens.image_tokens(), 0));
  }
  if (tokens.has_reasoning_tokens()) {
    to->mutable_completion_tokens_details()->set_reasoning_tokens(
        std::max<int64_t>(tokens.reasoning_tokens(), 0));
  }
  if (!billed.empty() && !IsEmptyJson(billed)) {
    AddExtra("billed_units", std::string(billed), to->mutable_extra());
  }
  CopyExtras(from.extra(), to);
}

}  // namespace portolan::providers::cohere
