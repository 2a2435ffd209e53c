#pragma once

// Middleware that the gateway has itself. Each is one folder or file here, and one line of the table.

#include <memory>
#include <span>
#include <string_view>

#include "server/middleware/middleware.h"

namespace portolan::middleware {

struct BuiltIn {
  std::string_view name;     // in the config file
  std::string_view purpose;  // for docs/middleware.md
  std::unique_ptr<Service> (*make)(const Settings& settings);
};

// Static.
std::span<const BuiltIn> BuiltIns();

// nullptr: there is none of this name.
const BuiltIn* FindBuiltIn(std::string_view name);

}  // namespace portolan::middleware
