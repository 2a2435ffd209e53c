#include "providers/dialects/google/finish.h"

#include <algorithm>
#include <array>
#include <span>

#include "providers/dialects/common/json.h"

namespace portolan::providers::gemini {
namespace {

// 6 to 9 are LANGUAGE, BLOCKLIST, PROHIBITED_CONTENT and SPII in one API, one less in another.
constexpr std::array<std::string_view, 12> kFilters = {"SAFETY",
                                                       "RECITATION",
                                                       "LANGUAGE",
                                                       "BLOCKLIST",
                                                       "PROHIBITED_CONTENT",
                                                       "SPII",
                                                       "IMAGE_SAFETY",
                                                       "IMAGE_PROHIBITED_CONTENT",
                                                       "IMAGE_RECITATION",
                                                       "6",
                                                       "7",
                                                       "8"};
constexpr std::array<std::string_view, 6> kNumbered = {"",       "STOP",       "MAX_TOKENS",
                                                       "SAFETY", "RECITATION", "OTHER"};

bool IsOneOf(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::string NativeReason(const ::gemini::v1::Candidate& candidate) {
  const ::gemini::v1::FinishReason& reason = candidate.finish_reason();
  if (reason.kind_case() == ::gemini::v1::FinishReason::kNumber) {
    const int32_t number = reason.number();
    const bool known = number >= 0 && number < static_cast<int32_t>(kNumbered.size());
    return known ? std::string(kNumbered[static_cast<size_t>(number)]) : std::to_string(number);
  }
  return reason.name() == "FINISH_REASON_UNSPECIFIED" ? std::string() : reason.name();
}

std::string_view FinishReason(std::string_view native, bool has_calls) {
  if (native == "MAX_TOKENS") return "length";
  if (IsOneOf(kFilters, native)) return "content_filter";
  return has_calls ? "tool_calls" : "stop";
}

std::string BlockReason(const ::gemini::v1::GenerateContentResponse& answer) {
  const std::string_view reason = JsonMember(answer.prompt_feedback(), "blockReason");
  return reason.starts_with('"') ? JsonText(reason) : std::string(reason == "null" ? "" : reason);
}

}  // namespace portolan::providers::gemini
