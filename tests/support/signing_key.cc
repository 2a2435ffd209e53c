#include "tests/support/signing_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

namespace portolan::test {
namespace {

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "signing_key: %s\n", what);
  std::abort();
}

std::string Number(const BIGNUM* number, size_t bytes) {
  std::string out(bytes, '\0');
  Require(BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(bytes)) >= 0,
          "a number is too long");
  return out;
}

std::string Parameter(const EVP_PKEY* key, const char* name, size_t bytes) {
  BIGNUM* number = nullptr;
  Require(EVP_PKEY_get_bn_param(key, name, &number) == 1, "no such parameter");
  const size_t length = bytes == 0 ? static_cast<size_t>(BN_num_bytes(number)) : bytes;
  std::string out = Number(number, length);
  BN_free(number);
  return out;
}

}  // namespace

struct SigningKey::Held {
  Held(EVP_PKEY* made, std::string type_name, std::string curve_name, size_t bytes)
      : key(made), type(std::move(type_name)), curve(std::move(curve_name)), coordinate(bytes) {
    Require(key != nullptr, "the key could not be made");
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { EVP_PKEY_free(key); }

  EVP_PKEY* const key;
  const std::string type;
  const std::string curve;
  const size_t coordinate;
};

SigningKey SigningKey::Rsa(int bits) {
  return SigningKey(
      std::make_shared<const Held>(EVP_RSA_gen(static_cast<unsigned int>(bits)), "RSA", "", size_t{0}));
}

SigningKey SigningKey::Ec(const std::string& curve) {
  const size_t bytes = curve == "P-256" ? 32 : curve == "P-384" ? 48 : 66;
  return SigningKey(std::make_shared<const Held>(EVP_EC_gen(curve.c_str()), "EC", curve, bytes));
}

SigningKey SigningKey::Okp(const std::string& curve) {
  EVP_PKEY* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, curve == "Ed448" ? "ED448" : "ED25519");
  return SigningKey(std::make_shared<const Held>(key, "OKP", curve, size_t{0}));
}

std::string SigningKey::Jwk(const std::string& kid, const std::string& more) const {
  std::string jwk = R"({"kty":")" + held_->type + R"(","kid":")" + kid + '"';
  const auto add = [&](const char* name, const std::string& bytes) {
    jwk += std::string(",\"") + name + "\":\"" + ToBase64Url(bytes) + '"';
  };
  if (held_->type == "RSA") {
    add("n", Parameter(held_->key, OSSL_PKEY_PARAM_RSA_N, 0));
    add("e", Parameter(held_->key, OSSL_PKEY_PARAM_RSA_E, 0));
    return jwk + more + "}";
  }
  jwk += R"(,"crv":")" + held_->curve + '"';
  if (held_->type == "EC") {
    add("x", Parameter(held_->key, OSSL_PKEY_PARAM_EC_PUB_X, held_->coordinate));
    add("y", Parameter(held_->key, OSSL_PKEY_PARAM_EC_PUB_Y, held_->coordinate));
    return jwk + more + "}";
  }
  std::string raw(64, '\0');
  size_t size = raw.size();
  Require(EVP_PKEY_get_raw_public_key(held_->key, reinterpret_cast<unsigned char*>(raw.data()), &size) == 1,
          "no public key");
  raw.resize(size);
  add("x", raw);
  return jwk + more + "}";
}

std::string SigningKey::Sign(const std::string& algorithm, const std::string& text) const {
  const bool edwards = held_->type == "OKP";
  const std::string digest = edwards ? "" : "SHA" + algorithm.substr(2);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* about = nullptr;
  Require(EVP_DigestSignInit_ex(context, &about, edwards ? nullptr : digest.c_str(), nullptr, nullptr,
                                held_->key, nullptr) == 1,
          "signing could not begin");
  if (algorithm.starts_with("PS")) {
    Require(EVP_PKEY_CTX_set_rsa_padding(about, RSA_PKCS1_PSS_PADDING) > 0, "no PSS");
    Require(EVP_PKEY_CTX_set_rsa_pss_saltlen(about, RSA_PSS_SALTLEN_DIGEST) > 0, "no salt");
  }
  const auto* const data = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  Require(EVP_DigestSign(context, nullptr, &size, data, text.size()) == 1, "no length");
  std::string signature(size, '\0');
  Require(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, data,
                         text.size()) == 1,
          "signing failed");
  signature.resize(size);
  EVP_MD_CTX_free(context);
  if (held_->type != "EC") return signature;
  const auto* der = reinterpret_cast<const unsigned char*>(signature.data());
  ECDSA_SIG* const numbers = d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(signature.size()));
  std::string raw = Number(ECDSA_SIG_get0_r(numbers), held_->coordinate) +
                    Number(ECDSA_SIG_get0_s(numbers), held_->coordinate);
  ECDSA_SIG_free(numbers);
  return raw;
}

std::string SigningKey::Token(const std::string& algorithm, const std::string& kid, const std::string& claims,
                              const std::string& more) const {
  const std::string header = R"({"alg":")" + algorithm + R"(","kid":")" + kid + '"' + more + "}";
  const std::string text = ToBase64Url(header) + "." + ToBase64Url(claims);
  return text + "." + ToBase64Url(Sign(algorithm, text));
}

std::string ToBase64Url(const std::string& bytes) {
  std::vector<unsigned char> encoded(bytes.size() * 4 / 3 + 8);
  const int size = EVP_EncodeBlock(encoded.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  std::string text;
  for (int i = 0; i < size && encoded[static_cast<size_t>(i)] != '='; ++i) {
    const char c = static_cast<char>(encoded[static_cast<size_t>(i)]);
    text += c == '+' ? '-' : c == '/' ? '_' : c;
  }
  return text;
}

std::string KeySet(const std::string& keys) { return R"({"keys":[)" + keys + "]}"; }

}  // namespace portolan::test
