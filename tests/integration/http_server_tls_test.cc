// The same server over TLS, against OpenSSL's own client.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>

#include "server/net/tls.h"
#include "tests/integration/support/http_client.h"
#include "tests/integration/support/http_server_fixture.h"
#include "tests/unit/net/tls_testing.h"

namespace portolan::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class HttpServerTls : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    authority_ = new net::Identity(net::Issue(nullptr, {.name = "test authority"}));
    server_identity_ = new net::Identity(net::Issue(authority_, {}));
    client_identity_ = new net::Identity(net::Issue(authority_, {.name = "billing"}));
  }
  static void TearDownTestSuite() {
    delete authority_;
    delete server_identity_;
    delete client_identity_;
  }
  void SetUp() override { signal(SIGPIPE, SIG_IGN); }
  void TearDown() override { signal(SIGPIPE, SIG_DFL); }

  static std::shared_ptr<net::TlsContext> ServerContext(bool ask_client) {
    auto context = net::ServerFrom(server_identity_->certificate_file, server_identity_->key_file,
                                   ask_client ? authority_->certificate_file : std::string(), ask_client);
    EXPECT_TRUE(context.ok()) << context.status();
    return std::move(*context);
  }

  static inline net::Identity* authority_ = nullptr;
  static inline net::Identity* server_identity_ = nullptr;
  static inline net::Identity* client_identity_ = nullptr;
};

// A TLS connection of OpenSSL's over a blocking socket.
class TlsClient {
 public:
  TlsClient(uint16_t port, const net::Identity* identity, const net::Identity* authority,
            int receive_buffer = 0)
      : tcp_(port, receive_buffer),
        context_(net::PeerContext(TLS_client_method(), identity, authority)),
        ssl_(SSL_new(context_.get())) {
    SSL_set_fd(ssl_.get(), tcp_.fd());
    connected_ = SSL_connect(ssl_.get()) == 1;
  }
  bool connected() const { return connected_; }
  bool Send(const std::string& text) {
    return SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size());
  }
  std::string ReadSome(size_t size = 65536) {
    std::string out(size, '\0');
    const int got = SSL_read(ssl_.get(), out.data(), static_cast<int>(size));
    out.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return out;
  }
  std::string ReadUntil(std::string_view end) {
    std::string all;
    while (!all.ends_with(end)) {
      const std::string more = ReadSome();
      if (more.empty()) break;
      all += more;
    }
    return all;
  }
  bool closed_in_order() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  HttpClient& tcp() { return tcp_; }

 private:
  HttpClient tcp_;
  std::unique_ptr<SSL_CTX, net::FreeOpenSsl> context_;
  std::unique_ptr<SSL, net::FreeOpenSsl> ssl_;
  bool connected_ = false;
};

TEST_F(HttpServerTls, AnswersAndKeepsTheConnection) {
  ServerThread server({}, ServerContext(false));
  TlsClient client(server.port(), nullptr, authority_);
  ASSERT_TRUE(client.connected());
  for (int i = 0; i < 10; ++i) {
    const std::string body(static_cast<size_t>(1 + i * 9000), 'x');
    ASSERT_TRUE(client.Send(RequestText("POST", "/echo", body)));
    const std::string answer = client.ReadUntil("\r\n\r\n" + body);
    EXPECT_THAT(answer, EndsWith("\r\n\r\n" + body)) << i;
  }
  ASSERT_TRUE(client.Send(RequestText("GET", "/stream?2", {}, "Connection: close\r\n")));
  EXPECT_THAT(client.ReadUntil("never"), EndsWith("4\r\nend\n\r\n0\r\n\r\n"));
  EXPECT_TRUE(client.closed_in_order());
}

TEST_F(HttpServerTls, TellsWhoseCertificateItWas) {
  ServerThread server({}, ServerContext(true));
  TlsClient client(server.port(), client_identity_, authority_);
  client.Send(RequestText("POST", "/echo", "me"));
  EXPECT_THAT(client.ReadUntil("me"), HasSubstr("x-subject: CN=billing\r\n"));
  TlsClient stranger(server.port(), nullptr, authority_);
  stranger.Send(RequestText("POST", "/echo", "me"));
  EXPECT_EQ(stranger.ReadUntil("me"), "");
}

TEST_F(HttpServerTls, PlainHttpOnTheTlsPortIsClosed) {
  ServerThread server({}, ServerContext(false));
  HttpClient plain(server.port());
  plain.Send(RequestText("GET", "/echo"));
  EXPECT_EQ(plain.ReadAnswer().status, 0);
  EXPECT_TRUE(server.Await([](http::Server& s) { return s.open_connections() == 0; }));
}

TEST_F(HttpServerTls, AHandshakeThatStopsIsClosed) {
  ServerThread server({.head_timeout = milliseconds(60)}, ServerContext(false));
  HttpClient silent(server.port());
  silent.Send(std::string("\x16\x03\x01", 3));
  EXPECT_NE(silent.WaitForEnd(), Ending::kOpen);
}

TEST_F(HttpServerTls, WhoLeavesDuringACallCancelsIt) {
  ServerThread server({}, ServerContext(false));
  TlsClient client(server.port(), nullptr, authority_);
  client.Send(RequestText("POST", "/hold", "{}"));
  ASSERT_EQ(server.words().Next(), "held");
  client.tcp().ShutdownWrite();
  EXPECT_EQ(server.words().Next(), net::ToString(net::CancelReason::kClientGone));
}

TEST_F(HttpServerTls, WhoReadsSlowlyButReadsGetsItAll) {
  ServerThread server({.write_timeout = milliseconds(1000)}, ServerContext(false));
  TlsClient client(server.port(), nullptr, authority_, 4096);
  client.Send(RequestText("GET", "/big?8000000"));
  const auto start = std::chrono::steady_clock::now();
  size_t total = 0;
  while (std::chrono::steady_clock::now() - start < milliseconds(2500)) {
    total += client.ReadSome(20'000).size();
    std::this_thread::sleep_for(milliseconds(10));  // this is the slow reader, not a wait for something
  }
  while (total < 8'000'000) {
    const size_t more = client.ReadSome().size();
    ASSERT_GT(more, 0u) << total;
    total += more;
  }
}

}  // namespace
}  // namespace portolan::testing
