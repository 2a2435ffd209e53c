#pragma once

// Checks that a tree has the shape of a message: keys that exist, values of the right type.

#include <string>
#include <string_view>
#include <vector>

#include "portolan/config/v1/gateway_config.pb.h"
#include "server/config_file/findings.h"
#include "server/config_file/yaml_node.h"

namespace portolan::config {

// Reports keys that no field has, at any depth, and suggests the nearest one that exists. `options` are
// further keys that a v1::RouteConfig may have.
void CheckKeys(const YamlNode& root, const std::vector<std::string_view>& options, Findings* findings);

// Turns the tree into a message. Values that do not fit are reported and left out.
void DecodeTree(const YamlNode& root, Findings* findings, v1::GatewayConfig* message);

}  // namespace portolan::config
