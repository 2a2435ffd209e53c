#pragma once

// What a config file must say besides having the right shape. Looks at nothing but the file.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "portolan/config/v1/gateway_config.pb.h"
#include "providers/registry.h"
#include "server/config_file/findings.h"
#include "server/config_file/yaml_node.h"

namespace portolan::config {

// What a tree and the message decoded from it are checked against.
struct RuleInputs {
  const YamlNode& root;
  const v1::GatewayConfig& message;
  const providers::Registry& registry;  // built-in providers, and those of the file
};

// The built-in providers and those that the tree names; one of the file's whose entry is wrong is there all
// the same, so that what names it is not found wrong too.
std::unique_ptr<providers::Registry> RegistryOf(const YamlNode& root);

std::vector<std::string_view> ProviderNames(const providers::Registry& registry);
// `; did you mean "openai"?`, of the name that is nearest. REQUIRES: there is one.
std::string DidYouMean(std::string_view typed, const std::vector<std::string_view>& names);

// Values that a flag could give as well.
void CheckSettings(const YamlNode& root, Findings* findings);
void CheckCallers(const YamlNode& root, Findings* findings);
void CheckProviders(const RuleInputs& inputs, Findings* findings);
// Routes, and what names them. Members of routes that have no effect are added to *without_effect.
void CheckRoutes(const RuleInputs& inputs, Findings* findings, ConfigProblems* without_effect);

// Letters, digits, `.`, `_`, `-`; at most 128.
bool IsName(std::string_view text);
// Adds a finding if the value is there and is no reference.
void CheckReferenceAt(const YamlNode* node, Findings* findings);
// Adds a finding if no route has the name that stands there.
void CheckRouteName(const YamlNode& root, const YamlNode* node, Findings* findings);
// Adds a finding if the value is no URL that a call could go to.
void CheckUrl(const YamlNode& node, Findings* findings);

}  // namespace portolan::config
