#pragma once

// Guardrails: checks that belong together, with what their verdict does. Read from Portkey's two forms
// (https://portkey.ai/docs/product/guardrails): the short one, `{"default.contains": {…}, "deny": true}`, and
// the long one, `{"type": "guardrail", "checks": [{"id": …, "parameters": {…}}], "deny": true}`.

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/guardrails/check.h"
#include "server/guardrails/hooks.h"
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

  // Whether one of its checks may change what it looks at.
  bool changes() const {
    return std::any_of(checks.begin(), checks.end(), [](const Check& check) { return check.changes(); });
  }
};

// Reads one guardrail at `path`, in either form. nullopt, with the first thing that is wrong in *problem, if
// it is none.
std::optional<Guardrail> ReadGuardrail(const nlohmann::json& json, const std::string& path, Problem* problem);

// Reads a list of them.
std::optional<std::vector<Guardrail>> ReadGuardrails(const nlohmann::json& json, const std::string& path,
                                                     Problem* problem);

struct CheckResult {
  std::string id;
  Finding finding;
  bool transformed = false;
  bool passes = false;     // a check that errs passes only if its parameters say so
  bool is_beside = false;  // nobody waits for what becomes of it (Network::is_beside)
};

struct GuardrailResult {
  bool passes = true;
  bool transformed = false;
  std::vector<CheckResult> checks;
};

// Whether a check, of all that is said, looks at what is said in messages of this role.
bool LooksAt(const Check& check, std::string_view role, bool is_last);

// Of two findings the first that fails tells why; an error is worse than a failure. `worst` without data is
// none yet.
void KeepWorst(Finding finding, Finding* worst);

// What a check says of one text. JSON is looked at as it is written and as it is meant. REQUIRES: check.look.
Finding LookAtPiece(const Check& check, const Piece& piece);

// What one check finds, and changes. A check of the network cannot tell: nobody is asked.
CheckResult RunCheck(const Check& check, const CallFacts& facts, View* view);

// Whether a check passes that has found this.
bool Passes(const Check& check, const Finding& finding);

// Whether any of its checks asks the network.
bool AsksNetwork(const Guardrail& guardrail);

// Looks at the texts of `view`, check by check in their order; what one has changed is what the next sees.
// Pure but for the changes. Checks of the network cannot tell; guardrail_run.h is for those.
GuardrailResult RunGuardrail(const Guardrail& guardrail, const CallFacts& facts, View* view);

}  // namespace portolan::guardrails
