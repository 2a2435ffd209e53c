#pragma once

#include <string>

namespace portolan::config {

// The JSON Schema (draft 2020-12) of the config file, made from the protos. It accepts every file that
// ConfigFile::Parse accepts, except for `null`s, and refuses unknown keys, values of the wrong type, and
// whatever a pattern can find wrong.
std::string ConfigJsonSchema();

}  // namespace portolan::config
