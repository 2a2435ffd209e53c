#include "server/config_file/rules.h"

#include <algorithm>

#include "providers/registry.h"
#include "server/base/nearest.h"
#include "server/base/text.h"
#include "server/config/flags.h"
#include "server/config_file/reference.h"
#include "server/routing/forward_headers.h"
#include "server/upstream/client.h"

namespace portolan::config {
namespace {

constexpr char kNameRule[] = "a name has letters, digits and . _ - in it, at most 128";

std::string_view TextOf(const YamlNode* node) {
  return YamlNode::IsNull(node) ? std::string_view() : node->text;
}

void CheckSetting(const Setting& setting, const YamlNode& node, Findings* findings) {
  if (node.type == YamlNode::Type::kSequence) {
    for (const auto& child : node.children) CheckSetting(setting, *child, findings);
    return;
  }
  ServeOptions ignored;
  std::string problem;
  if (node.type != YamlNode::Type::kScalar || findings->Wrong(node)) return;
  if (!setting.apply(node.text, &ignored, &problem)) findings->AddValue(node, problem);
}

// The first provider of each dialect: those that dialects are called by. The others have ways of their own.
std::vector<std::string_view> Dialects(const providers::Registry& registry) {
  std::vector<std::string_view> names;
  std::vector<const providers::Dialect*> seen;
  for (const auto& provider : registry.all()) {
    if (std::find(seen.begin(), seen.end(), provider->dialect) != seen.end()) continue;
    seen.push_back(provider->dialect);
    names.push_back(provider->name);
  }
  return names;
}

std::string Listed(const std::vector<std::string_view>& names) {
  std::string list;
  for (const std::string_view name : names) list.append(list.empty() ? "" : ", ").append(name);
  return list;
}

// One entry of `providers`.
class ProviderRules {
 public:
  ProviderRules(const providers::Registry& built_in, Findings* findings)
      : built_in_(built_in), findings_(*findings) {}

  void Check(const YamlNode& entry) {
    if (!IsName(entry.key)) findings_.AddKey(entry, kNameRule);
    CheckReferenceAt(entry.Member("api_key"), &findings_);
    const YamlNode* const base_url = entry.Member("base_url");
    const YamlNode* const dialect = entry.Member("dialect");
    const providers::Provider* const known = built_in_.Find(entry.key);
    if (!YamlNode::IsNull(base_url)) CheckAddress(*base_url, known);
    if (known == nullptr && YamlNode::IsNull(base_url)) {
      findings_.AddKey(
          entry, "a provider that is not built in needs a base_url; " + built_in_.NoProvider(entry.key));
    }
    if (!YamlNode::IsNull(dialect)) CheckDialect(*dialect, known);
    const YamlNode* const auth = entry.Member("auth");
    if (!YamlNode::IsNull(auth)) CheckAuth(*auth, known, YamlNode::IsNull(base_url));
  }

 private:
  void CheckAddress(const YamlNode& node, const providers::Provider* known) {
    if (known != nullptr && known->local != nullptr) {
      findings_.AddValue(node, "this provider is inside the gateway and has no address");
    } else {
      CheckUrl(node, &findings_);
    }
  }

  void CheckDialect(const YamlNode& node, const providers::Provider* known) {
    const providers::Provider* const named = built_in_.Find(node.text);
    if (known != nullptr && named != known) {
      findings_.AddValue(node, "a built-in provider speaks its own dialect");
    } else if (known == nullptr && (named == nullptr || named->local != nullptr)) {
      const std::vector<std::string_view> names = Dialects(built_in_);
      findings_.AddValue(
          node, "there is no such dialect; known are " + Listed(names) + DidYouMean(node.text, names));
    }
  }

  void CheckAuth(const YamlNode& node, const providers::Provider* known, bool at_its_own_address) {
    const YamlNode* const header = node.Member("header");
    if (known != nullptr && at_its_own_address) {
      findings_.AddKey(node,
                       "at its own address a built-in provider gets its key as its API wants it; this is "
                       "for one with a base_url");
    } else if (!YamlNode::IsNull(header)) {
      CheckKeyHeader(*header);
    }
  }

  void CheckKeyHeader(const YamlNode& node) {
    const std::string name = LowerCase(node.text);
    if (!IsHeaderName(name)) {
      findings_.AddValue(node, kHeaderNameRule);
    } else if (name == "authorization") {
      findings_.AddValue(node, "in this header keys go as bearers, which they do where no header is named");
    } else if (!routing::MayHoldKey(name)) {
      findings_.AddValue(node, "this header is the gateway's to write");
    }
  }

  const providers::Registry& built_in_;
  Findings& findings_;
};

bool IsSha256(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) { return HexValue(c) >= 0; });
}

// A list must not be empty: it could be taken for "none", while no list means "all".
void CheckAllowList(const YamlNode* list, Findings* findings) {
  if (list == nullptr || (list->type == YamlNode::Type::kSequence && !list->children.empty())) return;
  if (!findings->Touched(*list))
    findings->AddValue(*list, "an empty list allows nothing; leave it out to allow all");
}

void CheckModelPattern(const YamlNode& node, Findings* findings) {
  const size_t star = node.text.find('*');
  if (node.text.empty()) findings->AddValue(node, "it must not be empty");
  if (star != std::string::npos && star + 1 != node.text.size())
    findings->AddValue(node, "`*` may stand at the end only");
}

class CallerRules {
 public:
  CallerRules(const YamlNode& root, Findings* findings) : root_(root), findings_(*findings) {}

