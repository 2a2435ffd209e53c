#pragma once

// Keys that OpenSSL makes, as JSON Web Keys, and the tokens that they sign; shares nothing with the product.

#include <memory>
#include <string>

namespace portolan::test {

class SigningKey {
 public:
  static SigningKey Rsa(int bits = 2048);
  static SigningKey Ec(const std::string& curve);   // `P-256`, `P-384`, `P-521`
  static SigningKey Okp(const std::string& curve);  // `Ed25519`, `Ed448`

  // The public key as RFC 7517 has it; `more` begins with a comma if there is any.
  std::string Jwk(const std::string& kid, const std::string& more = "") const;
  // A signature as RFC 7518, section 3.1, has it.
  std::string Sign(const std::string& algorithm, const std::string& text) const;
  // A signed token of these claims, which are JSON. `more`: of the header, likewise.
  std::string Token(const std::string& algorithm, const std::string& kid, const std::string& claims,
                    const std::string& more = "") const;

 private:
  struct Held;
  explicit SigningKey(std::shared_ptr<const Held> held) : held_(std::move(held)) {}
  std::shared_ptr<const Held> held_;
};

// Base64url without padding.
std::string ToBase64Url(const std::string& bytes);

// `{"keys": [...]}` of keys with commas between them.
std::string KeySet(const std::string& keys);

}  // namespace portolan::test
