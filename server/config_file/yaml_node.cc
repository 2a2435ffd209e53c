#include "server/config_file/yaml_node.h"

#include <algorithm>
#include <charconv>

#include "server/base/json_text.h"
#include "server/base/text.h"
#include "server/guardrails/parameters.h"

namespace portolan::config {
namespace {

constexpr size_t kMaxShown = 64;

std::string Shown(std::string_view key) {
  const std::string_view part = key.substr(0, kMaxShown);
  const bool plain =
      !part.empty() && part.size() == key.size() && std::all_of(part.begin(), part.end(), IsVisible);
  if (plain) return std::string(part);
  std::string quoted;
  AppendJsonString(part, &quoted);
  return quoted;
}

// What of `path` is left after `[index]` or `name`; false if it does not begin with that.
bool Step(const YamlNode& child, bool in_map, std::string_view path, std::string_view* rest) {
  if (in_map) {
    // A name with a dot may stand in brackets, as guardrails tell their checks: `["default.contains"]`.
    const bool in_brackets = path.starts_with("[\"");
    const std::string name = in_brackets ? guardrails::MemberPath({}, child.key) : child.key;
    if (path.starts_with('.')) path.remove_prefix(1);
    if (!path.starts_with(name)) return false;
    *rest = path.substr(name.size());
  } else {
    if (!path.starts_with('[')) return false;
    size_t index = 0;
    const char* const end = path.data() + path.size();
    const auto [stop, error] = std::from_chars(path.data() + 1, end, index);
    if (error != std::errc() || stop == end || *stop != ']' || index != child.index) return false;
    *rest = std::string_view(stop + 1, static_cast<size_t>(end - stop - 1));
  }
  return rest->empty() || rest->front() == '.' || rest->front() == '[';
}

}  // namespace

const YamlNode* YamlNode::Member(std::string_view name) const {
  if (type != Type::kMap) return nullptr;
  for (const auto& child : children) {
    if (child->key == name) return child.get();
  }
  return nullptr;
}

bool YamlNode::SaysNothing() const {
  return type != Type::kScalar && std::all_of(children.begin(), children.end(),
                                              [](const auto& child) { return child->SaysNothing(); });
}

std::vector<const YamlNode*> YamlNode::Members(std::string_view name) const {
  std::vector<const YamlNode*> members;
  const YamlNode* const map = Member(name);
  if (map == nullptr || map->type != Type::kMap) return members;
  for (const auto& child : map->children) members.push_back(child.get());
  return members;
}

const YamlNode& YamlNode::Find(std::string_view path, bool* whole) const {
  *whole = path.empty();
  if (*whole) return *this;
  const YamlNode* deepest = this;
  for (const auto& child : children) {
    std::string_view rest;
    if (!Step(*child, type == Type::kMap, path, &rest)) continue;
    const YamlNode& found = child->Find(rest, whole);
    if (*whole) return found;
    // The name may be the beginning of another one, as keys may hold dots.
    if (deepest == this || found.Path().size() > deepest->Path().size()) deepest = &found;
  }
  return *deepest;
}

std::string YamlNode::Path() const {
  if (parent == nullptr) return {};
  std::string path = parent->Path();
  if (parent->type == Type::kSequence) return path + "[" + std::to_string(index) + "]";
  if (!path.empty()) path += '.';
  return path + Shown(key);
}

ConfigProblem YamlNode::Problem(std::string problem) const {
  return {at.line, at.column, Path(), std::move(problem)};
}

ConfigProblem YamlNode::ProblemOfKey(std::string problem) const {
  return {key_at.line, key_at.column, Path(), std::move(problem)};
}

}  // namespace portolan::config
