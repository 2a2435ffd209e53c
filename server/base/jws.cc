#include "server/base/jws.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "server/base/openssl_handles.h"

namespace portolan {
namespace {

constexpr size_t kLeastModulus = 2048 / 8;
constexpr size_t kMostModulus = 8192 / 8;
constexpr size_t kMostExponent = 8;

using openssl::DigestContext;
using openssl::Key;
using openssl::KeyContext;

struct Algorithm {
  std::string_view name;
  PublicKey::Kind kind;
  const char* digest;      // nullptr: the curve's own
  bool pss = false;        // of RSA
  std::string_view curve;  // of EC
};

constexpr std::array<Algorithm, 10> kAlgorithms = {{
    {"RS256", PublicKey::Kind::kRsa, "SHA256", false, ""},
    {"RS384", PublicKey::Kind::kRsa, "SHA384", false, ""},
    {"RS512", PublicKey::Kind::kRsa, "SHA512", false, ""},
    {"PS256", PublicKey::Kind::kRsa, "SHA256", true, ""},
    {"PS384", PublicKey::Kind::kRsa, "SHA384", true, ""},
    {"PS512", PublicKey::Kind::kRsa, "SHA512", true, ""},
    {"ES256", PublicKey::Kind::kEc, "SHA256", false, "P-256"},
    {"ES384", PublicKey::Kind::kEc, "SHA384", false, "P-384"},
    {"ES512", PublicKey::Kind::kEc, "SHA512", false, "P-521"},
    {"EdDSA", PublicKey::Kind::kOkp, nullptr, false, ""},
}};

struct Curve {
  std::string_view name;
  const char* group;  // OpenSSL's name for it
  size_t bytes;       // of a coordinate
};

constexpr std::array<Curve, 3> kCurves = {
    {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}}};

const Algorithm* FindAlgorithm(std::string_view name) {
  const auto* const found =
      std::find_if(kAlgorithms.begin(), kAlgorithms.end(), [&](const auto& one) { return one.name == name; });
  return found == kAlgorithms.end() ? nullptr : found;
}

const Curve* FindCurve(std::string_view name) {
  const auto* const found =
      std::find_if(kCurves.begin(), kCurves.end(), [&](const auto& one) { return one.name == name; });
  return found == kCurves.end() ? nullptr : found;
}

std::string_view WithoutZeros(std::string_view number) {
  while (!number.empty() && number.front() == '\0') number.remove_prefix(1);
  return number;
}

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// A number as OpenSSL's parameters want it: in the processor's order, which is little-endian on all that the
// gateway is built for.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
std::string Native(std::string_view number) { return std::string(number.rbegin(), number.rend()); }

OSSL_PARAM Parameter(const char* name, unsigned int type, std::string* value) {
  OSSL_PARAM parameter{};
  parameter.key = name;
  parameter.data_type = type;
  parameter.data = value->data();
  parameter.data_size = value->size();
  return parameter;
}

Key MakeKey(const char* type, OSSL_PARAM* parameters) {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  const bool made = context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                    EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1;
  ERR_clear_error();
  return Key(made ? key : nullptr);
}

// An INTEGER of DER (X.690, section 8.3).
void AppendInteger(std::string_view number, std::string* der) {
  number = WithoutZeros(number);
  const bool padded = number.empty() || (static_cast<unsigned char>(number.front()) & 0x80) != 0;
  *der += '\x02';
  *der += static_cast<char>(number.size() + (padded ? 1 : 0));
  if (padded) *der += '\0';
  der->append(number);
}

// An ECDSA signature as OpenSSL has it, of the two numbers that RFC 7518, section 3.4, puts one behind the
// other; empty if they have not the curve's length.
std::string EcdsaInDer(std::string_view signature, const Curve& curve) {
  if (signature.size() != 2 * curve.bytes) return {};
  std::string numbers;
  AppendInteger(signature.substr(0, curve.bytes), &numbers);
  AppendInteger(signature.substr(curve.bytes), &numbers);
  std::string der = "\x30";
  if (numbers.size() > 0x7f) der += '\x81';
  der += static_cast<char>(numbers.size());
  return der + numbers;
}

}  // namespace

struct PublicKey::Held {
  Key key;
};

