#include "server/guardrails/guardrail.h"

#include <algorithm>
#include <array>
#include <utility>

#include "server/guardrails/json_meaning.h"
#include "server/guardrails/parameters.h"

namespace portolan::guardrails {
namespace {

using nlohmann::json;

// What says something of a guardrail rather than names a check. Behind `onFail` and `onSuccess` the hosted
// gateway's documents spell it so.
constexpr std::array<std::string_view, 13> kMembers = {
    "type",       "id",     "deny",      "async",  "sequential",           "on_fail",
    "on_success", "onFail", "onSuccess", "checks", "guardrail_version_id", "stream",
    "window"};

bool IsMember(std::string_view name) {
  return std::find(kMembers.begin(), kMembers.end(), name) != kMembers.end();
}

class Reader {
 public:
  Reader(const json& from, std::string path, Problem* problem)
      : json_(from), path_(std::move(path)), problem_(problem) {}

  std::optional<Guardrail> Read() {
    if (json_.is_string()) return Fail(path_, "no guardrail has this name");
    if (!json_.is_object()) return Fail(path_, "a guardrail is an object");
    const bool good = ReadFlags() && ReadType() && ReadStream() && ReadFeedback() &&
                      (json_.contains("checks") ? ReadLongForm() : ReadShortForm());
    if (!good) return std::nullopt;
    return std::move(guardrail_);
  }

