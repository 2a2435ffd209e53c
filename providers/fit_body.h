#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "providers/body_rule.h"
#include "providers/call.h"
#include "server/base/error.h"

namespace portolan::providers {

// What is applied to one request.
struct BodyFit {
  std::string_view provider;  // its name, for errors
  std::span<const BodyRule> rules;
};

// Changes the text of a request in OpenAI's dialect so that the provider takes it. Appends it to *out if
// there is anything to change, every other byte as it was, and names in *dropped what is lost; else leaves
// *out empty. Members of a type that OpenAI's API does not have there are left alone.
//
// Returns an Error (400, with the path) if what the provider cannot take would change what the answer means.
std::optional<Error> FitBody(const BodyFit& fit, const CallFacts& facts, std::string_view json,
                             std::string* out, DroppedMembers* dropped);

// Whether any of the rules is for such a call; else FitBody has nothing to do.
bool AnyApplies(const BodyFit& fit, const CallFacts& facts);

// A name for patterns, in their place: OpenAI's models that reason (`o1*`, `o3*`, `o4*`, `gpt-5*`, `gpt-6*`),
// and those made of any of its models (`ft:*`).
inline constexpr std::string_view kReasoningModels = "@reasoning";

// Written by hand, as it is asked for every call to OpenAI.
inline bool IsReasoningModel(std::string_view model) {
  if (model.starts_with("gpt-")) return model.size() > 4 && (model[4] == '5' || model[4] == '6');
  if (model.starts_with('o'))
    return model.size() > 1 && (model[1] == '1' || model[1] == '3' || model[1] == '4');
  return model.starts_with("ft:");
}

// Whether any of the rules may be for this model, at a glance.
inline bool MayApply(std::span<const BodyRule> rules, std::string_view model) {
  return rules.size() > 1 ||
         (rules.size() == 1 && (!rules[0].models.starts_with('@') || IsReasoningModel(model)));
}

// Whether `model` is one of `patterns` (BodyRule::models). Case counts.
bool IsAmongModels(std::string_view patterns, std::string_view model);

}  // namespace portolan::providers
