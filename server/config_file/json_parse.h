#pragma once

#include <string_view>

#include "server/config_file/places.h"
#include "server/config_file/tree_builder.h"

namespace portolan::config {

// Builds the tree of one JSON value. REQUIRES: codec::IsJson(text, TreeBuilder::kMaxDepth).
void BuildFromJson(std::string_view text, Places* places, TreeBuilder* builder);

}  // namespace portolan::config
