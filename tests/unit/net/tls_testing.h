#pragma once

// Certificates made on the spot, and a blocking TLS peer on a thread that uses OpenSSL directly.

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "server/net/tls.h"
#include "tests/unit/net/net_testing.h"

namespace portolan::net {

struct FreeOpenSsl {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

// A key and its certificate, as files too.
struct Identity {
  std::unique_ptr<EVP_PKEY, FreeOpenSsl> key;
  std::unique_ptr<X509, FreeOpenSsl> certificate;
  std::string key_file;
  std::string certificate_file;
};

// What differs from a good certificate for `localhost` and 127.0.0.1.
struct Traits {
  std::string name = "subject";
  std::string alternative_names = "DNS:localhost,IP:127.0.0.1";
  long starts_in = -3600;  // seconds from now
  long ends_in = 3600;
};

// Signed by `issuer`; null: a certificate authority signing itself.
Identity Issue(const Identity* issuer, const Traits& traits);

// A context of the peer: `identity` and `authority` may be null.
std::unique_ptr<SSL_CTX, FreeOpenSsl> PeerContext(const SSL_METHOD* method, const Identity* identity,
                                                  const Identity* authority);

// A listener's context from files.
absl::StatusOr<std::unique_ptr<TlsContext>> ServerFrom(const std::string& certificate_file,
                                                       const std::string& key_file,
                                                       const std::string& client_ca_file = {},
                                                       bool require_client = false);

// Runs `talk` on a thread with an SSL over `fd`, before the handshake; joins on destruction. The descriptor
// stays open.
class Peer {
 public:
  Peer(SSL_CTX* context, int fd, std::function<void(SSL*)> talk);
  ~Peer() { Join(); }
  void Join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::unique_ptr<SSL, FreeOpenSsl> ssl_;
  std::thread thread_;
};

}  // namespace portolan::net
