#include <algorithm>
#include <array>

#include "providers/dialects/cohere/request.h"

namespace portolan::providers::cohere {
namespace {

struct Effort {
  std::string_view name;
  int64_t budget;  // 0: as much as the model likes
};
// The lower budgets are those that Google's OpenAI endpoint has for models that take no level.
constexpr std::array<Effort, 6> kEfforts = {
    {{"minimal", 1024}, {"low", 1024}, {"medium", 8192}, {"high", 0}, {"xhigh", 0}, {"max", 0}}};

}  // namespace

bool RequestEncoder::EncodeThinking() {
  const std::string& effort = hub_.reasoning_effort();
  if (hub_.has_thinking()) {
    if (!effort.empty()) Drop("reasoning_effort");
    return EncodeNativeThinking(hub_.thinking());
  }
  return effort.empty() || EncodeEffort(effort);
}

// In Anthropic's form, or in Cohere's own, which calls the budget `token_budget`.
bool RequestEncoder::EncodeNativeThinking(const api::ThinkingConfig& thinking) {
  const MemberPath path{nullptr, "thinking"};
  const std::string& type = thinking.type();
  const bool off = type == "disabled";
  if (!off && type != "enabled" && type != "adaptive" && type != "between_tools") {
    return Fail("invalid_value", "expected enabled, adaptive or disabled; got \"" + type + "\"",
                MemberPath{&path, "type"});
  }
  if (!may_reason_) {
    if (!off) Drop(path);
    return true;
  }
  wire::Thinking* out = wire_->mutable_thinking();
  out->set_type(off ? "disabled" : "enabled");
  if (thinking.has_budget_tokens()) out->set_token_budget(thinking.budget_tokens());
  if (!thinking.display().empty()) Drop(MemberPath{&path, "display"});
  for (const api::Extra& extra : thinking.extra()) {
    const std::optional<int64_t> budget = JsonInteger(extra.json());
    if (extra.name() == "token_budget" && budget && !out->has_token_budget()) {
      out->set_token_budget(*budget);
    } else if (!IsEmptyJson(extra.json())) {
      Drop(MemberPath{&path, extra.name()});
    }
  }
  return true;
}

bool RequestEncoder::EncodeEffort(std::string_view effort) {
  const auto* const known =
      std::find_if(kEfforts.begin(), kEfforts.end(), [&](const Effort& one) { return one.name == effort; });
  const bool off = effort == "none";
  if (known == kEfforts.end() && !off) {
    return Fail(
        "invalid_value",
        "expected one of none, minimal, low, medium, high, xhigh, max; got \"" + std::string(effort) + "\"",
        "reasoning_effort");
  }
  if (!may_reason_) {
    if (!off) Drop("reasoning_effort");
    return true;
  }
  wire_->mutable_thinking()->set_type(off ? "disabled" : "enabled");
  if (!off && known->budget > 0) wire_->mutable_thinking()->set_token_budget(known->budget);
  return true;
}

}  // namespace portolan::providers::cohere
