#pragma once

#include <string>
#include <string_view>

namespace portolan::guardrails {

// What `reference` means where the base is `base`, by RFC 3986, section 5.2. Neither has a fragment. Any
// bytes will do: what is no URI comes out as no URI.
std::string ResolveUri(std::string_view base, std::string_view reference);

}  // namespace portolan::guardrails
