#pragma once

// What a schema is compiled to. Internal to json_schema*.cc.

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/guardrails/pattern.h"

namespace portolan::guardrails::schema {

using Json = nlohmann::json;
using NodeId = int;
inline constexpr NodeId kNone = -1;

// The types that a value may have, as bits.
enum Type : uint8_t {
  kNull = 1,
  kBoolean = 2,
  kObject = 4,
  kArray = 8,
  kNumber = 16,
  kString = 32,
  kInteger = 64,
  kAnyType = 127,
};

// A whole number from 0 on; absent: as low or as high as can be.
struct Range {
  uint64_t min = 0;
  uint64_t max = UINT64_MAX;
};

struct Dependent {
  std::string name;
  std::vector<std::string> required;
  NodeId schema = kNone;
};

// One schema or subschema. Pointers are into the document.
struct Node {
  int resource = 0;
  bool never = false;  // the schema `false`
  uint8_t types = kAnyType;
  const Json* constant = nullptr;
  const Json* enumeration = nullptr;

  const Json* multiple_of = nullptr;
  const Json* maximum = nullptr;
  const Json* exclusive_maximum = nullptr;
  const Json* minimum = nullptr;
  const Json* exclusive_minimum = nullptr;

  Range length;
  Pattern pattern;

  Range items_count;
  bool unique_items = false;
  std::vector<NodeId> prefix_items;
  NodeId items = kNone;
  NodeId contains = kNone;
  Range contains_count = {1, UINT64_MAX};

  Range properties_count;
  std::vector<std::string> required;
  std::vector<Dependent> dependents;
  std::map<std::string, NodeId, std::less<>> properties;
  std::vector<std::pair<Pattern, NodeId>> pattern_properties;
  NodeId additional_properties = kNone;
  NodeId property_names = kNone;

  std::vector<NodeId> all_of;
  std::vector<NodeId> any_of;
  std::vector<NodeId> one_of;
  NodeId negated = kNone;
  NodeId condition = kNone;
  NodeId then = kNone;
  NodeId otherwise = kNone;

  NodeId ref = kNone;
  NodeId dynamic_ref = kNone;
  std::string dynamic_name;  // of the $dynamicAnchor that dynamic_ref leads to; empty: it is an ordinary $ref

  NodeId unevaluated_items = kNone;
  NodeId unevaluated_properties = kNone;
};

// A schema with an `$id` of its own, or the document.
struct Resource {
  std::map<std::string, NodeId, std::less<>> dynamic_anchors;
};

struct Program {
  Json document;
  std::vector<Node> nodes;  // the first is the document's
  std::vector<Resource> resources;
  bool annotates = false;  // there is some `unevaluated…`, so what was evaluated must be known
};

// Compiles `document` into *program. False if it is no schema, with the reason in *problem and the place in
// *path.
bool Compile(const Json& document, Program* program, std::string* path, std::string* problem);

// Whether `value` is a multiple of `divisor`, exactly: by their decimal digits. REQUIRES: both are numbers,
// divisor is above 0.
bool IsMultiple(const Json& value, const Json& divisor);
// A number without a fraction, whatever its spelling.
bool IsWhole(const Json& number);
// -1, 0 or 1. REQUIRES: both are numbers.
int Compare(const Json& a, const Json& b);

}  // namespace portolan::guardrails::schema
