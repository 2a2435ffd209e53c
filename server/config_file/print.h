#pragma once

#include <string>

#include "server/config_file/config_file.h"

namespace portolan::config {

// The file with the defaults of all settings filled in, as one line of JSON. References are written as they
// are; nothing that may be a key is written.
std::string EffectiveJson(const ConfigFile& file);

}  // namespace portolan::config
