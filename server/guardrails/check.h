#pragma once

// Checks: what is looked for in what is asked and answered. A check is made of an id and parameters, once,
// and looks at many texts. docs/guardrails.md lists them all, made from CheckTable().

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::guardrails {

// What is wrong in a config: where (`input_guardrails[0]["default.contains"].words`), and why. Never quotes a
// value that may be a secret.
struct Problem {
  std::string path;
  std::string message;
};

enum class Verdict : uint8_t {
  kPass,
  kFail,
  kError,  // it could not be told
};

// What a check found.
struct Finding {
  Verdict verdict = Verdict::kPass;
  nlohmann::json data = nullptr;  // for `hook_results`; `explanation` says it for a person
};

// What checks may ask of a call besides its texts. The views must outlive the look.
struct CallFacts {
  std::string_view model;         // that the target is asked for; empty: none is known
  std::string_view request_type;  // Portkey's word for the operation: `chatComplete`, `complete`, `embed` …
  nlohmann::json metadata = nullptr;  // an object, or null
};

// Which texts a check looks at. All that it looks at must pass.
enum class Looks : uint8_t {
  kAtEverything,  // it forbids or changes: all that is said
  kAtTheLast,     // it demands: a request's last message, or each choice of an answer
  kAtTheCall,     // not at texts
};

// A message of its own that a check puts before a request (`addPrefix`).
struct Prefix {
  std::string text;
  std::string role;
  bool add_to_existing = true;
  bool only_if_empty = false;
};

// One check, ready to look. Immutable, and its functions are thread-safe and pure.
struct Check {
  std::string id;  // `default.contains`
  Looks looks = Looks::kAtEverything;
  // Of what Looks::kAtEverything means, only messages of these roles, or only the last. Empty: all.
  std::vector<std::string> roles = {};
  bool only_last = false;
  bool pass_on_error = false;  // `failOnError: false`

  // Exactly one of these is there, but that what changes may also forbid.
  std::function<Finding(std::string_view text)> look = nullptr;
  std::function<Finding(const CallFacts& facts)> look_at_call = nullptr;
  // Changes a text; false if there was nothing to change.
  std::function<bool(std::string* text)> change = nullptr;
  std::optional<Prefix> prefix = std::nullopt;

  bool changes() const { return change != nullptr || prefix.has_value(); }
};

// How one check is spoken of and made.
struct CheckKind {
  std::string_view name;        // `contains`; behind `default.`, or whole if it has a dot
  std::string_view alias;       // another name for it; empty: none
  std::string_view parameters;  // for docs/guardrails.md
  std::string_view passes;      // when it passes
  // Reads the parameters.
  void (*make)(class Parameters& parameters, Check* check);
};

// Every check that there is. Static.
std::span<const CheckKind> CheckTable();

// Makes a check. `id` without a dot means `default.ID`; `parameters` are at `path`. nullopt with *problem if
// there is no such check or its parameters make no sense.
std::optional<Check> MakeCheck(std::string_view id, const nlohmann::json& parameters, const std::string& path,
                               Problem* problem);

// docs/guardrails.md's table.
std::string CheckTableMarkdown();

}  // namespace portolan::guardrails
