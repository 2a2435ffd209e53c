#include "server/guardrails/json_schema_evaluate.h"

#include <cmath>
#include <cstdint>
#include <unordered_set>
#include <utility>

#include "server/base/utf8.h"
#include "server/guardrails/json_schema_compile.h"

namespace portolan::guardrails::schema {
namespace {

// Some ten milliseconds of work.
constexpr size_t kMaxSteps = 500'000;
// Schemas within schemas. References may lead through several for each level of the value.
constexpr int kMaxDepth = 8 * kMaxJsonDepth;

uint8_t TypeOf(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return kNull;
    case Json::value_t::boolean:
      return kBoolean;
    case Json::value_t::object:
      return kObject;
    case Json::value_t::array:
      return kArray;
    case Json::value_t::string:
      return kString;
    default:
      return IsWhole(value) ? kInteger : kNumber;
  }
}

// The value's text, in which 1.0 is 1: equal values have equal texts.
void AppendCanonical(const Json& value, std::string* out) {
  if (value.is_array()) {
    *out += '[';
    for (const Json& element : value) {
      AppendCanonical(element, out);
      *out += ',';
    }
    *out += ']';
  } else if (value.is_object()) {
    *out += '{';
    for (const auto& [name, member] : value.items()) {
      out->append(Json(name).dump(-1, ' ', false, Json::error_handler_t::replace)).push_back(':');
      AppendCanonical(member, out);
      *out += ',';
    }
    *out += '}';
  } else if (value.is_number_float() && IsWhole(value) && std::abs(value.get<double>()) < 0x1p63) {
    out->append(std::to_string(static_cast<int64_t>(value.get<double>())));
  } else {
    out->append(value.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
}

bool Within(const Range& range, uint64_t count) { return range.min <= count && count <= range.max; }

void MarkAll(std::vector<bool>* seen) {
  if (seen != nullptr) seen->assign(seen->size(), true);
}

}  // namespace

JsonSchema::Result Evaluator::Run(const Json& value) {
  scope_.push_back(0);
  if (!Fits(0, value, nullptr)) result_.outcome = JsonSchema::Outcome::kDoesNotFit;
  if (too_costly_) result_.outcome = JsonSchema::Outcome::kTooCostly;
  return std::move(result_);
}

bool Evaluator::Spend(size_t steps) {
  spent_ += steps;
  if (spent_ > kMaxSteps) too_costly_ = true;
  return !too_costly_;
}

bool Evaluator::Fail(std::string_view keyword) {
  if (trying_ > 0) return false;
  result_.keyword = keyword;
  result_.path.clear();
  for (const std::string_view token : path_) result_.path = Below(result_.path, token);
  return false;
}

bool Evaluator::Tries(NodeId id, const Json& value, Seen* seen) {
  ++trying_;
  const bool fits = Fits(id, value, seen);
  --trying_;
  return fits;
}

bool Evaluator::ChildFits(NodeId id, const Json& value, std::string_view token, std::string_view keyword) {
  path_.push_back(token);
  // Of `"additionalProperties": false` it is the keyword that tells something.
  const bool fits = program_.nodes[static_cast<size_t>(id)].never ? Fail(keyword) : Fits(id, value, nullptr);
  path_.pop_back();
  return fits;
}

bool Evaluator::Fits(NodeId id, const Json& value, Seen* seen) {
  if (!Spend(1)) return false;
  const Node& node = program_.nodes[static_cast<size_t>(id)];
  if (node.never) return Fail("false");
  if (depth_ == kMaxDepth) {
    too_costly_ = true;
    return false;
  }
  ++depth_;
  const bool enters = node.resource != scope_.back();
  if (enters) scope_.push_back(node.resource);
  // Keywords see what their neighbours looked at, but not what schemas beside this one did.
  Seen own;
  Seen* const mine = program_.annotates && value.is_structured() ? &own : nullptr;
  if (mine != nullptr) own.resize(value.size());
  const bool fits = FitsTypes(node, value) && FitsNumber(node, value) && FitsString(node, value) &&
                    FitsReferences(node, value, mine) && FitsCombinations(node, value, mine) &&
                    FitsArray(node, value, mine) && FitsObject(node, value, mine) &&
                    FitsUnevaluated(node, value, mine);
  if (fits && mine != nullptr && seen != nullptr) {
    for (size_t i = 0; i < own.size(); ++i) {
      if (own[i]) (*seen)[i] = true;
    }
  }
  if (enters) scope_.pop_back();
  --depth_;
  return fits;
}

bool Evaluator::FitsTypes(const Node& node, const Json& value) {
  if ((node.types & TypeOf(value)) == 0) return Fail("type");
  if (node.constant != nullptr && *node.constant != value) return Fail("const");
  if (node.enumeration == nullptr) return true;
  for (const Json& one : *node.enumeration) {
    if (!Spend(1 + one.size())) return false;
    if (one == value) return true;
  }
  return Fail("enum");
}

bool Evaluator::FitsNumber(const Node& node, const Json& value) {
  if (!value.is_number()) return true;
  if (node.multiple_of != nullptr && !IsMultiple(value, *node.multiple_of)) return Fail("multipleOf");
  if (node.maximum != nullptr && Compare(value, *node.maximum) > 0) return Fail("maximum");
  if (node.exclusive_maximum != nullptr && Compare(value, *node.exclusive_maximum) >= 0) {
    return Fail("exclusiveMaximum");
  }
  if (node.minimum != nullptr && Compare(value, *node.minimum) < 0) return Fail("minimum");
  if (node.exclusive_minimum != nullptr && Compare(value, *node.exclusive_minimum) <= 0) {
    return Fail("exclusiveMinimum");
  }
  return true;
}

bool Evaluator::FitsString(const Node& node, const Json& value) {
  if (!value.is_string()) return true;
  const auto& text = value.get_ref<const std::string&>();
  if (node.length.min > 0 || node.length.max < text.size()) {
    const auto length = static_cast<uint64_t>(CountUtf8(text));
    if (length < node.length.min) return Fail("minLength");
    if (length > node.length.max) return Fail("maxLength");
  }
  return node.pattern == nullptr || Matches(node.pattern, text) || Fail("pattern");
}

bool Evaluator::Matches(const Pattern& pattern, std::string_view text) {
  return Spend(1 + text.size() / 64) &&
         RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern);
}

NodeId Evaluator::DynamicTarget(const Node& node) const {
  if (node.dynamic_name.empty()) return node.dynamic_ref;
  for (const int resource : scope_) {
    const auto& anchors = program_.resources[static_cast<size_t>(resource)].dynamic_anchors;
    if (const auto found = anchors.find(node.dynamic_name); found != anchors.end()) return found->second;
  }
  return node.dynamic_ref;
}

bool Evaluator::FitsReferences(const Node& node, const Json& value, Seen* seen) {
  if (node.ref != kNone && !Fits(node.ref, value, seen)) return false;
  return node.dynamic_ref == kNone || Fits(DynamicTarget(node), value, seen);
}

bool Evaluator::FitsCombinations(const Node& node, const Json& value, Seen* seen) {
  for (const NodeId id : node.all_of) {
    if (!Fits(id, value, seen)) return false;
  }
  bool any = node.any_of.empty();
  for (const NodeId id : node.any_of) {
    // All are asked only where it matters what each has looked at.
    any = Tries(id, value, seen) || any;
    if (any && seen == nullptr) break;
  }
  if (!any) return Fail("anyOf");
  size_t fitting = 0;
  for (const NodeId id : node.one_of) {
    if (Tries(id, value, seen) && ++fitting > 1) break;
  }
  if (!node.one_of.empty() && fitting != 1) return Fail("oneOf");
  if (node.negated != kNone && Tries(node.negated, value, nullptr)) return Fail("not");
  if (node.condition != kNone) {
    const NodeId next = Tries(node.condition, value, seen) ? node.then : node.otherwise;
    if (next != kNone && !Fits(next, value, seen)) return false;
  }
  return true;
}

bool Evaluator::AllDiffer(const Json& array) {
  std::unordered_set<std::string> texts;
  for (const Json& element : array) {
    std::string text;
    AppendCanonical(element, &text);
    if (!Spend(1 + text.size() / 64) || !texts.insert(std::move(text)).second) return false;
  }
  return true;
}

bool Evaluator::FitsArray(const Node& node, const Json& value, Seen* seen) {
  if (!value.is_array()) return true;
  if (!Within(node.items_count, value.size())) {
    return Fail(value.size() < node.items_count.min ? "minItems" : "maxItems");
  }
  if (node.unique_items && !AllDiffer(value)) return Fail("uniqueItems");
  for (size_t i = 0; i < value.size(); ++i) {
    const NodeId id = i < node.prefix_items.size() ? node.prefix_items[i] : node.items;
    if (id == kNone) break;
    if (seen != nullptr) (*seen)[i] = true;
    const bool prefix = i < node.prefix_items.size();
    if (!ChildFits(id, value[i], std::to_string(i), prefix ? "prefixItems" : "items")) return false;
  }
  return node.contains == kNone || FitsContains(node, value, seen);
}

bool Evaluator::FitsContains(const Node& node, const Json& value, Seen* seen) {
  uint64_t count = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    if (!Tries(node.contains, value[i], nullptr)) continue;
    ++count;
    if (seen != nullptr) (*seen)[i] = true;
  }
  if (Within(node.contains_count, count)) return true;
  return Fail(count > node.contains_count.max ? "maxContains" : count == 0 ? "contains" : "minContains");
}

