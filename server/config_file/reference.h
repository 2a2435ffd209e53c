#pragma once

#include <string>
#include <string_view>

#include "server/base/secret.h"
#include "server/config/environment.h"

namespace portolan::config {

// Checks a reference, by which a config file says where a key is: `env:NAME`, a variable, or `file:PATH`, a
// file. False, with the reason in *problem, for anything else, which is never quoted as it may be the key
// itself.
bool CheckReference(std::string_view text, std::string* problem);

// The variable that a reference names; empty if it names a file.
std::string_view VariableOf(std::string_view reference);

// Looks up a reference that passed CheckReference. Blanks and line ends around the key are dropped. False,
// with the reason in *problem, if there is no key, or one that no header could carry.
bool ResolveReference(std::string_view reference, const Environment& environment, Secret* key,
                      std::string* problem);

}  // namespace portolan::config
