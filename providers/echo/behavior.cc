#include "providers/echo/behavior.h"

#include <charconv>

namespace portolan::providers::echo {
namespace {

constexpr std::string_view kPrefix = "echo/";
constexpr int kDefaultDelayMs = 100;
constexpr int kMaxDelayMs = 60'000;

std::string_view NextWord(std::string_view* rest) {
  const size_t dash = rest->find('-');
  const std::string_view word = rest->substr(0, dash);
  rest->remove_prefix(dash == std::string_view::npos ? rest->size() : dash + 1);
  return word;
}

std::optional<int> TakeNumber(std::string_view* rest) {
  std::string_view after = *rest;
  const std::string_view word = NextWord(&after);
  int value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  *rest = after;
  return value;
}

}  // namespace

std::optional<Behavior> ParseModel(std::string_view model) {
  if (model.starts_with(kPrefix)) model.remove_prefix(kPrefix.size());
  if (model.empty()) return std::nullopt;
  if (NextWord(&model) != "echo") return Behavior{};
  Behavior behavior;
  while (!model.empty()) {
    const std::string_view word = NextWord(&model);
    const std::optional<int> number = TakeNumber(&model);
    if (word == "slow") {
      const int ms = number.value_or(kDefaultDelayMs);
      if (ms < 0 || ms > kMaxDelayMs) return std::nullopt;
      behavior.delay = std::chrono::milliseconds(ms);
    } else if (word == "fail") {
      behavior.fail_status = number.value_or(500);
      if (behavior.fail_status < 400 || behavior.fail_status > 599) return std::nullopt;
    } else if (word == "cut") {
      behavior.cut_after = number.value_or(2);
      if (behavior.cut_after < 0) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return behavior;
}

}  // namespace portolan::providers::echo