bool Evaluator::FitsObject(const Node& node, const Json& value, Seen* seen) {
  if (!value.is_object()) return true;
  if (!Within(node.properties_count, value.size())) {
    return Fail(value.size() < node.properties_count.min ? "minProperties" : "maxProperties");
  }
  for (const std::string& name : node.required) {
    if (!Spend(1)) return false;
    if (!value.contains(name)) return Fail("required");
  }
  for (const Dependent& dependent : node.dependents) {
    if (!Spend(1) || !value.contains(dependent.name)) continue;
    for (const std::string& name : dependent.required) {
      if (!value.contains(name)) return Fail("dependentRequired");
    }
    if (dependent.schema != kNone && !Fits(dependent.schema, value, seen)) return false;
  }
  return FitsMembers(node, value, seen);
}

bool Evaluator::FitsMembers(const Node& node, const Json& value, Seen* seen) {
  if (node.properties.empty() && node.pattern_properties.empty() && node.additional_properties == kNone &&
      node.property_names == kNone) {
    return true;
  }
  size_t index = 0;
  for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
    if (!Spend(1)) return false;
    bool named = false;
    if (const auto found = node.properties.find(name); found != node.properties.end()) {
      named = true;
      if (!ChildFits(found->second, member, name, "properties")) return false;
    }
    for (const auto& [pattern, id] : node.pattern_properties) {
      if (!Matches(pattern, name)) continue;
      named = true;
      if (!ChildFits(id, member, name, "patternProperties")) return false;
    }
    if (!named && node.additional_properties != kNone) {
      named = true;
      if (!ChildFits(node.additional_properties, member, name, "additionalProperties")) return false;
    }
    if (node.property_names != kNone && !Tries(node.property_names, Json(name), nullptr)) {
      return Fail("propertyNames");
    }
    if (seen != nullptr && named) (*seen)[index] = true;
    ++index;
  }
  return true;
}

bool Evaluator::FitsUnevaluated(const Node& node, const Json& value, Seen* seen) {
  if (value.is_array() && node.unevaluated_items != kNone) {
    for (size_t i = 0; i < value.size(); ++i) {
      if ((*seen)[i]) continue;
      if (!ChildFits(node.unevaluated_items, value[i], std::to_string(i), "unevaluatedItems")) return false;
    }
    MarkAll(seen);
  }
  if (!value.is_object() || node.unevaluated_properties == kNone) return true;
  size_t index = 0;
  for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
    if ((*seen)[index++]) continue;
    if (!ChildFits(node.unevaluated_properties, member, name, "unevaluatedProperties")) return false;
  }
  MarkAll(seen);
  return true;
}

}  // namespace portolan::guardrails::schema
