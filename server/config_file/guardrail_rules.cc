#include <optional>
#include <string>
#include <utility>

#include "server/config_file/rules.h"
#include "server/guardrails/guardrail_list.h"
#include "server/guardrails/json_schema.h"

namespace portolan::config {
namespace {

using guardrails::Guardrail;
using guardrails::ListOwner;

void NoteWithoutEffect(const YamlNode& node, std::string_view path, ConfigProblems* without_effect) {
  bool whole = false;
  without_effect->push_back(node.Find(path, &whole).ProblemOfKey("has no effect here"));
}

std::shared_ptr<const Guardrail> ReadEntry(const YamlNode& node, const std::string& text, Findings* findings,
                                           ConfigProblems* without_effect) {
  if (!IsName(node.key)) findings->AddKey(node, "a name has letters, digits and . _ - in it, at most 128");
  guardrails::Problem problem = {"", "this is nested too deep"};
  const auto json = guardrails::ParseJson(text.empty() ? "null" : text);
  auto guardrail = json ? guardrails::ReadNamedGuardrail(node.key, *json, "", &problem) : nullptr;
  if (guardrail == nullptr) {
    AddAt(node, problem, findings);
  } else if (guardrail->async && guardrail->deny) {
    NoteWithoutEffect(node, "deny", without_effect);
  }
  return guardrail;
}

class ListRules {
 public:
  ListRules(const guardrails::NamedGuardrails& named, Findings* findings, ConfigProblems* without_effect)
      : named_(named), findings_(*findings), without_effect_(*without_effect) {}

  // `text` is what `node` says, as JSON.
  void Check(const YamlNode* node, const std::string& text) {
    if (YamlNode::IsNull(node) || findings_.Touched(*node)) return;
    guardrails::GuardrailList list;
    guardrails::ListNotes notes;
    guardrails::Problem problem;
    if (!ReadGuardrailList(text, "", {.owner = ListOwner::kOperator}, named_, &list, &notes, &problem)) {
      AddAt(*node, problem, &findings_);
    }
    for (const std::string& path : notes.without_effect) NoteWithoutEffect(*node, path, &without_effect_);
  }

 private:
  const guardrails::NamedGuardrails& named_;
  Findings& findings_;
  ConfigProblems& without_effect_;
};

}  // namespace

guardrails::NamedGuardrails GuardrailsOf(const YamlNode& root, const v1::GatewayConfig& message,
                                         Findings* findings, ConfigProblems* without_effect) {
  guardrails::NamedGuardrails named;
  for (const YamlNode* const node : root.Members("guardrails")) {
    named.emplace(node->key, std::make_shared<const Guardrail>());
  }
  for (const v1::GuardrailEntry& entry : message.guardrails()) {
    const YamlNode* const node = root.Member("guardrails")->Member(entry.key());
    if (node == nullptr || findings->Touched(*node)) continue;
    if (auto guardrail = ReadEntry(*node, entry.value(), findings, without_effect)) {
      named[entry.key()] = std::move(guardrail);
    }
  }
  return named;
}

void CheckGuardrailLists(const RuleInputs& inputs, Findings* findings, ConfigProblems* without_effect) {
  ListRules rules(inputs.guardrails, findings, without_effect);
  rules.Check(inputs.root.Member("default_input_guardrails"), inputs.message.default_input_guardrails());
  rules.Check(inputs.root.Member("default_output_guardrails"), inputs.message.default_output_guardrails());
  const YamlNode* const callers = inputs.root.Member("callers");
  const YamlNode* const keys = YamlNode::IsNull(callers) ? nullptr : callers->Member("keys");
  // Where an entry was left out as it is wrong, the others stand at other places.
  if (YamlNode::IsNull(keys) ||
      keys->children.size() != static_cast<size_t>(inputs.message.callers().keys_size())) {
    return;
  }
  for (size_t i = 0; i < keys->children.size(); ++i) {
    const v1::CallerKey& key = inputs.message.callers().keys(static_cast<int>(i));
    rules.Check(keys->children[i]->Member("input_guardrails"), key.input_guardrails());
    rules.Check(keys->children[i]->Member("output_guardrails"), key.output_guardrails());
  }
}

}  // namespace portolan::config