  void Check(const YamlNode& caller) {
    const YamlNode* const name = caller.Member("name");
    const YamlNode* const key = caller.Member("key");
    const YamlNode* const sha256 = caller.Member("sha256");
    if (YamlNode::IsNull(name)) {
      findings_.AddValue(caller, "a caller needs a name");
    } else if (!IsName(name->text)) {
      findings_.AddValue(*name, kNameRule);
    } else {
      Unique(*name, &names_, "two callers have this name");
    }
    if (YamlNode::IsNull(key) == YamlNode::IsNull(sha256)) {
      findings_.AddValue(caller, "a caller has exactly one of key and sha256");
    } else if (YamlNode::IsNull(sha256)) {
      CheckReferenceAt(key, &findings_);
    } else if (!IsSha256(sha256->text)) {
      findings_.AddValue(*sha256, "a SHA-256 has 64 hexadecimal digits");
    } else {
      Unique(*sha256, &digests_, "two callers have this key");
    }
    Lists(caller);
  }

 private:
  void Unique(const YamlNode& node, std::vector<std::string>* seen, const char* problem) {
    std::string text = node.text;
    if (seen == &digests_) text = LowerCase(text);
    if (std::find(seen->begin(), seen->end(), text) != seen->end()) findings_.AddValue(node, problem);
    seen->push_back(std::move(text));
  }

  void Lists(const YamlNode& caller) {
    const YamlNode* const routes = caller.Member("routes");
    const YamlNode* const models = caller.Member("models");
    CheckAllowList(routes, &findings_);
    CheckAllowList(models, &findings_);
    for (size_t i = 0; routes != nullptr && i < routes->children.size(); ++i)
      CheckRouteName(root_, routes->children[i].get(), &findings_);
    for (size_t i = 0; models != nullptr && i < models->children.size(); ++i)
      CheckModelPattern(*models->children[i], &findings_);
  }

  const YamlNode& root_;
  Findings& findings_;
  std::vector<std::string> names_;
  std::vector<std::string> digests_;
};

}  // namespace

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return IsLetterOrDigit(c) || c == '.' || c == '_' || c == '-';
  });
}

void CheckReferenceAt(const YamlNode* node, Findings* findings) {
  std::string problem;
  if (YamlNode::IsNull(node) || findings->Touched(*node)) return;
  if (!CheckReference(node->text, &problem)) findings->AddValue(*node, problem);
}

void AddAt(const YamlNode& node, const guardrails::Problem& problem, Findings* findings) {
  bool whole = false;
  const YamlNode& found = node.Find(problem.path, &whole);
  if (whole) return findings->AddValue(found, problem.message);
  const bool bare = !problem.path.starts_with('.') && !problem.path.starts_with('[');
  findings->AddMissing(found, node.Path() + (bare ? "." : "") + problem.path, problem.message);
}

bool IsHeaderName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return IsLetterOrDigit(c) || c == '-' || c == '_'; });
}

void CheckUrl(const YamlNode& node, Findings* findings) {
  upstream::Origin origin;
  std::string path;
  std::string problem;
  if (!upstream::ParseUrl(node.text, &origin, &path, &problem)) findings->AddValue(node, problem);
}

std::string DidYouMean(std::string_view typed, const std::vector<std::string_view>& names) {
  const std::string_view near = NearWord(typed, names);
  return near.empty() ? std::string() : "; did you mean \"" + std::string(near) + "\"?";
}

std::unique_ptr<providers::Registry> RegistryOf(const YamlNode& root) {
  std::unique_ptr<providers::Registry> registry = providers::Registry::BuiltIn();
  for (const YamlNode* const entry : root.Members("providers")) {
    if (!IsName(entry->key) || registry->Find(entry->key) != nullptr) continue;
    const providers::Provider* dialect = registry->Find(TextOf(entry->Member("dialect")));
    if (dialect == nullptr) dialect = registry->Find("openai");
    registry->Add(providers::NamedProvider(*dialect, entry->key,
                                           std::string(TextOf(entry->Member("base_url"))),
                                           /*takes_stream_options=*/false));
  }
  return registry;
}

void CheckSettings(const YamlNode& root, Findings* findings) {
  for (const Setting& setting : Settings()) {
    bool whole = false;
    const YamlNode& node = root.Find(setting.path, &whole);
    // A secret is a reference here.
    if (!setting.path.empty() && whole && !setting.secret) CheckSetting(setting, node, findings);
  }
}

void CheckCallers(const YamlNode& root, Findings* findings) {
  const YamlNode* const callers = root.Member("callers");
  if (YamlNode::IsNull(callers)) return;
  CheckReferenceAt(callers->Member("admin_key"), findings);
  const YamlNode* const keys = callers->Member("keys");
  if (YamlNode::IsNull(keys)) return;
  CallerRules rules(root, findings);
  for (const auto& caller : keys->children) {
    if (!findings->Touched(*caller)) rules.Check(*caller);
  }
}

void CheckProviders(const RuleInputs& inputs, Findings* findings) {
  const std::unique_ptr<providers::Registry> built_in = providers::Registry::BuiltIn();
  ProviderRules rules(*built_in, findings);
  for (const YamlNode* const entry : inputs.root.Members("providers")) {
    if (!findings->Touched(*entry)) rules.Check(*entry);
  }
  const YamlNode* const chosen = inputs.root.Member("default_provider");
  if (YamlNode::IsNull(chosen) || findings->Touched(*chosen)) return;
  if (inputs.registry.Find(chosen->text) != nullptr) return;
  findings->AddValue(*chosen, inputs.registry.NoProvider(chosen->text));
}

}  // namespace portolan::config
