#include <string>

#include "server/base/nearest.h"
#include "server/config_file/rules.h"
#include "server/routing/plan.h"

namespace portolan::config {
namespace {

constexpr std::string_view kRoot = "config";  // what a route's own paths begin with

// The route's own and its targets'.
void CheckKeysAndHosts(const YamlNode& node, Findings* findings) {
  CheckProviderKeyAt(node.Member("api_key"), findings);
  const YamlNode* const host = node.Member("custom_host");
  if (!YamlNode::IsNull(host) && !host->text.empty()) CheckUrl(*host, findings);
  const YamlNode* const targets = node.Member("targets");
  if (targets == nullptr) return;
  for (const auto& target : targets->children) CheckKeysAndHosts(*target, findings);
}

const ::portolan::v1::RouteConfig* FindRoute(const v1::GatewayConfig& message, std::string_view name) {
  for (const v1::RouteEntry& entry : message.routes()) {
    if (entry.key() == name) return &entry.value();
  }
  return nullptr;
}

// Where the path ends that a message begins with. It may hold names of members in quotes.
size_t EndOfPath(std::string_view message) {
  bool quoted = false;
  for (size_t at = 0; at < message.size(); ++at) {
    if (quoted && message[at] == '\\') {
      ++at;
    } else if (message[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && message.substr(at).starts_with(": ")) {
      return at;
    }
  }
  return 0;
}

// `config.targets[0].retry.attempts: must be between 0 and 5`, told at its place in the file.
void AddRouteError(const YamlNode& route, std::string_view message, Findings* findings) {
  const size_t end = EndOfPath(message);
  std::string_view path = message.substr(0, end);
  if (path.starts_with(kRoot)) path.remove_prefix(kRoot.size());
  AddAt(route, {std::string(path), std::string(message.substr(end == 0 ? 0 : end + 2))}, findings);
}

void CheckRoute(const RuleInputs& inputs, const YamlNode& route, Findings* findings,
                ConfigProblems* without_effect) {
  if (!IsName(route.key)) findings->AddKey(route, "a name has letters, digits and . _ - in it, at most 128");
  CheckKeysAndHosts(route, findings);
  if (route.type != YamlNode::Type::kMap) {
    findings->AddKey(route, "a route is an object, as in {provider: openai}");
    return;
  }
  const ::portolan::v1::RouteConfig* const config = FindRoute(inputs.message, route.key);
  if (config == nullptr) return;
  routing::RoutePlan plan;
  plan.from_operator = true;
  if (const auto error =
          routing::CompileRoute(*config, inputs.registry, inputs.guardrails, &plan, inputs.middleware)) {
    AddRouteError(route, error->message, findings);
    return;
  }
  for (const std::string& path : plan.ignored) {
    bool whole = false;
    ConfigProblem note = route.Find(path, &whole).ProblemOfKey("has no effect here");
    without_effect->push_back(std::move(note));
  }
}

}  // namespace

void CheckRouteName(const YamlNode& root, const YamlNode* node, Findings* findings) {
  if (YamlNode::IsNull(node) || findings->Touched(*node)) return;
  std::vector<std::string_view> names;
  for (const YamlNode* const route : root.Members("routes")) {
    if (route->key == node->text) return;
    if (IsName(route->key)) names.push_back(route->key);
  }
  findings->AddValue(*node, names.empty() ? "there is no such route; the file has none"
                                          : "there is no such route; did you mean \"" +
                                                std::string(Nearest(node->text, names)) + "\"?");
}

void CheckRoutes(const RuleInputs& inputs, Findings* findings, ConfigProblems* without_effect) {
  for (const YamlNode* const route : inputs.root.Members("routes")) {
    if (!findings->Touched(*route)) CheckRoute(inputs, *route, findings, without_effect);
  }
  for (const YamlNode* const alias : inputs.root.Members("aliases")) {
    if (findings->Touched(*alias)) continue;
    if (alias->key.empty()) findings->AddKey(*alias, "a model has a name");
    if (YamlNode::IsNull(alias)) findings->AddKey(*alias, "an alias names a route");
    CheckRouteName(inputs.root, alias, findings);
  }
  CheckRouteName(inputs.root, inputs.root.Member("default_route"), findings);
}

}  // namespace portolan::config
