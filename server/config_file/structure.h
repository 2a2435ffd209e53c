#pragma once

// Whether a tree has the shape of a message: keys that exist, values of the right type.

#include <string>
#include <string_view>
#include <vector>

#include "portolan/config/v1/gateway_config.pb.h"
#include "server/config_file/findings.h"
#include "server/config_file/yaml_node.h"

namespace portolan::config {

// Refuses keys that no field has, at any depth, and tells the nearest that exists. `options` are names that a
// v1::RouteConfig may have besides.
void CheckKeys(const YamlNode& root, const std::vector<std::string_view>& options, Findings* findings);

// Makes a message of the tree; values that do not fit are found wrong and left out.
void DecodeTree(const YamlNode& root, Findings* findings, v1::GatewayConfig* message);

}  // namespace portolan::config
