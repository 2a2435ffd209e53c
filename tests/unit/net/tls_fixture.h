#pragma once

// What the tests of both sides of a TLS connection share.

#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>
#include <utility>

#include "tests/unit/net/tls_testing.h"

namespace portolan::net {

// An authority, a good certificate, and a client that trusts the authority.
class Tls : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    authority_ = new Identity(Issue(nullptr, {.name = "test authority"}));
    good_ = new Identity(Issue(authority_, {}));
  }
  static void TearDownTestSuite() {
    delete authority_;
    delete good_;
  }

  void SetUp() override {
    auto client = TlsContext::Client(authority_->certificate_file);
    ASSERT_TRUE(client.ok()) << client.status();
    client_ = std::move(*client);
    signal(SIGPIPE, SIG_IGN);  // for OpenSSL's own peer
  }
  void TearDown() override { signal(SIGPIPE, SIG_DFL); }

  static inline Identity* authority_ = nullptr;
  static inline Identity* good_ = nullptr;
  std::unique_ptr<TlsContext> client_;
};

inline Task<void> Accept(Socket& socket, TlsContext& context, IoResult* result) {
  *result = co_await socket.HandshakeServer(context, Soon());
}

// What was read, and how it ended.
struct Transcript {
  std::string bytes;
  IoCode end = IoCode::kOk;
};

inline Task<void> ReadAll(Socket& socket, Transcript* into, size_t buffer_size) {
  std::string buffer(buffer_size, '\0');
  while (into->end == IoCode::kOk) {
    const IoResult got = co_await socket.Read(buffer, Soon());
    into->bytes.append(buffer.data(), got.bytes);
    into->end = got.code;
  }
}

}  // namespace portolan::net
