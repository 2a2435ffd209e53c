#pragma once

// One blocking connection over TCP or TLS, with OpenSSL used directly: for loads that a client of whole
// answers cannot hold.

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace portolan::load {

class PlainClient {
 public:
  // `ca_file`: the authority of the server's certificate; empty: no TLS.
  PlainClient(const std::string& address, const std::string& ca_file);
  ~PlainClient();
  PlainClient(const PlainClient&) = delete;
  PlainClient& operator=(const PlainClient&) = delete;

  bool Send(std::string_view bytes);
  // As many bytes as there are, at least one; 0 at the end.
  size_t Read(char* into, size_t size);

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  int fd_ = -1;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace portolan::load
