#include "server/config_file/provider_list.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

namespace portolan::config {
namespace {

using providers::BodyRule;
using providers::Provider;

// As people say them, in the order of the table.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kOperations = {
    {{"chat", "chat"},
     {"completion", "completions"},
     {"embedding", "embeddings"},
     {"rerank", "rerank"},
     {"count_tokens", "count_tokens"},
     {"list_models", "models"}}};

std::string Joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : between).append(word);
  return text;
}

// Of some models of its at least.
bool Has(const Provider& provider, std::string_view operation) {
  const auto& families = provider.families;
  return provider.Find(operation) != nullptr || provider.FindOwn(operation) != nullptr ||
         std::any_of(families.begin(), families.end(),
                     [&](const auto& family) { return family.Find(operation) != nullptr; });
}

std::vector<std::string> OperationsOf(const Provider& provider) {
  std::vector<std::string> words;
  for (const auto& [operation, word] : kOperations) {
    if (Has(provider, operation)) words.emplace_back(word);
  }
  return words;
}

// Its own, then those that some of its models speak.
std::string DialectsOf(const Provider& provider) {
  std::vector<std::string> words = {std::string(provider.dialect->name())};
  for (const providers::ModelFamily& family : provider.families) {
    std::string word(family.dialect->name());
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(std::move(word));
  }
  return Joined(words, ", ");
}

// `A:B:C?` as `A`, `B` and, if any, `C`; `A@` as `A`, which names a file.
std::string Variables(std::string_view names) {
  std::string text;
  while (!names.empty()) {
    const size_t end = std::min(names.find(':'), names.size());
    std::string_view name = names.substr(0, end);
    names.remove_prefix(std::min(end + 1, names.size()));
    const bool optional = name.ends_with('?');
    const bool names_file = name.ends_with('@');
    if (optional || names_file) name.remove_suffix(1);
    if (!text.empty()) text += names.empty() ? " and " : ", ";
    if (optional) text += "if any ";
    text.append("`").append(name).append(names_file ? "` (names a file)" : "`");
  }
  return text;
}

std::string KeyOf(const Provider& provider) {
  if (provider.local != nullptr) return "none";
  std::vector<std::string> words;
  words.reserve(provider.key_variables.size());
  for (const std::string& names : provider.key_variables) words.push_back(Variables(names));
  std::string text = Joined(words, ", or ");
  if (provider.needs_no_key) return text.empty() ? "none needed" : text + "; none needed";
  return text.empty() ? "no variable" : text;
}

std::string Plain(std::string text) {
  std::erase(text, '`');
  return text;
}

// What `{aws_region}` of a base URL, and what else goes as a header, is called.
std::string OptionsOf(const Provider& provider) {
  std::vector<std::string> words;
  words.reserve(provider.options.size());
  for (const providers::ProviderOption& option : provider.options) words.push_back("`" + option.name + "`");
  return Joined(words, ", ");
}

