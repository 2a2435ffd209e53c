#pragma once

// Checks: what is looked for in what is asked and answered. A check is made of an id and parameters, once,
// and looks at many texts. docs/guardrails.md lists them all, made from CheckTable().

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/guardrails/match_shape.h"

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

// A place in a text where a check has found something. Offsets are in bytes.
struct Match {
  // Not a thing by itself, but more of what was found before.
  static constexpr size_t kMore = SIZE_MAX;

  size_t begin = 0;
  size_t end = 0;
  size_t label = 0;              // which of the things that the check looks for, from 0
  std::string replacement = {};  // what takes its place, if the check changes
};

// A text that may not be all there yet.
struct Stretch {
  std::string_view text;
  size_t until = 0;  // only matches that begin before this are wanted
  size_t end = 0;    // matches end here at most; what stands behind is there to tell the ends of words

  // A text that is all there. Only there `end` is that of the text.
  static Stretch Whole(std::string_view text);
};

// How far a check has looked through a text, whose beginning may be forgotten.
struct Cursor {
  std::vector<size_t> at = {};  // where each of its searches goes on
  size_t covered = 0;           // the end of what matches have taken

  size_t& At(size_t search);
  void Forget(size_t bytes);  // so much of the text's beginning
};

// Appends the matches that begin where the cursor is or behind, and moves it to `until` at least.
using FindFunction = std::function<void(const Stretch& stretch, Cursor* cursor, std::vector<Match>* matches)>;

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

struct Network;

// One check, ready to look. Immutable, and its functions are thread-safe and pure but for what they are given
// to change.
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
  // It asks the network (question.h).
  std::shared_ptr<const Network> network = nullptr;
  bool may_replace = false;  // what it is told may make it replace what it looks at

  // For checks that look for something at some place of a text: the same as `look` and `change`, for texts
  // that come bit by bit. What `find` finds for a check that changes is in order and does not overlap. `tell`
  // makes the finding of how often each of the `labels` things was found. nullptr: only a whole text can be
  // judged.
  FindFunction find = nullptr;
  std::function<Finding(const std::vector<size_t>& counts)> tell = nullptr;
  size_t labels = 1;
  // Of `find`: what matches look like, one shape at least; each match has one of them. What decides about a
  // match is within what the shape leaves for it and one character more on either side.
  std::vector<MatchShape> shapes = {MatchShape{}};
  // What has been found cannot be undone by what follows: a check that forbids may say so at once.
  bool finds_for_good = false;

  bool changes() const { return change != nullptr || prefix.has_value() || may_replace; }
  // The most characters that a match may have, if there is a bound.
  std::optional<size_t> longest_match() const { return LongestOf(shapes); }
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
