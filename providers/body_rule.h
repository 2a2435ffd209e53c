#pragma once

// How the requests of an OpenAI-compatible provider have to differ from OpenAI's. A row of the table of
// providers lists such rules; providers/fit_body.h applies them to the text of a request.

#include <cstdint>
#include <string_view>

namespace portolan::providers {

// Lists in it are separated by `|`. Literal, so that a row is data.
struct BodyRule {
  enum class Kind : uint8_t {
    // Of top-level members.
    kRename,       // `members` is called `value` there
    kRenameAlone,  // the same where there is no `value`; else both stay as they are
    kUnsupported,  // not taken: left out and named; refused where the answer would mean something else
    kOmit,         // not taken, and nothing is lost by that: left out
    kOmitValue,    // not taken if its value is the text `value`, which is what goes without saying: left out
    kDefault,      // `members` is the text `value` where the caller does not say it
    kAsList,       // a text of `members` becomes a list of one
    kAtMost,       // a number above `high` becomes `high`, and is named; one below `low` is refused
    kExclusive,    // only one of `members`
    // Of messages.
    kDeveloperIsSystem,
    kTextAsString,    // a list of nothing but text parts is one string there; `members`: roles, empty: all
    kMessageMember,   // `members` of messages: left out and named
    kNullsOfMessage,  // null members of messages are left out, but for `content`
    kToolCallIds,     // ids of calls that are not nine letters or digits become such
    kOtherWay,        // `members` are for another way of the provider's to say the operation: see OtherWay
    kKeepsReasoning,  // earlier turns come with their `reasoning_content`: translation does not leave it out
    // Of tools.
    kStrictOfTools,      // `strict` of functions: left out and named
    kOnlyFunctionTools,  // tools of other types are refused
    kRequiredIsCalled,   // `tool_choice: "required"` is spelt `value`
    kToolChoiceValues,   // a `tool_choice` other than one of `members` is refused
  };

  Kind kind = Kind::kOmit;
  std::string_view members = {};
  std::string_view value = {};
  double low = 0;
  double high = 0;
  std::string_view operation = {};  // it holds for this one only; empty: for all
  // It holds for models of these names only, with `*` for any text; `!` before the list: for all others.
  // Empty: for all.
  std::string_view models = {};

  constexpr BodyRule In(std::string_view only) const {
    BodyRule rule = *this;
    rule.operation = only;
    return rule;
  }
  constexpr BodyRule For(std::string_view patterns) const {
    BodyRule rule = *this;
    rule.models = patterns;
    return rule;
  }
};

constexpr BodyRule Rename(std::string_view ours, std::string_view theirs) {
  return {.kind = BodyRule::Kind::kRename, .members = ours, .value = theirs};
}
constexpr BodyRule RenameAlone(std::string_view older, std::string_view newer) {
  return {.kind = BodyRule::Kind::kRenameAlone, .members = older, .value = newer};
}
constexpr BodyRule Unsupported(std::string_view members) {
  return {.kind = BodyRule::Kind::kUnsupported, .members = members};
}
constexpr BodyRule ForOtherWay(std::string_view members) {
  return {.kind = BodyRule::Kind::kOtherWay, .members = members};
}
constexpr BodyRule Omit(std::string_view members) {
  return {.kind = BodyRule::Kind::kOmit, .members = members};
}
constexpr BodyRule OmitValue(std::string_view member, std::string_view text) {
  return {.kind = BodyRule::Kind::kOmitValue, .members = member, .value = text};
}
constexpr BodyRule Default(std::string_view member, std::string_view text) {
  return {.kind = BodyRule::Kind::kDefault, .members = member, .value = text};
}
constexpr BodyRule AsList(std::string_view members) {
  return {.kind = BodyRule::Kind::kAsList, .members = members};
}
constexpr BodyRule Between(double low, std::string_view member, double high) {
  return {.kind = BodyRule::Kind::kAtMost, .members = member, .low = low, .high = high};
}
constexpr BodyRule OnlyOneOf(std::string_view members) {
  return {.kind = BodyRule::Kind::kExclusive, .members = members};
}
constexpr BodyRule DeveloperIsSystem() { return {.kind = BodyRule::Kind::kDeveloperIsSystem}; }
constexpr BodyRule TextAsString(std::string_view roles = {}) {
  return {.kind = BodyRule::Kind::kTextAsString, .members = roles};
}
constexpr BodyRule NotInMessages(std::string_view members) {
  return {.kind = BodyRule::Kind::kMessageMember, .members = members};
}
constexpr BodyRule NoNullsInMessages() { return {.kind = BodyRule::Kind::kNullsOfMessage}; }
constexpr BodyRule NineCharacterCallIds() { return {.kind = BodyRule::Kind::kToolCallIds}; }
constexpr BodyRule KeepsReasoning() { return {.kind = BodyRule::Kind::kKeepsReasoning}; }
constexpr BodyRule NoStrictTools() { return {.kind = BodyRule::Kind::kStrictOfTools}; }
constexpr BodyRule OnlyFunctionTools() { return {.kind = BodyRule::Kind::kOnlyFunctionTools}; }
constexpr BodyRule RequiredIsCalled(std::string_view word) {
  return {.kind = BodyRule::Kind::kRequiredIsCalled, .value = word};
}
constexpr BodyRule ToolChoices(std::string_view words) {
  return {.kind = BodyRule::Kind::kToolChoiceValues, .members = words};
}

}  // namespace portolan::providers
