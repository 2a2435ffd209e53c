#include <algorithm>
#include <array>

#include "providers/dialects/bedrock/request.h"

namespace portolan::providers::bedrock {
namespace {

using Thinking = ClaudeTraits::Thinking;

constexpr int64_t kLeastBudget = 1024;  // Claude's own bound

struct Effort {
  std::string_view name;
  int64_t budget;             // for Claude models that take a budget instead, in tokens
  std::string_view of_three;  // for models that know three
};
constexpr std::array<Effort, 6> kEfforts = {{{"minimal", kLeastBudget, "low"},
                                             {"low", 2048, "low"},
                                             {"medium", 8192, "medium"},
                                             {"high", 16384, "high"},
                                             {"xhigh", 32000, "high"},
                                             {"max", 32000, "high"}}};

const Effort* FindEffort(std::string_view name) {
  const auto* const found = std::find_if(kEfforts.begin(), kEfforts.end(),
                                         [&](const Effort& effort) { return effort.name == name; });
  return found == kEfforts.end() ? nullptr : found;
}

bool HasReasoning(const wire::Message& message) {
  return std::any_of(message.content().begin(), message.content().end(),
                     [](const wire::ContentBlock& block) { return block.has_reasoning_content(); });
}

bool IsResultsOnly(const wire::Message& message) {
  return std::all_of(message.content().begin(), message.content().end(), IsToolResult);
}

// Whether the model is to go on with a turn of its own, after tool results or from its beginning, that holds
// no reasoning: with thinking by budget switched on, Claude refuses that.
bool ContinuesWithoutReasoning(const wire::ConverseRequest& request) {
  int at = request.messages_size() - 1;
  const wire::Message& last = request.messages(at);
  const bool goes_on = last.role() == "assistant" ||
                       std::any_of(last.content().begin(), last.content().end(),
                                   [](const wire::ContentBlock& block) { return block.has_tool_result(); });
  if (!goes_on) return false;
  if (last.role() != "assistant") --at;
  if (at < 0) return false;
  for (; at >= 0; --at) {
    const wire::Message& message = request.messages(at);
    const bool own = message.role() == "assistant";
    if (!own && !IsResultsOnly(message)) break;
    if (own && HasReasoning(message)) return false;
  }
  return true;
}

std::string ThinkingJson(const api::ThinkingConfig& from) {
  std::string json = "{";
  const auto add = [&](std::string_view name, std::string_view value) {
    if (json.size() > 1) json += ',';
    json.append(JsonString(name)).append(":").append(value);
  };
  if (from.has_type()) add("type", JsonString(from.type()));
  if (from.has_budget_tokens()) add("budget_tokens", std::to_string(from.budget_tokens()));
  if (from.has_display()) add("display", JsonString(from.display()));
  for (const api::Extra& extra : from.extra()) add(extra.name(), extra.json());
  return json += '}';
}

}  // namespace

bool RequestEncoder::EncodeReasoning() {
  if (hub_.has_thinking() && !EncodeThinking()) return false;
  const std::string& effort = hub_.reasoning_effort();
  if (effort.empty()) return true;
  if (effort == "none") {
    const bool thinks = model_.is_claude && model_.claude.thinking == Thinking::kDefault;
    if (thinks && !hub_.has_thinking()) AddField("thinking", R"({"type":"disabled"})");
    return true;
  }
  const Effort* const known = FindEffort(effort);
  if (known == nullptr) {
    return Fail("invalid_value",
                "expected one of none, minimal, low, medium, high, xhigh, max; got \"" + effort + "\"",
                "reasoning_effort");
  }
  if (model_.is_claude) return EncodeClaudeEffort(effort);
  if (model_.is_gpt_oss) {
    AddField("reasoning_effort", JsonString(known->of_three));
  } else if (model_.is_nova_2) {
    EncodeNovaEffort(known->of_three);
  } else {
    Drop("reasoning_effort");
  }
  return true;
}

// In Claude's own form, which no other model takes.
bool RequestEncoder::EncodeThinking() {
  const api::ThinkingConfig& thinking = hub_.thinking();
  if (!model_.is_claude && !model_.is_unknown) {
    if (thinking.type() != "disabled") Drop("thinking");
    return true;
  }
  if (thinking.type() == "enabled" && ContinuesWithoutReasoning(*wire_)) {
    Drop("thinking");
    return true;
  }
  AddField("thinking", ThinkingJson(thinking));
  // A caller that sets a budget but no limit wants at least the budget.
  const bool limited = wire_->inference_config().has_max_tokens();
  if (thinking.budget_tokens() > 0 && !limited) {
    constexpr int64_t kMost = int64_t{1} << 31;
    const int64_t least = std::min(thinking.budget_tokens(), kMost) + 1;
    wire_->mutable_inference_config()->set_max_tokens(std::max(least, model_.claude.max_output_tokens));
  }
  return true;
}

bool RequestEncoder::EncodeClaudeEffort(std::string_view effort) {
  const ClaudeTraits& claude = model_.claude;
  if (claude.effort) {
    const bool too_high =
        (effort == "xhigh" && !claude.effort_xhigh) || (effort == "max" && !claude.effort_max);
    std::string_view level = effort == "minimal" ? "low" : effort;
    if (too_high) level = "high";
    wire_->mutable_output_config()->set_effort(std::string(level));
  }
  // A forced tool call and thinking exclude each other.
  if (!hub_.has_thinking() && claude.thinking == Thinking::kAdaptive && !forced_call_) {
    AddField("thinking", R"({"type":"adaptive"})");
    thinking_is_derived_ = true;
  }
  const bool by_budget = !hub_.has_thinking() && claude.thinking == Thinking::kBudget && !forced_call_;
  if (by_budget && !ContinuesWithoutReasoning(*wire_)) EncodeThinkingBudget(FindEffort(effort)->budget);
  if (!thinking_is_derived_ && !claude.effort) Drop("reasoning_effort");
  return true;
}

// Thinking counts toward the limit: at most half of it, so that an answer is left.
void RequestEncoder::EncodeThinkingBudget(int64_t budget) {
  wire::InferenceConfig* config = wire_->mutable_inference_config();
  const int64_t limit = config->has_max_tokens() ? config->max_tokens() : model_.claude.max_output_tokens;
  budget = std::min(budget, limit / 2);
  if (budget < kLeastBudget) return;
  config->set_max_tokens(limit);
  AddField("thinking", R"({"type":"enabled","budget_tokens":)" + std::to_string(budget) + "}");
  thinking_is_derived_ = true;
}

// At its highest, Nova takes neither a limit nor sampling parameters.
void RequestEncoder::EncodeNovaEffort(std::string_view effort) {
  const bool held = wire_->inference_config().has_max_tokens() || hub_.has_temperature() ||
                    hub_.has_top_p() || hub_.has_top_k();
  if (effort == "high" && held) {
    effort = "medium";
    Drop("reasoning_effort");
  }
  AddField("reasoningConfig", R"({"type":"enabled","maxReasoningEffort":)" + JsonString(effort) + "}");
}

}  // namespace portolan::providers::bedrock
