#pragma once

// JSON for tests of fidelity: an own reader that keeps what others lose (number spelling, member order,
// duplicate names, the text of each value) and a comparison of values that is as strict as JSON allows.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::test {

struct JsonNode {
  enum class Kind { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  std::string_view raw;            // the value as it stands in the text it was read from
  std::string text;                // kString: unescaped, a lone surrogate as three bytes; kNumber: as spelt
  std::vector<JsonNode> items;     // of an array or object, in order
  std::vector<std::string> names;  // kObject: unescaped, one for each item
  // The last member of this name; nullptr if there is none.
  const JsonNode* Find(std::string_view name) const;
  const JsonNode* At(std::string_view name, std::string_view inner) const;
};

// Reads exactly one value (RFC 8259, at most 2000 levels deep); nullopt if `json` is anything else. The nodes
// point into `json`.
std::optional<JsonNode> ParseJson(std::string_view json);

// Where two values differ (`choices[0].delta: member "x" is missing`), or "" if they are the same: same
// kinds, same strings, same elements in the same order, same members. Integers of at most 64 bits have the
// same digits, other numbers are the same double. Members whose names are not in `known` stand in the same
// order among themselves; with `known` null no order of members counts.
std::string Difference(const JsonNode& expected, const JsonNode& actual,
                       const std::set<std::string>* known = nullptr);
// The same for texts; what is not JSON differs from everything.
std::string Difference(std::string_view expected, std::string_view actual,
                       const std::set<std::string>* known = nullptr);

}  // namespace portolan::test
