#include "server/guardrails/guardrail_list.h"

#include <optional>
#include <utility>

#include "server/base/json_text.h"
#include "server/base/text.h"
#include "server/base/utf8.h"
#include "server/guardrails/json_schema.h"
#include "server/guardrails/parameters.h"

namespace portolan::guardrails {
namespace {

using nlohmann::json;

constexpr size_t kLongestName = 60;  // that is told

bool SaysType(const json& guardrail) {
  const auto type = guardrail.find("type");
  return type != guardrail.end() && !type->is_null();
}

std::shared_ptr<const Guardrail> Lookup(const std::string& name, const std::string& path,
                                        const NamedGuardrails& named, Problem* problem) {
  if (const auto found = named.find(name); found != named.end()) return found->second;
  const std::string told = name.size() > kLongestName ? std::string(CutUtf8(name, kLongestName)) + "…" : name;
  *problem = {path, "no guardrail of this gateway's is called " + JsonString(told)};
  return nullptr;
}

// With what only the operator may say.
std::optional<Guardrail> ReadOperators(json from, const std::string& path, Problem* problem) {
  bool reveal = false;
  if (from.is_object() && from.contains("reveal")) {
    if (!from["reveal"].is_boolean()) {
      *problem = {MemberPath(path, "reveal"), "must be true or false"};
      return std::nullopt;
    }
    reveal = from["reveal"].get<bool>();
    from.erase("reveal");
  }
  std::optional<Guardrail> guardrail = ReadGuardrail(from, path, problem);
  if (guardrail) guardrail->reveal = reveal;
  return guardrail;
}

}  // namespace

bool HoldsList(std::string_view text) {
  text = TrimSpace(text);
  return !text.empty() && text != "null";
}

bool ReadGuardrailList(std::string_view text, const std::string& path, ListRules rules,
                       const NamedGuardrails& named, GuardrailList* out, ListNotes* notes, Problem* problem) {
  if (!HoldsList(text)) return true;
  const std::optional<json> list = ParseJson(text);
  if (list) return ReadParsedList(*list, path, rules, named, out, notes, problem);
  *problem = {path, "is no JSON, or nests deeper than " + std::to_string(kMaxJsonDepth) + " levels"};
  return false;
}

bool ReadParsedList(const json& list, const std::string& path, ListRules rules, const NamedGuardrails& named,
                    GuardrailList* out, ListNotes* notes, Problem* problem) {
  if (!list.is_array()) {
    *problem = {path, "must be a list of guardrails or of names"};
    return false;
  }
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string at = ElementPath(path, i);
    if (list[i].is_string()) {
      out->push_back(Lookup(list[i].get_ref<const std::string&>(), at, named, problem));
      if (out->back() == nullptr) return false;
      continue;
    }
    std::optional<Guardrail> guardrail = rules.owner == ListOwner::kOperator
                                             ? ReadOperators(list[i], at, problem)
                                             : ReadGuardrail(list[i], at, problem);
    if (!guardrail) return false;
    if (rules.kind == ListKind::kMutators && !SaysType(list[i])) guardrail->mutator = true;
    if (rules.owner == ListOwner::kOperator) guardrail->name = guardrail->id.empty() ? at : guardrail->id;
    if (guardrail->async && guardrail->deny) notes->without_effect.push_back(MemberPath(at, "deny"));
    notes->checks += guardrail->checks.size();
    out->push_back(std::make_shared<const Guardrail>(*std::move(guardrail)));
  }
  return true;
}

std::shared_ptr<const Guardrail> ReadNamedGuardrail(std::string name, const json& json,
                                                    const std::string& path, Problem* problem) {
  // A name for a name would have to be looked up in turn.
  if (json.is_string()) {
    *problem = {path, "a guardrail is an object"};
    return nullptr;
  }
  std::optional<Guardrail> guardrail = ReadOperators(json, path, problem);
  if (!guardrail) return nullptr;
  guardrail->name = std::move(name);
  return std::make_shared<const Guardrail>(*std::move(guardrail));
}

std::string_view CalledName(const Guardrail& guardrail) {
  return guardrail.name.empty() ? guardrail.id : guardrail.name;
}

}  // namespace portolan::guardrails
