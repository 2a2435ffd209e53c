#include "providers/fit_body.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "providers/fit_messages.h"
#include "providers/json_edit.h"
#include "server/base/json_text.h"
#include "server/codec/string_value.h"

namespace portolan::providers {
namespace {

using Kind = BodyRule::Kind;

// What the answer would no longer be the one that was asked for without.
constexpr std::array<std::string_view, 5> kMeaning = {"n", "tools", "functions", "logprobs",
                                                      "response_format"};

bool IsMeaning(std::string_view member) {
  for (const std::string_view one : kMeaning) {
    if (one == member) return true;
  }
  return false;
}

struct Neutral {
  std::string_view member;
  std::string_view values;
};

// Values that ask for nothing but what is so without them.
constexpr std::array<Neutral, 10> kNeutral = {{{"n", "1"},
                                               {"temperature", "1|1.0"},
                                               {"top_p", "1|1.0"},
                                               {"presence_penalty", "0|0.0"},
                                               {"frequency_penalty", "0|0.0"},
                                               {"top_logprobs", "0"},
                                               {"tool_choice", "\"auto\"|\"none\""},
                                               {"function_call", "\"auto\"|\"none\""},
                                               {"response_format", R"({"type":"text"}|{"type": "text"})"},
                                               {"service_tier", "\"auto\"|\"default\""}}};

bool IsNeutral(std::string_view member, std::string_view value) {
  if (IsListed(value, "null|false|[]|{}|\"\"")) return true;
  for (const Neutral& one : kNeutral) {
    if (one.member == member) return IsListed(value, one.values);
  }
  return false;
}

bool Matches(std::string_view pattern, std::string_view text) {
  if (pattern == "*") return true;
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  pattern.remove_prefix(star + 1);
  for (size_t skipped = star; skipped <= text.size(); ++skipped) {
    if (Matches(pattern, text.substr(skipped))) return true;
  }
  return false;
}

bool Applies(const BodyRule& rule, const CallFacts& facts) {
  return (rule.operation.empty() || rule.operation == facts.operation) &&
         IsAmongModels(rule.models, facts.model);
}

bool Renames(const BodyRule& rule) { return rule.kind == Kind::kRename || rule.kind == Kind::kRenameAlone; }

// False if none of the rules has anything to do: where they do no more than rename members, a look at the
// text tells, as few requests have the older name of one. Escapes could spell it.
bool MayConcern(const BodyFit& fit, const CallFacts& facts, std::string_view json) {
  const auto any = [&](auto holds) {
    return std::any_of(fit.rules.begin(), fit.rules.end(),
                       [&](const BodyRule& rule) { return holds(rule) && Applies(rule, facts); });
  };
  if (any([](const BodyRule& rule) { return !Renames(rule); })) return true;
  return any([json](const BodyRule& rule) { return json.find(rule.members) != std::string_view::npos; }) ||
         json.find("\\u") != std::string_view::npos;
}

class Fitter {
 public:
  Fitter(const BodyFit& fit, const CallFacts& facts, std::string_view json, DroppedMembers* dropped)
      : fit_(fit), facts_(facts), body_(json), dropped_(*dropped) {}

  std::optional<Error> Run(std::string* out) {
    for (const BodyRule& rule : fit_.rules) {
      if (!Applies(rule, facts_)) continue;
      if (auto error = Apply(rule)) return error;
    }
    if (auto error = FitLists()) return error;
    if (body_.changed()) body_.Write(out);
    return std::nullopt;
  }

 private:
  std::optional<Error> Apply(const BodyRule& rule) {
    switch (rule.kind) {
      case Kind::kRename:
        Rename(rule.members, rule.value);
        return std::nullopt;
      case Kind::kRenameAlone:
        RenameAlone(rule.members, rule.value);
        return std::nullopt;
      case Kind::kUnsupported:
        return ForEach(rule.members, [this](std::string_view member) { return LeaveOut(member); });
      case Kind::kOtherWay:
        return ForEach(rule.members, [this](std::string_view member) { return LeaveToOtherWay(member); });
      case Kind::kOmit:
        return ForEach(rule.members, [this](std::string_view member) {
          body_.Remove(member);
          return std::optional<Error>();
        });
      case Kind::kOmitValue:
        if (StringAt(rule.members) == rule.value) body_.Remove(rule.members);
        return std::nullopt;
      case Kind::kDefault:
        SayByDefault(rule.members, rule.value);
        return std::nullopt;
      case Kind::kAsList:
        return ForEach(rule.members, [this](std::string_view member) {
          const std::string_view* const value = body_.Find(member);
          if (value != nullptr && *value == "null") {
            body_.Remove(member);
          } else if (value != nullptr && value->starts_with('"')) {
            body_.Set(member, "[" + std::string(*value) + "]");
          }
          return std::optional<Error>();
        });
      case Kind::kAtMost:
        return Bound(rule);
      case Kind::kExclusive:
        return OnlyOne(rule.members);
      case Kind::kRequiredIsCalled:
        if (StringAt("tool_choice") == "required") body_.Set("tool_choice", JsonString(rule.value));
        return std::nullopt;
      case Kind::kToolChoiceValues:
        return CheckToolChoice(rule.members);
      case Kind::kKeepsReasoning:
        return std::nullopt;
      default:
        lists_.push_back(&rule);
        return std::nullopt;
    }
  }

  template <typename F>
  std::optional<Error> ForEach(std::string_view members, F f) {
    while (!members.empty()) {
      if (auto error = f(TakeListed(&members))) return error;
    }
    return std::nullopt;
  }

