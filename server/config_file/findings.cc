#include "server/config_file/findings.h"

#include <utility>

namespace portolan::config {

void Findings::AddValue(const YamlNode& node, std::string problem) {
  Add(node, node.Problem(std::move(problem)));
}

void Findings::AddKey(const YamlNode& node, std::string problem) {
  Add(node, node.ProblemOfKey(std::move(problem)));
}

void Findings::AddMissing(const YamlNode& node, std::string path, std::string problem) {
  Add(node, {node.at.line, node.at.column, std::move(path), std::move(problem)});
}

void Findings::Add(const YamlNode& node, ConfigProblem problem) {
  if (!full()) problems_.push_back(std::move(problem));
  wrong_.insert(&node);
  for (const YamlNode* at = &node; at != nullptr; at = at->parent) touched_.insert(at);
}

}  // namespace portolan::config
