// Checks of a call rather than of its texts.

#include <algorithm>
#include <utility>

#include "server/base/text.h"
#include "server/guardrails/check_makers.h"

namespace portolan::guardrails::makers {
namespace {

using nlohmann::json;

Finding Unknown(std::string_view explanation) { return {Verdict::kError, {{"explanation", explanation}}}; }

bool Has(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// As JavaScript's String(): what a value of the metadata is compared as.
std::string Spelling(const json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// A list of texts or a comma list.
std::vector<std::string> ListOf(const json& value) {
  std::vector<std::string> list;
  if (value.is_string()) {
    for (const std::string_view item : SplitList(value.get_ref<const std::string&>())) {
      list.emplace_back(item);
    }
  } else if (value.is_array()) {
    for (const json& one : value) list.push_back(Spelling(one));
  }
  return list;
}

std::vector<std::string> ListInMetadata(const CallFacts& facts, const char* name) {
  if (!facts.metadata.is_object() || !facts.metadata.contains(name)) return {};
  return ListOf(facts.metadata[name]);
}

bool AreLists(const json& lists) {
  return lists.is_object() && std::all_of(lists.begin(), lists.end(), [](const json& list) {
           return list.is_array() &&
                  std::all_of(list.begin(), list.end(), [](const json& one) { return one.is_string(); });
         });
}

// The models that `rules` allow to this call.
std::vector<std::string> ModelsFor(const json& rules, const CallFacts& facts) {
  std::vector<std::string> models;
  const json by_key = rules.value("metadata", json::object());
  for (const auto& [key, by_value] : by_key.items()) {
    if (!facts.metadata.is_object() || !facts.metadata.contains(key)) continue;
    const json& said = facts.metadata[key];
    if (said.is_null()) continue;
    for (const json& one : said.is_array() ? said : json::array({said})) {
      const auto found = by_value.find(Spelling(one));
      if (found == by_value.end()) continue;
      for (const json& model : *found) models.push_back(model.get<std::string>());
    }
  }
  if (!models.empty() || !rules.contains("defaults")) return models;
  return ListOf(rules["defaults"]);
}

}  // namespace

void ModelWhitelist(Parameters& parameters, Check* check) {
  const std::vector<std::string> models = parameters.Texts("models");
  const bool negated = parameters.Flag("not", false);
  check->looks = Looks::kAtTheCall;
  check->look_at_call = [models, negated](const CallFacts& facts) {
    if (facts.model.empty()) return Unknown("the call names no model");
    const bool listed = Has(models, facts.model);
    return Told(listed != negated, listed ? "the model is listed" : "the model is not listed");
  };
}

void ModelRules(Parameters& parameters, Check* check) {
  const json* const value = parameters.Value("rules", true);
  const bool negated = parameters.Flag("not", false);
  check->looks = Looks::kAtTheCall;
  if (value == nullptr) return;
  const json rules = *value;
  const bool shaped = rules.is_object() && AreLists({{"defaults", rules.value("defaults", json::array())}});
  const json by_key = shaped ? rules.value("metadata", json::object()) : json();
  if (!by_key.is_object() || !std::all_of(by_key.begin(), by_key.end(), AreLists)) {
    parameters.Fail("rules", "must be {\"defaults\": [MODEL], \"metadata\": {KEY: {VALUE: [MODEL]}}}");
    return;
  }
  check->look_at_call = [rules, negated](const CallFacts& facts) {
    if (facts.model.empty()) return Unknown("the call names no model");
    const std::vector<std::string> models = ModelsFor(rules, facts);
    if (models.empty()) return Unknown("the rules name no model for this call");
    const bool listed = Has(models, facts.model);
    return Told(listed != negated, listed ? "the model is among those of the rules"
                                          : "the model is not among those of the rules");
  };
}

void AllowedRequestTypes(Parameters& parameters, Check* check) {
  const std::vector<std::string> allowed = parameters.List("allowedTypes");
  const std::vector<std::string> blocked = parameters.List("blockedTypes");
  for (const std::string& type : allowed) {
    if (Has(blocked, type)) parameters.Fail("blockedTypes", "names what allowedTypes names too");
  }
  check->looks = Looks::kAtTheCall;
  check->look_at_call = [allowed, blocked](const CallFacts& facts) {
    const auto yes = allowed.empty() ? ListInMetadata(facts, "supported_endpoints") : allowed;
    const auto no = blocked.empty() ? ListInMetadata(facts, "blocked_endpoints") : blocked;
    if (Has(no, facts.request_type)) return Told(false, "this operation is blocked");
    if (!yes.empty() && !Has(yes, facts.request_type)) {
      return Told(false, "this operation is not among those that are allowed");
    }
    return Told(true, "this operation is allowed");
  };
}

void RequiredMetadataKeys(Parameters& parameters, Check* check) {
  const std::vector<std::string> keys = parameters.Texts("metadataKeys");
  const Operator op = parameters.Choice("operator", Operator::kAll);
  check->looks = Looks::kAtTheCall;
  check->look_at_call = [keys, op](const CallFacts& facts) {
    json found = json::array();
    json missing = json::array();
    for (const std::string& key : keys) {
      (facts.metadata.is_object() && facts.metadata.contains(key) ? found : missing).push_back(key);
    }
    Finding finding = Told(Holds(op, found.size(), keys.size()),
                           std::to_string(found.size()) + " of " + std::to_string(keys.size()) +
                               " keys are there; asked for: " + std::string(ToString(op)));
    finding.data["found_metadata_keys"] = std::move(found);
    finding.data["missing_metadata_keys"] = std::move(missing);
    finding.data["operator"] = ToString(op);
    return finding;
  };
}

}  // namespace portolan::guardrails::makers
