#pragma once

// SHA-256 (FIPS 180-4) and the keyed hash made of it (RFC 2104). Pure functions.

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace portolan {

// The 32 bytes of a digest.
using Sha256Digest = std::array<char, 32>;

// The SHA-256 of `pieces`, one after another.
Sha256Digest Sha256(std::span<const std::string_view> pieces);

// The HMAC-SHA256 of `text` under `key`, which has any length.
Sha256Digest HmacSha256(std::string_view key, std::string_view text);

// A digest's bytes, to be a key or a text in turn. Views `digest`.
inline std::string_view Bytes(const Sha256Digest& digest) { return {digest.data(), digest.size()}; }

// 64 lower-case hexadecimal digits.
std::string Hex(const Sha256Digest& digest);

// The SHA-256 of `text` in 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::string_view text);

}  // namespace portolan
