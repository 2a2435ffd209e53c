#pragma once

// Guardrails: checks that belong together, with what their verdict does. Read from Portkey's two forms
// (https://portkey.ai/docs/product/guardrails): the short one, `{"default.contains": {…}, "deny": true}`, and
// the long one, `{"type": "guardrail", "checks": [{"id": …, "parameters": {…}}], "deny": true}`.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/guardrails/check.h"
#include "server/guardrails/view.h"

namespace portolan::guardrails {

// How a guardrail treats a streamed answer.
enum class StreamMode : uint8_t { kAuto, kWhole, kWindow, kAfter };

struct Guardrail {
  std::string id;        // empty: it has none
  std::string name;      // in the operator's file, which it is then from; empty: it came with the call
  bool reveal = false;   // what its checks found is told although it is the operator's
  bool mutator = false;  // its checks change, and do not judge
  bool deny = false;
  bool async = false;
  bool sequential = false;
  StreamMode stream = StreamMode::kAuto;
  int64_t window = 512;              // characters held back of a stream
  nlohmann::json on_fail = nullptr;  // `{"feedback": {"value", "weight", "metadata"}}`
  nlohmann::json on_success = nullptr;
  std::vector<Check> checks;  // those that are enabled
};

// Reads one guardrail at `path`, in either form. nullopt, with the first thing that is wrong in *problem, if
// it is none.
std::optional<Guardrail> ReadGuardrail(const nlohmann::json& json, const std::string& path, Problem* problem);

// Reads a list of them.
std::optional<std::vector<Guardrail>> ReadGuardrails(const nlohmann::json& json, const std::string& path,
                                                     Problem* problem);

// Guardrails in the order in which they run.
using GuardrailList = std::vector<std::shared_ptr<const Guardrail>>;

// The operator's guardrails, by their names.
using NamedGuardrails = std::map<std::string, std::shared_ptr<const Guardrail>, std::less<>>;

// What is run on the calls to a target, or on those of a caller. Immutable.
struct Hooks {
  GuardrailList input;   // on requests, mutators among them
  GuardrailList output;  // on answers

  bool empty() const { return input.empty() && output.empty(); }
};

struct CheckResult {
  std::string id;
  Finding finding;
  bool transformed = false;
  bool passes = false;  // a check that errs passes only if its parameters say so
};

struct GuardrailResult {
  bool passes = true;
  bool transformed = false;
  std::vector<CheckResult> checks;
};

// Looks at the texts of `view`, check by check in their order; what one has changed is what the next sees.
// Pure but for the changes.
GuardrailResult RunGuardrail(const Guardrail& guardrail, const CallFacts& facts, View* view);

}  // namespace portolan::guardrails
