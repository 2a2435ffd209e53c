#pragma once

#include <string>

namespace portolan::config {

// The JSON Schema (draft 2020-12) of the config file, made from the protos. It takes every file that
// ConfigFile::Parse takes but for `null`s, and refuses unknown keys, values of the wrong type and what a
// pattern can tell.
std::string ConfigJsonSchema();

}  // namespace portolan::config
