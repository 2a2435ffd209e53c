#include "server/base/rs256.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdint>
#include <memory>

#include "server/base/openssl_handles.h"

namespace portolan {
namespace {

constexpr int kLeastBits = 1024;
constexpr int kMostBits = 4096;
constexpr size_t kMaxPem = 16 * 1024;

using Bio = std::unique_ptr<BIO, openssl::Freer<BIO_free_all>>;
using openssl::DigestContext;
using openssl::Key;

// Without it, OpenSSL would ask for an encrypted key's password on the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

Key ReadKey(std::string_view pem) {
  if (pem.empty() || pem.size() > kMaxPem) return nullptr;
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(bio == nullptr ? nullptr : PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  if (key == nullptr || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) return nullptr;
  const int bits = EVP_PKEY_bits(key.get());
  return bits < kLeastBits || bits > kMostBits ? nullptr : std::move(key);
}

}  // namespace

std::string Base64Url(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  uint32_t held = 0;
  int bits = 0;
  for (const char c : bytes) {
    held = held << 8 | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) text += kDigits[held >> (bits - 6) & 63];
  }
  if (bits > 0) text += kDigits[held << (6 - bits) & 63];
  return text;
}

std::optional<std::string> SignRs256(std::string_view pem, std::string_view text) {
  const Key key = ReadKey(pem);
  const DigestContext context(EVP_MD_CTX_new());
  if (key == nullptr || context == nullptr) return std::nullopt;
  const auto* const data = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  bool ok = EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
            EVP_DigestSign(context.get(), nullptr, &size, data, text.size()) == 1;
  std::string signature(size, '\0');
  ok = ok && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data,
                            text.size()) == 1;
  ERR_clear_error();
  if (!ok) return std::nullopt;
  signature.resize(size);
  return signature;
}

bool IsRs256Key(std::string_view pem) { return ReadKey(pem) != nullptr; }

}  // namespace portolan
