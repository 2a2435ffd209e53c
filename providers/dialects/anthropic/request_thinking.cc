#include <algorithm>
#include <array>

#include "providers/dialects/anthropic/request.h"

namespace portolan::providers::anthropic {
namespace {

constexpr int64_t kLeastBudget = 1024;  // the API's own bound

struct Effort {
  std::string_view name;
  int64_t budget;  // for models that take a budget instead, in tokens
};
constexpr std::array<Effort, 6> kEfforts = {{{"minimal", kLeastBudget},
                                             {"low", 2048},
                                             {"medium", 8192},
                                             {"high", 16384},
                                             {"xhigh", 32000},
                                             {"max", 32000}}};

bool HasType(const Blocks& blocks, std::string_view type) {
  return std::any_of(blocks.begin(), blocks.end(),
                     [&](const api::ContentBlock& b) { return b.type() == type; });
}

const Blocks& BlocksOf(const wire::Message& message) { return message.content().blocks().items(); }

// Whether a message is nothing but answers of tools: the assistant's turn goes on after it.
bool IsToolResults(const wire::Message& message) {
  const Blocks& blocks = BlocksOf(message);
  return !blocks.empty() && std::all_of(blocks.begin(), blocks.end(), [](const api::ContentBlock& block) {
    return block.type() == "tool_result";
  });
}

// Whether the model is to go on with a turn of its own, after tool results or from its beginning, that holds
// no thinking: with thinking by budget switched on, the API refuses that.
bool ContinuesWithoutThinking(const wire::MessagesRequest& request) {
  int at = request.messages_size() - 1;
  bool goes_on = request.messages(at).role() == "assistant";
  // Neighbours of one role count as one message.
  for (; at >= 0 && request.messages(at).role() != "assistant"; --at) {
    goes_on |= HasType(BlocksOf(request.messages(at)), "tool_result");
  }
  if (!goes_on || at < 0) return false;
  for (; at >= 0; --at) {
    const wire::Message& message = request.messages(at);
    const bool own = message.role() == "assistant";
    if (!own && !IsToolResults(message)) break;
    const Blocks& blocks = BlocksOf(message);
    if (own && (HasType(blocks, "thinking") || HasType(blocks, "redacted_thinking"))) return false;
  }
  return true;
}

}  // namespace

bool RequestEncoder::EncodeThinking() {
  const std::string& effort = hub_.reasoning_effort();
  if (hub_.has_thinking() && hub_.thinking().type() == "enabled" && ContinuesWithoutThinking(*wire_)) {
    Drop("thinking");
  } else if (hub_.has_thinking()) {
    const api::ThinkingConfig& from = hub_.thinking();
    wire::Thinking* to = wire_->mutable_thinking();
    if (from.has_type()) to->set_type(from.type());
    if (from.has_budget_tokens()) to->set_budget_tokens(from.budget_tokens());
    if (from.has_display()) to->set_display(from.display());
    *to->mutable_extra() = from.extra();
    RaiseMaxTokens(from.budget_tokens());
  }
  if (effort.empty()) return true;
  if (effort == "none") {
    if (!hub_.has_thinking() && traits_.thinking == ClaudeTraits::Thinking::kDefault) {
      wire_->mutable_thinking()->set_type("disabled");
    }
    return true;
  }
  return EncodeEffort(effort);
}

bool RequestEncoder::EncodeEffort(std::string_view effort) {
  const bool known =
      std::any_of(kEfforts.begin(), kEfforts.end(), [&](const Effort& e) { return e.name == effort; });
  if (!known) {
    return Fail(
        "invalid_value",
        "expected one of none, minimal, low, medium, high, xhigh, max; got \"" + std::string(effort) + "\"",
        "reasoning_effort");
  }
  const bool too_high =
      (effort == "xhigh" && !traits_.effort_xhigh) || (effort == "max" && !traits_.effort_max);
  if (traits_.effort) {
    std::string_view level = effort == "minimal" ? "low" : effort;
    if (too_high) level = "high";
    wire_->mutable_output_config()->set_effort(std::string(level));
  }
  if (hub_.has_thinking()) {
    if (!traits_.effort) Drop("reasoning_effort");
    return true;
  }
  // A forced tool call and thinking exclude each other.
  const std::string& choice = wire_->tool_choice().type();
  const bool forced = choice == "any" || choice == "tool";
  switch (traits_.thinking) {
    case ClaudeTraits::Thinking::kDefault:
      return true;
    case ClaudeTraits::Thinking::kAdaptive:
      if (forced) return true;
      wire_->mutable_thinking()->set_type("adaptive");
      thinking_is_derived_ = true;
      return true;
    case ClaudeTraits::Thinking::kBudget:
      if (!forced && !ContinuesWithoutThinking(*wire_)) EncodeThinkingBudget(effort);
      break;
    case ClaudeTraits::Thinking::kNone:
      break;
  }
  if (!thinking_is_derived_ && !traits_.effort) Drop("reasoning_effort");
  return true;
}

// Thinking counts toward max_tokens: at most half of it, so that an answer is left.
void RequestEncoder::EncodeThinkingBudget(std::string_view effort) {
  int64_t budget = 0;
  for (const Effort& entry : kEfforts) {
    if (entry.name == effort) budget = entry.budget;
  }
  budget = std::min(budget, wire_->max_tokens() / 2);
  if (budget < kLeastBudget) return;
  wire_->mutable_thinking()->set_type("enabled");
  wire_->mutable_thinking()->set_budget_tokens(budget);
  thinking_is_derived_ = true;
}

}  // namespace portolan::providers::anthropic