 private:
  std::nullopt_t Fail(const std::string& path, std::string message) {
    *problem_ = {path, std::move(message)};
    return std::nullopt;
  }
  bool Refuse(std::string_view member, std::string message) {
    *problem_ = {MemberPath(path_, member), std::move(message)};
    return false;
  }
  // nullptr if it is not there.
  const json* Member(std::string_view name) const {
    const auto found = json_.find(name);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  bool ReadFlags() {
    const std::array<std::pair<std::string_view, bool*>, 3> flags = {
        {{"deny", &guardrail_.deny}, {"async", &guardrail_.async}, {"sequential", &guardrail_.sequential}}};
    for (const auto& [name, flag] : flags) {
      const json* value = Member(name);
      if (value == nullptr) continue;
      if (!value->is_boolean()) return Refuse(name, "must be true or false");
      *flag = value->get<bool>();
    }
    return true;
  }

  bool ReadType() {
    if (const json* id = Member("id")) {
      if (!id->is_string()) return Refuse("id", "must be a text");
      guardrail_.id = id->get<std::string>();
    }
    const json* type = Member("type");
    if (type == nullptr || *type == "guardrail") return true;
    guardrail_.mutator = *type == "mutator";
    return guardrail_.mutator || Refuse("type", "must be guardrail or mutator");
  }

  bool ReadStream() {
    if (const json* mode = Member("stream")) {
      constexpr std::array<std::string_view, 4> kModes = {"auto", "whole", "window", "after"};
      const auto found =
          std::find_if(kModes.begin(), kModes.end(), [&](std::string_view name) { return *mode == name; });
      if (found == kModes.end()) return Refuse("stream", "must be auto, whole, window or after");
      guardrail_.stream = static_cast<StreamMode>(found - kModes.begin());
    }
    const json* window = Member("window");
    if (window == nullptr) return true;
    if (!window->is_number_integer() || *window < 1 || *window > 65'536) {
      return Refuse("window", "must be a whole number of characters from 1 to 65536");
    }
    guardrail_.window = window->get<int64_t>();
    return true;
  }

  bool ReadFeedback() {
    const std::array<std::pair<std::string_view, json*>, 4> places = {
        {{"on_fail", &guardrail_.on_fail},
         {"onFail", &guardrail_.on_fail},
         {"on_success", &guardrail_.on_success},
         {"onSuccess", &guardrail_.on_success}}};
    for (const auto& [name, place] : places) {
      const json* value = Member(name);
      if (value == nullptr) continue;
      if (!value->is_object()) return Refuse(name, "must be an object with feedback");
      *place = *value;
    }
    return true;
  }

  bool ReadLongForm() {
    const json& checks = json_["checks"];
    const std::string path = MemberPath(path_, "checks");
    if (!checks.is_array()) return Refuse("checks", "must be a list");
    for (const auto& [name, value] : json_.items()) {
      if (!IsMember(name)) return Refuse(name, "a guardrail with a list of checks has no such member");
    }
    for (size_t i = 0; i < checks.size(); ++i) {
      const std::string at = ElementPath(path, i);
      const json& check = checks[i];
      if (!check.is_object() || !check.contains("id") || !check["id"].is_string()) {
        *problem_ = {at, "a check is an object with an id"};
        return false;
      }
      if (!AddCheck(check["id"].get_ref<const std::string&>(), check.value("parameters", json()),
                    MemberPath(at, "parameters"), check)) {
        return false;
      }
    }
    return HasChecks();
  }

  bool ReadShortForm() {
    for (const auto& [name, value] : json_.items()) {
      if (IsMember(name)) continue;
      // The member's own name is the check's, unless it has another.
      std::string id = name;
      if (value.is_object() && value.contains("id") && value["id"].is_string()) {
        id = value["id"].get<std::string>();
      }
      if (!AddCheck(id, value, MemberPath(path_, name), value)) return false;
    }
    return HasChecks();
  }

  // `switches` holds `is_enabled`.
  bool AddCheck(const std::string& id, const json& parameters, const std::string& path,
                const json& switches) {
    auto check = MakeCheck(id, parameters, path, problem_);
    if (!check) return false;
    const bool has_switch = switches.is_object() && switches.contains("is_enabled");
    if (has_switch && !switches["is_enabled"].is_boolean()) {
      *problem_ = {path, "is_enabled must be true or false"};
      return false;
    }
    any_ = true;
    if (!has_switch || switches["is_enabled"].get<bool>()) guardrail_.checks.push_back(*std::move(check));
    return true;
  }

  bool HasChecks() {
    if (any_) return true;
    *problem_ = {path_, "a guardrail has one check at least"};
    return false;
  }

  const json& json_;
  const std::string path_;
  Problem* const problem_;
  Guardrail guardrail_;
  bool any_ = false;
};

Finding LookAtEverything(const Check& check, const View& view) {
  Finding worst;
  if (view.has_tokens()) {
    return {Verdict::kError, {{"explanation", "there are token ids in place of text, which cannot be read"}}};
  }
  for (const Piece& piece : view.pieces()) {
    if (LooksAt(check, piece.role, piece.is_last)) KeepWorst(LookAtPiece(check, piece), &worst);
  }
  if (worst.data.is_null()) worst.data = {{"explanation", "there is no text to look at"}};
  return worst;
}

Finding LookAtTheLast(const Check& check, const View& view) {
  Finding worst;
  for (const Demanded& demanded : view.WhatIsDemandedOf()) {
    if (demanded.calls_only) {
      KeepWorst({Verdict::kPass, {{"explanation", "it calls tools and has no text to demand something of"}}},
                &worst);
    } else {
      KeepWorst(check.look(demanded.text), &worst);
    }
  }
  if (worst.data.is_null()) worst.data = {{"explanation", "there is no text to look at"}};
  return worst;
}

}  // namespace

std::optional<Guardrail> ReadGuardrail(const json& json, const std::string& path, Problem* problem) {
  return Reader(json, path, problem).Read();
}

std::optional<std::vector<Guardrail>> ReadGuardrails(const json& json, const std::string& path,
                                                     Problem* problem) {
  if (!json.is_array()) {
    *problem = {path, "must be a list of guardrails"};
    return std::nullopt;
  }
  std::vector<Guardrail> guardrails;
  for (size_t i = 0; i < json.size(); ++i) {
    auto guardrail = ReadGuardrail(json[i], ElementPath(path, i), problem);
    if (!guardrail) return std::nullopt;
    guardrails.push_back(*std::move(guardrail));
  }
  return guardrails;
}

bool LooksAt(const Check& check, std::string_view role, bool is_last) {
  if (check.only_last) return is_last;
  return check.roles.empty() || std::find(check.roles.begin(), check.roles.end(), role) != check.roles.end();
}

void KeepWorst(Finding finding, Finding* worst) {
  if (worst->data.is_null() || finding.verdict > worst->verdict) *worst = std::move(finding);
}

Finding LookAtPiece(const Check& check, const Piece& piece) {
  Finding worst = check.look(*piece.text);
  if (piece.is_json) KeepWorst(check.look(MeaningOfJson(*piece.text)), &worst);
  return worst;
}

CheckResult RunCheck(const Check& check, const CallFacts& facts, View* view) {
  CheckResult result{check.id, {}, false, false};
  if (check.network != nullptr) {
    result.finding = {Verdict::kError, {{"explanation", "it asks the network, and was not asked"}}};
    result.passes = Passes(check, result.finding);
    return result;
  }
  switch (check.looks) {
    case Looks::kAtEverything:
      result.finding = LookAtEverything(check, *view);
      break;
    case Looks::kAtTheLast:
      result.finding = LookAtTheLast(check, *view);
      break;
    case Looks::kAtTheCall:
      result.finding = check.look_at_call(facts);
      break;
  }
  if (check.change != nullptr) {
    for (const Piece& piece : view->pieces()) {
      if (LooksAt(check, piece.role, piece.is_last)) result.transformed |= ChangePiece(piece, check.change);
    }
  }
  if (check.prefix) result.transformed = view->Add(*check.prefix);
  result.passes = Passes(check, result.finding);
  return result;
}

bool Passes(const Check& check, const Finding& finding) {
  return finding.verdict == Verdict::kPass || (finding.verdict == Verdict::kError && check.pass_on_error);
}

bool AsksNetwork(const Guardrail& guardrail) {
  return std::any_of(guardrail.checks.begin(), guardrail.checks.end(),
                     [](const Check& check) { return check.network != nullptr; });
}

GuardrailResult RunGuardrail(const Guardrail& guardrail, const CallFacts& facts, View* view) {
  GuardrailResult result;
  for (const Check& check : guardrail.checks) {
    result.checks.push_back(RunCheck(check, facts, view));
    result.passes &= result.checks.back().passes;
    result.transformed |= result.checks.back().transformed;
  }
  return result;
}

}  // namespace portolan::guardrails
