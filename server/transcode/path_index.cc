#include "server/transcode/path_index.h"

#include <algorithm>

namespace portolan::transcode {

using Kind = PathTemplate::Kind;

// A template that ends at a node, for one method.
struct PathIndex::End {
  std::string method;
  std::string verb;
  size_t value;
  std::vector<PathTemplate::Variable> variables;

  bool Serves(std::string_view wanted) const { return method == wanted || method == "*"; }
};

struct PathIndex::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> one;
  std::vector<End> ends;
  std::vector<End> rest_ends;  // `**` follows
};

// One search for a path. Recursion is as deep as the longest template, never as the path.
class PathIndex::Walk {
 public:
  // `path` is without the slashes around it, and without `verb`.
  Walk(std::string_view path, std::string_view verb) : path_(path), verb_(verb) {}

  template <typename Visit>
  bool From(const Node& node, Visit& visit) {
    return Step(node, 0, 0, visit);
  }

  // Fills the captures of `end`, at which this walk is. False if a variable would be empty.
  bool Capture(const End& end, Found* found) const {
    found->value = end.value;
    found->capture_count = end.variables.size();
    for (size_t i = 0; i < end.variables.size(); ++i) {
      const auto& variable = end.variables[i];
      size_t begin = variable.begin < depth_ ? starts_[variable.begin] : path_.size();
      size_t stop = variable.end < depth_ ? starts_[variable.end] - 1 : path_.size();
      if (stop <= begin) return false;
      found->captures[i] = path_.substr(begin, stop - begin);
    }
    return true;
  }

 private:
  // `at` is where segment number `depth` starts; npos: the path has no more segments.
  template <typename Visit>
  bool Step(const Node& node, size_t at, size_t depth, Visit& visit) {
    if (at == std::string_view::npos) {
      return VisitAll(node.ends, depth, visit) || VisitAll(node.rest_ends, depth, visit);
    }
    starts_[depth] = at;
    size_t slash = path_.find('/', at);
    size_t next = slash == std::string_view::npos ? slash : slash + 1;
    std::string_view segment = path_.substr(at, slash == std::string_view::npos ? slash : slash - at);
    auto literal = node.literals.find(segment);
    if (literal != node.literals.end() && Step(*literal->second, next, depth + 1, visit)) return true;
    if (node.one != nullptr && !segment.empty() && Step(*node.one, next, depth + 1, visit)) return true;
    return VisitAll(node.rest_ends, depth + 1, visit);
  }

  template <typename Visit>
  bool VisitAll(const std::vector<End>& ends, size_t depth, Visit& visit) {
    depth_ = depth;
    return std::any_of(ends.begin(), ends.end(),
                       [&](const End& end) { return end.verb == verb_ && visit(*this, end); });
  }

  std::string_view path_;
  std::string_view verb_;
  size_t depth_ = 0;  // how many of starts_ are set, at a visit
  std::array<size_t, PathTemplate::kMaxSegments + 1> starts_;
};

PathIndex::PathIndex() : root_(std::make_unique<Node>()) {}
PathIndex::~PathIndex() = default;

bool PathIndex::Insert(const PathTemplate& path_template, std::string_view method, size_t value) {
  Node* node = root_.get();
  for (const auto& segment : path_template.segments) {
    if (segment.kind == Kind::kRest) break;
    auto& next = segment.kind == Kind::kOne ? node->one : node->literals[segment.literal];
    if (next == nullptr) next = std::make_unique<Node>();
    node = next.get();
  }
  auto& ends = path_template.HasRest() ? node->rest_ends : node->ends;
  for (const End& end : ends) {
    if (end.method == method && end.verb == path_template.verb) return false;
  }
  ends.push_back({std::string(method), path_template.verb, value, path_template.variables});
  has_verbs_ = has_verbs_ || !path_template.verb.empty();

  if (path_template.IsLiteral() && path_template.variables.empty()) {
    std::string path;
    for (const auto& segment : path_template.segments) path += "/" + segment.literal;
    if (!path_template.verb.empty()) path += ":" + path_template.verb;
    literals_[path].push_back({std::string(method), value});
  }
  return true;
}

template <typename Visit>
bool PathIndex::ForEachMatch(std::string_view path, Visit visit) const {
  if (path.empty() || path.front() != '/') return false;
  path.remove_prefix(1);
  if (!path.empty() && path.back() == '/') path.remove_suffix(1);
  if (path.empty()) return false;
  if (has_verbs_) {
    size_t colon = path.rfind(':');
    if (colon != std::string_view::npos && path.find('/', colon) == std::string_view::npos &&
        colon + 1 < path.size() && Walk(path.substr(0, colon), path.substr(colon + 1)).From(*root_, visit)) {
      return true;
    }
  }
  return Walk(path, {}).From(*root_, visit);
}

bool PathIndex::Find(std::string_view method, std::string_view path, Found* found) const {
  auto literal = literals_.find(path);
  if (literal != literals_.end()) {
    for (const MethodValue& entry : literal->second) {
      if (entry.method != method) continue;
      found->value = entry.value;
      found->capture_count = 0;
      return true;
    }
  }
  return ForEachMatch(
      path, [&](const Walk& walk, const End& end) { return end.Serves(method) && walk.Capture(end, found); });
}

std::vector<std::string_view> PathIndex::MethodsFor(std::string_view path) const {
  std::vector<std::string_view> methods;
  ForEachMatch(path, [&](const Walk& walk, const End& end) {
    Found ignored;
    if (walk.Capture(end, &ignored)) methods.push_back(end.method);
    return false;
  });
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  return methods;
}

}  // namespace portolan::transcode
