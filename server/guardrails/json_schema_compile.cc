#include "server/guardrails/json_schema_compile.h"

#include <array>
#include <cstdint>
#include <utility>

namespace portolan::guardrails::schema {
namespace {

// What one schema may come to. Patterns are compiled programs of some ten kilobytes.
constexpr size_t kMaxNodes = 20'000;
constexpr size_t kMaxPatterns = 200;

const Json* Member(const Json& json, std::string_view name) {
  const auto found = json.find(name);
  return found == json.end() ? nullptr : &*found;
}

uint8_t TypeNamed(const Json& name) {
  constexpr std::array<std::pair<std::string_view, uint8_t>, 7> kTypes = {{{"null", kNull},
                                                                           {"boolean", kBoolean},
                                                                           {"object", kObject},
                                                                           {"array", kArray},
                                                                           {"number", kNumber | kInteger},
                                                                           {"string", kString},
                                                                           {"integer", kInteger}}};
  if (!name.is_string()) return 0;
  for (const auto& [word, type] : kTypes) {
    if (name.get_ref<const std::string&>() == word) return type;
  }
  return 0;
}

}  // namespace

std::string Below(std::string_view path, std::string_view token) {
  std::string out(path);
  out += '/';
  for (const char c : token) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

bool Compile(const Json& document, Program* program, std::string* path, std::string* problem) {
  Compiler compiler(document, program);
  if (compiler.Run()) return true;
  *path = compiler.path();
  *problem = compiler.problem();
  return false;
}

bool Compiler::Run() {
  program_.resources.emplace_back();
  places_.push_back({&document_, "", {}});
  NodeId root = kNone;
  if (!Compile(document_, 0, "", &root)) return false;
  // What a reference leads to may have references of its own.
  for (size_t i = 0; i < references_.size(); ++i) {
    const Reference reference = references_[i];
    if (!Resolve(reference)) return false;
  }
  return true;
}

bool Compiler::Fail(const std::string& path, std::string problem) {
  path_ = path;
  problem_ = std::move(problem);
  return false;
}

bool Compiler::Compile(const Json& json, int resource, const std::string& path, NodeId* id) {
  if (const auto found = compiled_.find(&json); found != compiled_.end()) {
    *id = found->second;
    return true;
  }
  if (!json.is_object() && !json.is_boolean()) return Fail(path, "a schema is an object, true or false");
  if (program_.nodes.size() == kMaxNodes) return Fail(path, "the schema has too many parts");
  *id = static_cast<NodeId>(program_.nodes.size());
  compiled_.emplace(&json, *id);
  Node node;
  if (json.is_object() && json.contains("$id") && !EnterResource(json, path, &resource)) return false;
  node.resource = resource;
  node.never = json.is_boolean() && !json.get<bool>();
  // The vector grows while the parts are compiled.
  program_.nodes.push_back(node);
  if (json.is_boolean()) return true;
  if (!ReadCore(json, *id, path) || !ReadTypes(json, &node, path) || !ReadAssertions(json, &node, path) ||
      !ReadNumbers(json, &node, path) || !ReadDependents(json, &node, path) ||
      !ReadApplicators(json, &node, path) || !ReadMaps(json, &node, path)) {
    return false;
  }
  program_.nodes[static_cast<size_t>(*id)] = std::move(node);
  return true;
}

bool Compiler::ReadCore(const Json& json, NodeId id, const std::string& path) {
  if (const Json* dialect = Member(json, "$schema")) {
    constexpr std::string_view kDialect = "https://json-schema.org/draft/2020-12/schema";
    const bool known =
        dialect->is_string() && (dialect->get_ref<const std::string&>() == kDialect ||
                                 dialect->get_ref<const std::string&>() == std::string(kDialect) + "#");
    if (!known) return Fail(path + "/$schema", "only draft 2020-12 is known: " + std::string(kDialect));
  }
  if (!AddAnchor(json, "$anchor", id, path) || !AddAnchor(json, "$dynamicAnchor", id, path)) return false;
  for (const char* keyword : {"$ref", "$dynamicRef"}) {
    if (!json.contains(keyword)) continue;
    Reference reference{id, keyword[1] == 'd', "", Below(path, keyword)};
    if (!ReadName(json, keyword, path, &reference.target)) return false;
    references_.push_back(std::move(reference));
  }
  return true;
}

bool Compiler::ReadTypes(const Json& json, Node* node, const std::string& path) {
  if (const Json* type = Member(json, "type")) {
    node->types = 0;
    const Json list = type->is_array() ? *type : Json::array({*type});
    if (list.empty()) return Fail(path + "/type", "type lists nothing");
    for (const Json& name : list) {
      const uint8_t bits = TypeNamed(name);
      if (bits == 0) {
        return Fail(
            path + "/type",
            "type is one of null, boolean, object, array, number, string and integer, or a list of them");
      }
      node->types |= bits;
    }
  }
  node->constant = Member(json, "const");
  node->enumeration = Member(json, "enum");
  if (node->enumeration != nullptr && !node->enumeration->is_array()) {
    return Fail(path + "/enum", "enum is no list");
  }
  return true;
}

bool Compiler::ReadAssertions(const Json& json, Node* node, const std::string& path) {
  if (!ReadCount(json, "minLength", path, &node->length.min) ||
      !ReadCount(json, "maxLength", path, &node->length.max) ||
      !ReadCount(json, "minItems", path, &node->items_count.min) ||
      !ReadCount(json, "maxItems", path, &node->items_count.max) ||
      !ReadCount(json, "minContains", path, &node->contains_count.min) ||
      !ReadCount(json, "maxContains", path, &node->contains_count.max) ||
      !ReadCount(json, "minProperties", path, &node->properties_count.min) ||
      !ReadCount(json, "maxProperties", path, &node->properties_count.max)) {
    return false;
  }
  if (const Json* unique = Member(json, "uniqueItems")) {
    if (!unique->is_boolean()) return Fail(path + "/uniqueItems", "uniqueItems is true or false");
    node->unique_items = unique->get<bool>();
  }
  if (const Json* required = Member(json, "required")) {
    if (!ReadNames(*required, path + "/required", &node->required)) return false;
  }
  if (!json.contains("pattern")) return true;
  std::string text;
  return ReadName(json, "pattern", path, &text) && ReadPattern(text, path + "/pattern", &node->pattern);
}

bool Compiler::ReadNumbers(const Json& json, Node* node, const std::string& path) {
  const std::array<std::pair<const char*, const Json**>, 5> limits = {
      {{"multipleOf", &node->multiple_of},
       {"maximum", &node->maximum},
       {"exclusiveMaximum", &node->exclusive_maximum},
       {"minimum", &node->minimum},
       {"exclusiveMinimum", &node->exclusive_minimum}}};
  for (const auto& [keyword, limit] : limits) {
    *limit = Member(json, keyword);
    if (*limit == nullptr) continue;
    if (!(*limit)->is_number()) return Fail(Below(path, keyword), std::string(keyword) + " is no number");
  }
  if (node->multiple_of != nullptr && Compare(*node->multiple_of, Json(0)) <= 0) {
    return Fail(path + "/multipleOf", "multipleOf is not above 0");
  }
  return true;
}

bool Compiler::ReadDependents(const Json& json, Node* node, const std::string& path) {
  if (const Json* lists = Member(json, "dependentRequired")) {
    const std::string below = path + "/dependentRequired";
    if (!lists->is_object()) return Fail(below, "dependentRequired is no object");
    for (const auto& [name, list] : lists->items()) {
      Dependent dependent{name, {}, kNone};
      if (!ReadNames(list, Below(below, name), &dependent.required)) return false;
      node->dependents.push_back(std::move(dependent));
    }
  }
  if (const Json* schemas = Member(json, "dependentSchemas")) {
    const std::string below = path + "/dependentSchemas";
    if (!schemas->is_object()) return Fail(below, "dependentSchemas is no object");
    for (const auto& [name, schema] : schemas->items()) {
      Dependent dependent{name, {}, kNone};
      if (!Compile(schema, node->resource, Below(below, name), &dependent.schema)) return false;
      node->dependents.push_back(std::move(dependent));
    }
  }
  return true;
}

bool Compiler::ReadApplicators(const Json& json, Node* node, const std::string& path) {
  if (!ReadList(json, "prefixItems", *node, path, &node->prefix_items) ||
      !ReadList(json, "allOf", *node, path, &node->all_of) ||
      !ReadList(json, "anyOf", *node, path, &node->any_of) ||
      !ReadList(json, "oneOf", *node, path, &node->one_of)) {
    return false;
  }
  const std::array<std::pair<const char*, NodeId*>, 10> single = {
      {{"items", &node->items},
       {"contains", &node->contains},
       {"additionalProperties", &node->additional_properties},
       {"propertyNames", &node->property_names},
       {"not", &node->negated},
       {"if", &node->condition},
       {"then", &node->then},
       {"else", &node->otherwise},
       {"unevaluatedItems", &node->unevaluated_items},
       {"unevaluatedProperties", &node->unevaluated_properties}}};
  for (const auto& [keyword, id] : single) {
    const Json* schema = Member(json, keyword);
    if (schema == nullptr) continue;
    const std::string below = Below(path, keyword);
    if (schema->is_array()) {
      return Fail(below, std::string(keyword) + " is one schema; lists of them are for prefixItems");
    }
    if (!Compile(*schema, node->resource, below, id)) return false;
  }
  program_.annotates |= node->unevaluated_items != kNone || node->unevaluated_properties != kNone;
  return true;
}

bool Compiler::ReadMaps(const Json& json, Node* node, const std::string& path) {
  for (const char* keyword : {"$defs", "properties", "patternProperties"}) {
    const Json* schemas = Member(json, keyword);
    if (schemas == nullptr) continue;
    const std::string below = Below(path, keyword);
    if (!schemas->is_object()) return Fail(below, std::string(keyword) + " is no object");
    for (const auto& [name, schema] : schemas->items()) {
      NodeId id = kNone;
      if (!Compile(schema, node->resource, Below(below, name), &id)) return false;
      if (keyword[1] == 'r') {
        node->properties.emplace(name, id);
      } else if (keyword[1] == 'a') {
        Pattern pattern;
        if (!ReadPattern(name, below, &pattern)) return false;
        node->pattern_properties.emplace_back(std::move(pattern), id);
      }
    }
  }
  return true;
}

bool Compiler::ReadName(const Json& json, std::string_view keyword, const std::string& path,
                        std::string* name) {
  const Json& value = *Member(json, keyword);
  if (!value.is_string()) return Fail(Below(path, keyword), std::string(keyword) + " is no string");
  *name = value.get<std::string>();
  return true;
}

bool Compiler::ReadCount(const Json& json, std::string_view keyword, const std::string& path,
                         uint64_t* count) {
  const Json* value = Member(json, keyword);
  if (value == nullptr) return true;
  // 2.0 is the integer 2. Doubles below 2^63 fit.
  if (!value->is_number() || !IsWhole(*value) || Compare(*value, Json(0)) < 0 ||
      (value->is_number_float() && value->get<double>() > 0x1p62)) {
    return Fail(Below(path, keyword), std::string(keyword) + " is no whole number from 0 on");
  }
  *count = value->is_number_float() ? static_cast<uint64_t>(value->get<double>()) : value->get<uint64_t>();
  return true;
}

bool Compiler::ReadNames(const Json& list, const std::string& path, std::vector<std::string>* names) {
  if (!list.is_array()) return Fail(path, "this is no list of names");
  for (const Json& name : list) {
    if (!name.is_string()) return Fail(path, "this is no list of names");
    names->push_back(name.get<std::string>());
  }
  return true;
}

bool Compiler::ReadPattern(const std::string& text, const std::string& path, Pattern* pattern) {
  if (++patterns_ > kMaxPatterns) {
    return Fail(path, "there are more than " + std::to_string(kMaxPatterns) + " patterns");
  }
  std::string problem;
  *pattern = CompilePattern(text, {}, &problem);
  return *pattern != nullptr || Fail(path, problem);
}

bool Compiler::ReadList(const Json& json, std::string_view keyword, const Node& node, const std::string& path,
                        std::vector<NodeId>* ids) {
  const Json* list = Member(json, keyword);
  if (list == nullptr) return true;
  const std::string below = Below(path, keyword);
  if (!list->is_array() || list->empty()) {
    return Fail(below, std::string(keyword) + " is no list of schemas with one at least");
  }
  for (size_t i = 0; i < list->size(); ++i) {
    NodeId id = kNone;
    if (!Compile((*list)[i], node.resource, Below(below, std::to_string(i)), &id)) return false;
    ids->push_back(id);
  }
  return true;
}

}  // namespace portolan::guardrails::schema
