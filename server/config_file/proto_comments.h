#pragma once

#include <map>
#include <string>

namespace portolan::config {

// The first paragraph of each comment in the protos of the config file and of routes, as one line. The key is
// the full name of the message or field that it describes (`portolan.config.v1.Listen.http`).
std::map<std::string, std::string> ProtoComments();

}  // namespace portolan::config
