#pragma once

// JSON for tests of fidelity: a reader that keeps what others lose (the spelling of numbers, the order of
// members, duplicate names, the text of each value), and a comparison of values as strict as JSON allows.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::test {

struct JsonNode {
  enum class Kind { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  std::string_view raw;            // the value's own text
  std::string text;                // kString: unescaped, a lone surrogate as three bytes; kNumber: as spelt
  std::vector<JsonNode> items;     // of an array or object, in order
  std::vector<std::string> names;  // kObject: unescaped, one for each item
  // The last member called `name`; nullptr if there is none.
  const JsonNode* Find(std::string_view name) const;
  const JsonNode* At(std::string_view name, std::string_view inner) const;
};

// Reads exactly one value (RFC 8259, at most 2000 levels deep); nullopt if `json` is anything else. The nodes
// point into `json`.
std::optional<JsonNode> ParseJson(std::string_view json);

// Where two values differ (`choices[0].delta: member "x" is missing`), or "" if they are the same: the same
// kinds, the same strings, the same elements in the same order, the same members. Integers of at most 64 bits
// must have the same digits, other numbers be the same double. Members whose names are not in `known` must be
// in the same order among themselves; if `known` is null, the order of members does not count.
std::string Difference(const JsonNode& expected, const JsonNode& actual,
                       const std::set<std::string>* known = nullptr);
// The same for texts. A text that is not JSON differs from everything.
std::string Difference(std::string_view expected, std::string_view actual,
                       const std::set<std::string>* known = nullptr);

}  // namespace portolan::test