std::optional<std::string> DecodeBase64Url(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<uint32_t>(c - '0') + 52;
    } else if (c == '-' || c == '_') {
      value = c == '-' ? 62 : 63;
    } else {
      return std::nullopt;
    }
    held = held << 6 | value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(held >> bits & 0xff);
  }
  // One digit alone stands for no byte, and what is left over of the last one for nothing.
  const bool whole = bits < 6 && (held & ((1u << bits) - 1)) == 0;
  return whole ? std::optional(std::move(bytes)) : std::nullopt;
}

std::optional<PublicKey> PublicKey::Rsa(std::string_view modulus, std::string_view exponent) {
  modulus = WithoutZeros(modulus);
  exponent = WithoutZeros(exponent);
  if (modulus.size() < kLeastModulus || modulus.size() > kMostModulus) return std::nullopt;
  if (exponent.empty() || exponent.size() > kMostExponent) return std::nullopt;
  std::string n = Native(modulus);
  std::string e = Native(exponent);
  std::array<OSSL_PARAM, 3> parameters = {Parameter("n", OSSL_PARAM_UNSIGNED_INTEGER, &n),
                                          Parameter("e", OSSL_PARAM_UNSIGNED_INTEGER, &e), OSSL_PARAM{}};
  Key key = MakeKey("RSA", parameters.data());
  if (key == nullptr) return std::nullopt;
  return PublicKey(Kind::kRsa, "", std::make_shared<const Held>(Held{std::move(key)}));
}

std::optional<PublicKey> PublicKey::Ec(std::string_view curve, std::string_view x, std::string_view y) {
  const Curve* const known = FindCurve(curve);
  if (known == nullptr || x.size() != known->bytes || y.size() != known->bytes) return std::nullopt;
  std::string group = known->group;
  std::string point = "\x04";
  point.append(x).append(y);
  std::array<OSSL_PARAM, 3> parameters = {Parameter("group", OSSL_PARAM_UTF8_STRING, &group),
                                          Parameter("pub", OSSL_PARAM_OCTET_STRING, &point), OSSL_PARAM{}};
  Key key = MakeKey("EC", parameters.data());
  if (key == nullptr) return std::nullopt;
  return PublicKey(Kind::kEc, std::string(curve), std::make_shared<const Held>(Held{std::move(key)}));
}

std::optional<PublicKey> PublicKey::Okp(std::string_view curve, std::string_view x) {
  const int type = curve == "Ed25519" ? EVP_PKEY_ED25519 : curve == "Ed448" ? EVP_PKEY_ED448 : EVP_PKEY_NONE;
  if (type == EVP_PKEY_NONE) return std::nullopt;
  Key key(EVP_PKEY_new_raw_public_key(type, nullptr, Bytes(x), x.size()));
  ERR_clear_error();
  if (key == nullptr) return std::nullopt;
  return PublicKey(Kind::kOkp, std::string(curve), std::make_shared<const Held>(Held{std::move(key)}));
}

bool PublicKey::Verifies(std::string_view algorithm, std::string_view text,
                         std::string_view signature) const {
  const Algorithm* const known = FindAlgorithm(algorithm);
  if (known == nullptr || known->kind != kind_) return false;
  // OpenSSL would take one whose first zeros are missing (RFC 8017, section 8.1.2, does not).
  const auto size = static_cast<size_t>(EVP_PKEY_get_size(held_->key.get()));
  if (kind_ == Kind::kRsa && signature.size() != size) return false;
  std::string der;
  if (kind_ == Kind::kEc) {
    if (known->curve != curve_) return false;
    der = EcdsaInDer(signature, *FindCurve(curve_));
    if (der.empty()) return false;
    signature = der;
  }
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* about = nullptr;  // the context's own
  bool good = context != nullptr && EVP_DigestVerifyInit_ex(context.get(), &about, known->digest, nullptr,
                                                            nullptr, held_->key.get(), nullptr) == 1;
  if (good && known->pss) {
    // The salt is as long as the digest (RFC 7518, section 3.5).
    good = EVP_PKEY_CTX_ctrl_str(about, "rsa_padding_mode", "pss") > 0 &&
           EVP_PKEY_CTX_ctrl_str(about, "rsa_pss_saltlen", "digest") > 0;
  }
  good = good &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(text), text.size()) == 1;
  ERR_clear_error();
  return good;
}

bool IsSignatureAlgorithm(std::string_view algorithm) { return FindAlgorithm(algorithm) != nullptr; }

}  // namespace portolan
