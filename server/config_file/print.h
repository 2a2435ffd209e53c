#pragma once

#include <string>

#include "server/config_file/config_file.h"

namespace portolan::config {

// What a file comes to: itself with the defaults of all settings filled in, as one line of JSON. References
// are written as they are; nothing that may be a key is.
std::string EffectiveJson(const ConfigFile& file);

}  // namespace portolan::config
