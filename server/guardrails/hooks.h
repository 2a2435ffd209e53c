#pragma once

// Which guardrails are run. For all who only keep them or hand them on; guardrail.h has what they are.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace portolan::guardrails {

struct Guardrail;

// Guardrails in the order in which they run.
using GuardrailList = std::vector<std::shared_ptr<const Guardrail>>;

// The operator's guardrails, by their names.
using NamedGuardrails = std::map<std::string, std::shared_ptr<const Guardrail>, std::less<>>;

// What is run on the calls to a target, or on those of a caller. Immutable.
struct Hooks {
  GuardrailList input;                           // on requests, mutators among them
  GuardrailList output;                          // on answers
  std::vector<std::string> without_effect = {};  // paths of `deny` in headers that has none

  bool empty() const { return input.empty() && output.empty(); }
};

}  // namespace portolan::guardrails
