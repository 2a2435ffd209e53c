#pragma once

#include <string>
#include <unordered_set>

#include "server/config_file/yaml_node.h"

namespace portolan::config {

// What was found wrong in a tree. Later checks ask it so as not to report the same thing again.
class Findings {
 public:
  static constexpr size_t kMost = 100;  // problems; nobody reads more

  explicit Findings(ConfigProblems* problems) : problems_(*problems) {}

  void AddValue(const YamlNode& node, std::string problem);
  void AddKey(const YamlNode& node, std::string problem);
  // For something that is missing: `node` is where it would be, `path` its path.
  void AddMissing(const YamlNode& node, std::string path, std::string problem);

  bool full() const { return problems_.size() >= kMost; }
  // Whether a finding was added for this very value.
  bool Wrong(const YamlNode& node) const { return wrong_.contains(&node); }
  // Whether a finding was added for it or for something in it.
  bool Touched(const YamlNode& node) const { return touched_.contains(&node); }

 private:
  void Add(const YamlNode& node, ConfigProblem problem);

  ConfigProblems& problems_;
  std::unordered_set<const YamlNode*> wrong_;
  std::unordered_set<const YamlNode*> touched_;
};

}  // namespace portolan::config
