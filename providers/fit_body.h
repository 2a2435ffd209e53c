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

// Whether `model` is one of `patterns` (BodyRule::models). Case counts.
bool IsAmongModels(std::string_view patterns, std::string_view model);

}  // namespace portolan::providers