  Error Refuse(std::string what, std::string_view member) const {
    return Error::InvalidRequest("unsupported_value", std::string(member) + ": " + std::move(what),
                                 std::string(member));
  }

  std::string StringAt(std::string_view member) const {
    const std::string_view* value = body_.Find(member);
    return value == nullptr ? std::string() : codec::StringValue(*value);
  }

  // Where both names are given, the newer one counts, which is ours.
  void Rename(std::string_view ours, std::string_view theirs) {
    const std::string_view* value = body_.Find(ours);
    if (value == nullptr) return;
    if (*value == "null") return body_.Remove(ours);
    if (const std::string_view* other = body_.Find(theirs)) {
      if (*other != *value && *other != "null") dropped_.emplace_back(theirs);
      body_.Remove(theirs);
    }
    body_.Rename(ours, theirs);
  }

  void RenameAlone(std::string_view older, std::string_view newer) {
    const std::string_view* value = body_.Find(older);
    if (value == nullptr || *value == "null") return;
    const std::string_view* other = body_.Find(newer);
    if (other != nullptr && *other != "null") return;
    body_.Remove(newer);
    body_.Rename(older, newer);
  }

  void SayByDefault(std::string_view member, std::string_view text) {
    const std::string_view* value = body_.Find(member);
    if (value == nullptr) return body_.Add(member, JsonString(text));
    if (*value == "null") body_.Set(member, JsonString(text));
  }

  std::optional<Error> LeaveToOtherWay(std::string_view member) const {
    const std::string_view* value = body_.Find(member);
    const std::string_view* messages = member == kPicturesOfTheWeb ? body_.Find("messages") : nullptr;
    const bool in_messages = messages != nullptr && HasPicturesOfTheWeb(*messages);
    if (!in_messages && (value == nullptr || *value == "null")) return std::nullopt;
    return Refuse(std::string(fit_.provider) + " takes it in an API of its own only", member);
  }

  std::optional<Error> LeaveOut(std::string_view member) {
    const std::string_view* value = body_.Find(member);
    if (value == nullptr) return std::nullopt;
    const bool neutral = IsNeutral(member, *value);
    if (!neutral && IsMeaning(member)) {
      return Refuse(std::string(fit_.provider) + " does not take it", member);
    }
    if (!neutral) dropped_.emplace_back(member);
    body_.Remove(member);
    return std::nullopt;
  }

  std::optional<Error> Bound(const BodyRule& rule) {
    const std::string_view* value = body_.Find(rule.members);
    double number = 0;
    if (value == nullptr) return std::nullopt;
    const char* const end = value->data() + value->size();
    const auto [stop, problem] = std::from_chars(value->data(), end, number);
    if (problem != std::errc() || stop != end) return std::nullopt;
    if (number < rule.low) {
      return Refuse("must be at least " + Text(rule.low) + " for " + std::string(fit_.provider),
                    rule.members);
    }
    if (number <= rule.high) return std::nullopt;
    dropped_.emplace_back(rule.members);
    body_.Set(rule.members, Text(rule.high));
    return std::nullopt;
  }

  static std::string Text(double number) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    return {text.data(), end};
  }

  std::optional<Error> OnlyOne(std::string_view members) {
    std::string_view first;
    while (!members.empty()) {
      const std::string_view member = TakeListed(&members);
      const std::string_view* value = body_.Find(member);
      if (value == nullptr || *value == "null") continue;
      if (!first.empty()) {
        return Refuse(std::string(fit_.provider) + " takes either this or " + std::string(first), member);
      }
      first = member;
    }
    return std::nullopt;
  }

  std::optional<Error> CheckToolChoice(std::string_view words) const {
    const std::string_view* value = body_.Find("tool_choice");
    if (value == nullptr || *value == "null" || IsListed(StringAt("tool_choice"), words)) return std::nullopt;
    return Refuse(std::string(fit_.provider) + " takes these only: " + std::string(words), "tool_choice");
  }

  std::optional<Error> FitLists() {
    if (lists_.empty()) return std::nullopt;
    std::string edited;
    if (const std::string_view* messages = body_.Find("messages")) {
      FitMessages(lists_, *messages, &edited, &dropped_);
      if (!edited.empty()) body_.Set("messages", std::exchange(edited, {}));
    }
    if (const std::string_view* tools = body_.Find("tools")) {
      if (auto error = FitTools(lists_, fit_.provider, *tools, &edited, &dropped_)) return error;
      if (!edited.empty()) body_.Set("tools", std::move(edited));
    }
    return std::nullopt;
  }

  const BodyFit& fit_;
  const CallFacts& facts_;
  JsonObjectEdit body_;
  DroppedMembers& dropped_;
  ListRules lists_;  // those of messages and tools
};

}  // namespace

bool IsAmongModels(std::string_view patterns, std::string_view model) {
  if (patterns.empty()) return true;
  if (patterns.front() == kReasoningModels.front()) return IsReasoningModel(model);
  const bool others = patterns.front() == '!';
  if (others) patterns.remove_prefix(1);
  while (!patterns.empty()) {
    if (Matches(TakeListed(&patterns), model)) return !others;
  }
  return others;
}

bool AnyApplies(const BodyFit& fit, const CallFacts& facts) {
  return std::any_of(fit.rules.begin(), fit.rules.end(),
                     [&](const BodyRule& rule) { return Applies(rule, facts); });
}

std::optional<Error> FitBody(const BodyFit& fit, const CallFacts& facts, std::string_view json,
                             std::string* out, DroppedMembers* dropped) {
  if (!MayConcern(fit, facts, json)) return std::nullopt;
  return Fitter(fit, facts, json, dropped).Run(out);
}

}  // namespace portolan::providers
