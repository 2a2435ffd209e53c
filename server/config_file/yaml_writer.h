#pragma once

#include <string>
#include <string_view>

namespace portolan::config {

// JSON, which must be good, laid out for people: as YAML that ParseYaml reads back as the same values, or as
// JSON with two blanks a level.
std::string ToYaml(std::string_view json);
std::string ToIndentedJson(std::string_view json);

}  // namespace portolan::config
