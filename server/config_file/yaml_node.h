#pragma once

// A YAML document as a tree: what yaml-cpp makes of the text, with aliases replaced by copies of what they
// stand for.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/config_file/config_file.h"

namespace portolan::config {

// Both count from 1, columns in characters; 0: none in particular.
struct Position {
  int line = 0;
  int column = 0;
};

// One value, and the key it stands under.
class YamlNode {
 public:
  enum class Type : uint8_t { kNull, kScalar, kSequence, kMap };

  Type type = Type::kNull;
  bool quoted = false;    // kScalar: cannot be anything but a string
  std::string text = {};  // kScalar: unescaped
  Position at = {};
  std::string key = {};  // in a map
  Position key_at = {};
  const YamlNode* parent = nullptr;  // nullptr: the document
  size_t index = 0;                  // among the parent's children
  std::vector<std::unique_ptr<YamlNode>> children = {};

  // The member of a map; nullptr if there is none.
  const YamlNode* Member(std::string_view name) const;
  // The members of the map that is a member of this one; none if there is no such map.
  std::vector<const YamlNode*> Members(std::string_view name) const;
  // Follows `listen.http` or `targets[1].retry` down from here, as far as it goes. *whole says whether that
  // was all.
  const YamlNode& Find(std::string_view path, bool* whole) const;
  // From the document to here: `routes.main.targets[1]`. Long and unprintable keys are made fit for a
  // message.
  std::string Path() const;
  // No scalar stands anywhere in it.
  bool SaysNothing() const;
  // Where the value is `null`, or absent altogether with `node` null.
  static bool IsNull(const YamlNode* node) { return node == nullptr || node->type == Type::kNull; }

  ConfigProblem Problem(std::string problem) const;       // at the value
  ConfigProblem ProblemOfKey(std::string problem) const;  // at the key
};

// Parses one document; an empty one is a map without members. Adds what is wrong to *problems. nullptr if the
// text is not YAML or past the limits: 1 MB, 64 levels, 50,000 values; otherwise the tree, in which what was
// wrong is left out (a key that stands twice) or null (a value with a tag).
std::unique_ptr<const YamlNode> ParseYaml(std::string_view text, ConfigProblems* problems);

// The JSON of a scalar by YAML's core schema: `0x10` is 16, `True` is true, what is quoted is a string. False
// for what JSON cannot say: infinities and what is not a number.
bool AppendScalarJson(const YamlNode& node, std::string* json);

}  // namespace portolan::config
