#include <algorithm>
#include <array>

#include "providers/dialects/google/request.h"

namespace portolan::providers::gemini {
namespace {

using Thinking = ModelTraits::Thinking;

struct Effort {
  std::string_view name;
  std::string_view level;
  int64_t budget;  // for models that take no level; as Google's own OpenAI endpoint has it up to `high`
};
constexpr std::array<Effort, 6> kEfforts = {{{"minimal", "MINIMAL", 1024},
                                             {"low", "LOW", 1024},
                                             {"medium", "MEDIUM", 8192},
                                             {"high", "HIGH", 24576},
                                             {"xhigh", "HIGH", 32768},
                                             {"max", "HIGH", 32768}}};

}  // namespace

bool RequestEncoder::EncodeThinking() {
  const std::string& effort = hub_.reasoning_effort();
  if (hub_.has_thinking() && !EncodeNativeThinking(hub_.thinking())) return false;
  return effort.empty() || EncodeEffort(effort);
}

bool RequestEncoder::EncodeEffort(std::string_view effort) {
  const auto* const known =
      std::find_if(kEfforts.begin(), kEfforts.end(), [&](const Effort& one) { return one.name == effort; });
  if (known == kEfforts.end() && effort != "none") {
    return Fail(
        "invalid_value",
        "expected one of none, minimal, low, medium, high, xhigh, max; got \"" + std::string(effort) + "\"",
        "reasoning_effort");
  }
  const wire::ThinkingConfig& said = wire_->generation_config().thinking_config();
  if (traits_.thinking == Thinking::kNone) {
    if (effort != "none") Drop("reasoning_effort");
  } else if (said.has_thinking_budget() || said.has_thinking_level()) {
    Drop("reasoning_effort");  // level and budget exclude each other
  } else if (effort == "none") {
    ThinkLeast("reasoning_effort");
  } else {
    if (traits_.thinking == Thinking::kLevel) {
      SetLevel(known->level);
    } else {
      // What is more than the model can is as much as it can.
      Config()->mutable_thinking_config()->set_thinking_budget(std::min(known->budget, traits_.most_budget));
    }
    // Summaries cost nothing more. A caller that has said something about them is heard.
    if (!hub_.has_thinking()) Config()->mutable_thinking_config()->set_include_thoughts(true);
  }
  return true;
}

// `thinking` in Anthropic's form.
bool RequestEncoder::EncodeNativeThinking(const api::ThinkingConfig& thinking) {
  const MemberPath path{nullptr, "thinking"};
  const std::string& type = thinking.type();
  const bool off = type == "disabled";
  if (!off && type != "enabled" && type != "adaptive" && type != "between_tools") {
    return Fail("invalid_value", "expected enabled, adaptive or disabled; got \"" + type + "\"",
                MemberPath{&path, "type"});
  }
  DropExtras(thinking.extra(), path);
  if (traits_.thinking == Thinking::kNone) {
    if (!off) Drop(path);
  } else if (off) {
    ThinkLeast("thinking");
  } else {
    Config()->mutable_thinking_config()->set_include_thoughts(thinking.display() != "omitted");
    if (thinking.has_budget_tokens()) SetBudget(thinking.budget_tokens(), "thinking.budget_tokens");
  }
  return true;
}

// A budget beyond what the model takes becomes the nearest that it does, and `member` is named.
void RequestEncoder::SetBudget(int64_t budget, std::string_view member) {
  const int64_t asked = budget;
  budget = std::max(budget, traits_.least_budget);
  if (traits_.most_budget > 0) budget = std::min(budget, traits_.most_budget);
  if (budget != asked) Drop(std::string(member));
  Config()->mutable_thinking_config()->set_thinking_budget(budget);
}

void RequestEncoder::SetLevel(std::string_view level) {
  if (level == "MINIMAL" && !traits_.level_minimal) level = "LOW";
  if (level == "MEDIUM" && !traits_.level_medium) level = "HIGH";
  Config()->mutable_thinking_config()->set_thinking_level(std::string(level));
}

// No thinking, or where the model cannot do without it as little as it can, and `member` is named.
void RequestEncoder::ThinkLeast(std::string_view member) {
  if (traits_.thinking == Thinking::kLevel) {
    SetLevel("MINIMAL");
    Drop(std::string(member));
  } else {
    SetBudget(0, member);
  }
}

}  // namespace portolan::providers::gemini
