#pragma once

// Signatures of JSON Web Tokens: RS256 of RFC 7518, section 3.3, which is RSASSA-PKCS1-v1_5 with SHA-256.

#include <optional>
#include <string>
#include <string_view>

namespace portolan {

// RFC 4648's base64url without padding, as JSON Web Tokens have it.
std::string Base64Url(std::string_view bytes);

// The signature's bytes under an RSA key in PEM (PKCS #8 or #1, not encrypted) of 1024 to 4096 bits: larger
// ones would hold the thread for long. Takes about a millisecond. nullopt if `pem` is no such key.
std::optional<std::string> SignRs256(std::string_view pem, std::string_view text);
// Whether `pem` is such a key.
bool IsRs256Key(std::string_view pem);

}  // namespace portolan