// `a|b` as "`a`, `b`".
std::string Quoted(std::string_view list) {
  std::string text;
  while (!list.empty()) {
    const size_t end = std::min(list.find('|'), list.size());
    text.append(text.empty() ? "`" : ", `").append(list.substr(0, end)).append("`");
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return text;
}

std::string Number(double number) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

std::string ChangeOf(const BodyRule& rule) {
  using Kind = BodyRule::Kind;
  switch (rule.kind) {
    case Kind::kRename:
      return Quoted(rule.members) + " is " + Quoted(rule.value);
    case Kind::kRenameAlone:
      return Quoted(rule.members) + " alone is " + Quoted(rule.value);
    case Kind::kUnsupported:
      return "not taken: " + Quoted(rule.members);
    case Kind::kOtherWay:
      return "in an API of its own: " + Quoted(rule.members);
    case Kind::kOmit:
      return "left out: " + Quoted(rule.members);
    case Kind::kOmitValue:
      return Quoted(rule.members) + " " + Quoted(rule.value) + " is left out";
    case Kind::kDefault:
      return Quoted(rule.members) + " is " + Quoted(rule.value) + " where there is none";
    case Kind::kAsList:
      return Quoted(rule.members) + " as a list";
    case Kind::kAtMost:
      return Quoted(rule.members) + " from " + Number(rule.low) + " to " + Number(rule.high);
    case Kind::kExclusive:
      return "one of " + Quoted(rule.members);
    case Kind::kDeveloperIsSystem:
      return "`developer` is `system`";
    case Kind::kTextAsString:
      return rule.members.empty() ? "text as a string" : "text as a string, of " + Quoted(rule.members);
    case Kind::kMessageMember:
      return "not taken in messages: " + Quoted(rule.members);
    case Kind::kNullsOfMessage:
      return "no nulls in messages";
    case Kind::kToolCallIds:
      return "call ids of nine characters";
    case Kind::kKeepsReasoning:
      return "`reasoning_content` is kept in translation";
    case Kind::kStrictOfTools:
      return "no `strict` in tools";
    case Kind::kOnlyFunctionTools:
      return "functions only";
    case Kind::kRequiredIsCalled:
      return "`tool_choice` `required` is " + Quoted(rule.value);
    case Kind::kToolChoiceValues:
      return "`tool_choice` is one of " + Quoted(rule.members);
  }
  return {};
}

std::string ScopeOf(const BodyRule& rule) {
  std::string scope;
  if (!rule.operation.empty()) scope += " (" + Quoted(rule.operation) + ")";
  if (rule.models.starts_with('!')) return scope + " (models but " + Quoted(rule.models.substr(1)) + ")";
  return rule.models.empty() ? scope : scope + " (" + Quoted(rule.models) + ")";
}

std::string ChangesOf(const Provider& provider) {
  std::vector<std::string> words;
  for (const BodyRule& rule : provider.rules) words.push_back(ChangeOf(rule) + ScopeOf(rule));
  return Joined(words, "; ");
}

std::vector<const Provider*> ByName(const providers::Catalog& catalog) {
  std::vector<const Provider*> sorted;
  sorted.reserve(catalog.providers.size());
  for (const Provider& provider : catalog.providers) sorted.push_back(&provider);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  return sorted;
}

}  // namespace

std::string ProviderLines(const providers::Catalog& catalog) {
  std::array<size_t, 3> widths{};
  const auto cells = [](const Provider& provider) {
    return std::array<std::string, 4>{provider.name, DialectsOf(provider),
                                      provider.local != nullptr ? "(inside the gateway)" : provider.base_url,
                                      provider.key_variables.empty() ? "-" : Plain(KeyOf(provider))};
  };
  const std::vector<const Provider*> sorted = ByName(catalog);
  for (const Provider* provider : sorted) {
    const auto row = cells(*provider);
    for (size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Provider* provider : sorted) {
    const auto row = cells(*provider);
    for (size_t i = 0; i < widths.size(); ++i) text.append(row[i]).append(widths[i] + 2 - row[i].size(), ' ');
    text.append(row.back()).append("\n");
  }
  return text;
}

std::string ProviderTable(const providers::Catalog& catalog) {
  std::string text =
      "| name | provider | dialect | operations | base URL | key | options |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const Provider* provider : ByName(catalog)) {
    const std::vector<std::string> operations = OperationsOf(*provider);
    text.append("| `").append(provider->name).append("` | ").append(provider->title).append(" | ");
    text.append(DialectsOf(*provider)).append(" | ");
    // Which tests show them is told there.
    if (!operations.empty()) {
      text.append("[").append(Joined(operations, ", ")).append("](provider-cases.md#");
      text.append(provider->name).append(")");
    }
    text.append(" | ");
    if (!provider->base_url.empty()) text.append("`").append(provider->base_url).append("`");
    text.append(" | ").append(KeyOf(*provider)).append(" | ").append(OptionsOf(*provider)).append(" |\n");
  }
  text +=
      "\nRequests to these are changed ([how](#what-is-changed-for-a-provider)). `@reasoning` are OpenAI's "
      "models that reason (`o1*`, `o3*`, `o4*`,\n"
      "`gpt-5*`, `gpt-6*`) and those made of any of its models (`ft:*`):\n\n"
      "| name | what is changed |\n"
      "|---|---|\n";
  for (const Provider* provider : ByName(catalog)) {
    if (provider->rules.empty()) continue;
    text.append("| `").append(provider->name).append("` | ").append(ChangesOf(*provider)).append(" |\n");
  }
  return text;
}

}  // namespace portolan::config
