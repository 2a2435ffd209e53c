#pragma once

#include <string>
#include <string_view>

namespace portolan::config {

// Lay out `json`, which must be valid, for people: as YAML that ParseYaml reads back as the same values, or
// as JSON with an indentation of two blanks.
std::string ToYaml(std::string_view json);
std::string ToIndentedJson(std::string_view json);

}  // namespace portolan::config
