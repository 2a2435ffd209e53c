#pragma once

// What a config file must satisfy besides having the right shape. Looks at nothing but the file.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "portolan/config/v1/gateway_config.pb.h"
#include "providers/registry.h"
#include "server/config_file/findings.h"
#include "server/config_file/yaml_node.h"
#include "server/guardrails/check.h"
#include "server/guardrails/hooks.h"
#include "server/routing/plan.h"

namespace portolan::config {

// What a tree and the message decoded from it are checked against.
struct RuleInputs {
  const YamlNode& root;
  const v1::GatewayConfig& message;
  const providers::Registry& registry;            // built-in providers, and those of the file
  const guardrails::NamedGuardrails& guardrails;  // those of the file
  const routing::MiddlewareNames& middleware;     // likewise
};

// The built-in providers and those that the tree defines. Providers whose definition is wrong are included,
// so that references to them are not reported as well.
std::unique_ptr<providers::Registry> RegistryOf(const YamlNode& root);

// `; did you mean "openai"?`, with the nearest of `names`. REQUIRES: `names` is not empty.
std::string DidYouMean(std::string_view typed, const std::vector<std::string_view>& names);

// The guardrails that the file names, checked. One that is wrong is included without its checks, so that
// references to it are not reported as well. Here and below: members that have no effect are added to
// *without_effect.
guardrails::NamedGuardrails GuardrailsOf(const YamlNode& root, const v1::GatewayConfig& message,
                                         Findings* findings, ConfigProblems* without_effect);

// Checks the settings that have flags too.
void CheckSettings(const YamlNode& root, Findings* findings);
void CheckCallers(const YamlNode& root, Findings* findings);
void CheckProviders(const RuleInputs& inputs, Findings* findings);
// Checks the lists of guardrails that do not stand in routes.
void CheckGuardrailLists(const RuleInputs& inputs, Findings* findings, ConfigProblems* without_effect);
// The names of the middleware that the file defines, be they right or wrong.
routing::MiddlewareNames MiddlewareOf(const YamlNode& root);
// Checks what is said of middleware, and the lists of names that do not stand in routes.
void CheckMiddleware(const RuleInputs& inputs, Findings* findings);
// Checks routes and the references to them.
void CheckRoutes(const RuleInputs& inputs, Findings* findings, ConfigProblems* without_effect);

// Whether `text` is 1 to 128 letters, digits, `.`, `_` and `-`.
bool IsName(std::string_view text);
// What may be a header's name here: a little less than RFC 9110's token.
bool IsHeaderName(std::string_view text);
inline constexpr char kHeaderNameRule[] = "a header's name has letters, digits, - and _ in it";
// Adds a finding if the value is given and is not a reference.
void CheckReferenceAt(const YamlNode* node, Findings* findings);
// Adds a finding if `node` names a route that does not exist.
void CheckRouteName(const YamlNode& root, const YamlNode* node, Findings* findings);
// Adds a finding for what stands at `path` below `node`, be it there or missing.
void AddAt(const YamlNode& node, const guardrails::Problem& problem, Findings* findings);
// Adds a finding if the value is not a URL that a call could go to.
void CheckUrl(const YamlNode& node, Findings* findings);

}  // namespace portolan::config
