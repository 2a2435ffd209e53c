#pragma once

// A YAML document as a tree, with aliases replaced by copies of their values.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/config_file/config_file.h"

namespace portolan::config {

// Lines and columns count from 1, columns in characters; 0: no place in particular.
struct Position {
  int line = 0;
  int column = 0;
};

// One value, with its key if it is in a map.
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

  // The value of this key; nullptr if there is none or this is not a map.
  const YamlNode* Member(std::string_view name) const;
  // The values of the map that this key has; none if that is not a map.
  std::vector<const YamlNode*> Members(std::string_view name) const;
  // Follows a path such as `listen.http` or `targets[1].retry` from here as far as it goes. *whole is set if
  // that is to its end.
  const YamlNode& Find(std::string_view path, bool* whole) const;
  // The path from the document to here: `routes.main.targets[1]`. Long and unprintable keys are made fit for
  // a message.
  std::string Path() const;
  // Whether there is no scalar anywhere in it.
  bool SaysNothing() const;
  // Whether the value is `null`, or absent, with `node` null.
  static bool IsNull(const YamlNode* node) { return node == nullptr || node->type == Type::kNull; }

  ConfigProblem Problem(std::string problem) const;       // at the value
  ConfigProblem ProblemOfKey(std::string problem) const;  // at the key
};

// Parses one document; an empty one is a map without members. Adds what is wrong to *problems. nullptr if the
// text is not YAML or exceeds a limit: 1 MB, 80 levels, 50,000 values. Otherwise the tree, in which wrong
// parts are left out (a key that occurs twice) or null (a value with a tag).
std::unique_ptr<const YamlNode> ParseYaml(std::string_view text, ConfigProblems* problems);

// Appends the JSON of a scalar by YAML's core schema: `0x10` is 16, `True` is true, quoted text is a string.
// False for what JSON does not have: infinities and NaN.
bool AppendScalarJson(const YamlNode& node, std::string* json);

}  // namespace portolan::config
