#pragma once

// Public keys of JSON Web Keys (RFC 7517, RFC 8037) and the signatures that they check (RFC 7518, section
// 3.1). No JSON here: the members of a key come as the bytes that they stand for.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace portolan {

// The bytes of base64url without padding (RFC 4648, section 5); nullopt for anything else, also where unused
// bits at the end are not zero.
std::optional<std::string> DecodeBase64Url(std::string_view text);

// What a signature is checked with. Immutable, thread-safe.
class PublicKey {
 public:
  enum class Kind { kRsa, kEc, kOkp };

  // RSA's modulus and exponent, unsigned and big-endian: of 2048 to 8192 bits (RFC 7518, section 3.3, has
  // the least; larger ones would hold the thread), and at most 64 bits. nullopt for others.
  static std::optional<PublicKey> Rsa(std::string_view modulus, std::string_view exponent);
  // A point on `P-256`, `P-384` or `P-521`. nullopt for other curves, and points that are not on it.
  static std::optional<PublicKey> Ec(std::string_view curve, std::string_view x, std::string_view y);
  // A key of `Ed25519` or `Ed448`.
  static std::optional<PublicKey> Okp(std::string_view curve, std::string_view x);

  // Whether `signature` is this key's for `text` by `algorithm`: RS256, RS384, RS512, PS256, PS384, PS512,
  // ES256, ES384, ES512 or EdDSA, if that is one for such a key. False for every other algorithm, `none` and
  // those with shared secrets among them.
  bool Verifies(std::string_view algorithm, std::string_view text, std::string_view signature) const;

 private:
  struct Held;
  PublicKey(Kind kind, std::string curve, std::shared_ptr<const Held> held)
      : kind_(kind), curve_(std::move(curve)), held_(std::move(held)) {}

  Kind kind_;
  std::string curve_;
  std::shared_ptr<const Held> held_;
};

// Whether PublicKey can check signatures by this algorithm.
bool IsSignatureAlgorithm(std::string_view algorithm);

}  // namespace portolan
