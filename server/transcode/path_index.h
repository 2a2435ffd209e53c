#pragma once

// Finds the path template that matches a method and a path. A template without variables costs one hash
// lookup; others are found by walking a trie of segments. Neither allocates.
//
// Rules that google/api/http.proto leaves open:
//
//   - A literal segment beats `*`, and `*` beats `**`, whatever the order in which templates were added.
//     A template that lacks the method does not hide one that has it.
//   - One slash at the end of the path does not count.
//   - A `*` takes at least one character, and so does a variable that is `**`. An empty segment matches no
//     literal.
//   - `:` starts a verb only if a template with that verb matches; otherwise it is part of the segment
//     (`llama3:8b`).
//   - The path is matched as sent: `%2F` separates nothing.

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/transcode/path_template.h"

namespace portolan::transcode {

// Thread-safe once the last Insert has returned.
class PathIndex {
 public:
  PathIndex();
  ~PathIndex();
  PathIndex(const PathIndex&) = delete;
  PathIndex& operator=(const PathIndex&) = delete;

  // Maps `method` and the paths of `path_template` to `value`. The method `*` stands for every method. False,
  // with nothing changed, if the same method and paths are mapped already.
  bool Insert(const PathTemplate& path_template, std::string_view method, size_t value);

  struct Found {
    size_t value = 0;
    // What each variable of the template took, in the template's order: views of the path, not decoded.
    std::array<std::string_view, PathTemplate::kMaxVariables> captures;
    size_t capture_count = 0;
  };

  // Fills in *found. False if no template has this method and path. `path` is without the query; captures are
  // views of it.
  bool Find(std::string_view method, std::string_view path, Found* found) const;

  // The methods of all templates that match the path, sorted, without duplicates.
  std::vector<std::string_view> MethodsFor(std::string_view path) const;

 private:
  struct End;
  struct Node;
  class Walk;

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct MethodValue {
    std::string method;
    size_t value;
  };

  // Calls `visit` for each matching end, best first, until it returns true; returns whether it did.
  template <typename Visit>
  bool ForEachMatch(std::string_view path, Visit visit) const;

  std::unordered_map<std::string, std::vector<MethodValue>, Hash, std::equal_to<>> literals_;
  std::unique_ptr<Node> root_;
  bool has_verbs_ = false;
};

}  // namespace portolan::transcode
