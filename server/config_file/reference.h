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

// Whether a text names what the gateway's machine has, which is no secret and may stand where a provider's
// key does: `managed-identity`, `managed-identity:CLIENT` (providers/azure_credentials.h), `metadata-server`
// (providers/google_metadata.h).
bool NamesIdentity(std::string_view text);

// The variable that a reference names; empty if it names none.
std::string_view VariableOf(std::string_view reference);

// Looks up a reference that passed CheckReference; what names an identity is the key itself. Blanks and line
// ends around the key are dropped. False, with the reason in *problem, if there is no key, or one that no
// header could carry.
bool ResolveReference(std::string_view reference, const Environment& environment, Secret* key,
                      std::string* problem);

}  // namespace portolan::config
