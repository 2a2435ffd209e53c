// Hashing piece by piece is deprecated in OpenSSL 3 in favour of its EVP interface, which looks the algorithm
// up for each hash; that costs more than the short texts hashed here do.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "server/base/sha256.h"

#include <openssl/sha.h>

namespace portolan {
namespace {

constexpr size_t kBlock = 64;
static_assert(sizeof(Sha256Digest) == SHA256_DIGEST_LENGTH);

}  // namespace

Sha256Digest Sha256(std::span<const std::string_view> pieces) {
  SHA256_CTX state;
  SHA256_Init(&state);
  for (const std::string_view piece : pieces) SHA256_Update(&state, piece.data(), piece.size());
  Sha256Digest digest;
  SHA256_Final(reinterpret_cast<unsigned char*>(digest.data()), &state);
  return digest;
}

Sha256Digest HmacSha256(std::string_view key, std::string_view text) {
  const Sha256Digest short_key = key.size() > kBlock ? Sha256({&key, 1}) : Sha256Digest();
  if (key.size() > kBlock) key = Bytes(short_key);
  std::array<char, kBlock> inner;
  std::array<char, kBlock> outer;
  for (size_t i = 0; i < kBlock; ++i) {
    const char byte = i < key.size() ? key[i] : '\0';
    inner[i] = static_cast<char>(byte ^ 0x36);
    outer[i] = static_cast<char>(byte ^ 0x5c);
  }
  const std::string_view inside[] = {{inner.data(), kBlock}, text};
  const Sha256Digest digest = Sha256(inside);
  const std::string_view outside[] = {{outer.data(), kBlock}, Bytes(digest)};
  return Sha256(outside);
}

std::string Hex(const Sha256Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : digest) {
    const auto byte = static_cast<unsigned char>(c);
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

std::string Sha256Hex(std::string_view text) { return Hex(Sha256({&text, 1})); }

}  // namespace portolan
