#pragma once

// The compiler of schemas. Internal to json_schema*.cc.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/guardrails/json_schema_nodes.h"

namespace portolan::guardrails::schema {

// `path` with one more token, as a JSON pointer (RFC 6901).
std::string Below(std::string_view path, std::string_view token);

class Compiler {
 public:
  Compiler(const Json& document, Program* program) : document_(document), program_(*program) {}

  // As schema::Compile.
  bool Run();
  const std::string& path() const { return path_; }
  const std::string& problem() const { return problem_; }

 private:
  // Where a resource begins, and what its anchors are.
  struct Place {
    const Json* root;
    std::string uri;
    std::map<std::string, NodeId, std::less<>> anchors;
  };
  struct Reference {
    NodeId from;
    bool dynamic;
    std::string target;
    std::string path;
  };

  bool Fail(const std::string& path, std::string problem);

  // Compiles the schema at `json`, unless that is done. False on failure.
  bool Compile(const Json& json, int resource, const std::string& path, NodeId* id);
  // Each reads some of the keywords of one schema into *node.
  bool ReadCore(const Json& json, NodeId id, const std::string& path);
  bool ReadTypes(const Json& json, Node* node, const std::string& path);
  bool ReadAssertions(const Json& json, Node* node, const std::string& path);
  bool ReadNumbers(const Json& json, Node* node, const std::string& path);
  bool ReadDependents(const Json& json, Node* node, const std::string& path);
  bool ReadApplicators(const Json& json, Node* node, const std::string& path);
  bool ReadMaps(const Json& json, Node* node, const std::string& path);

  bool ReadName(const Json& json, std::string_view keyword, const std::string& path, std::string* name);
  bool ReadCount(const Json& json, std::string_view keyword, const std::string& path, uint64_t* count);
  bool ReadNames(const Json& list, const std::string& path, std::vector<std::string>* names);
  bool ReadPattern(const std::string& text, const std::string& path, Pattern* pattern);
  bool ReadList(const Json& json, std::string_view keyword, const Node& node, const std::string& path,
                std::vector<NodeId>* ids);

  bool EnterResource(const Json& json, const std::string& path, int* resource);
  bool AddAnchor(const Json& json, std::string_view keyword, NodeId id, const std::string& path);

  bool Resolve(const Reference& reference);
  bool FollowPointer(const Reference& reference, std::string_view pointer, int resource, NodeId* id);

  const Json& document_;
  Program& program_;
  std::vector<Place> places_;  // by resource
  std::unordered_map<const Json*, NodeId> compiled_;
  std::vector<Reference> references_;
  size_t patterns_ = 0;
  std::string path_;
  std::string problem_;
};

}  // namespace portolan::guardrails::schema
