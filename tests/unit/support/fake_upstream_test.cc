#include "tests/support/fake_upstream.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace portolan::test {
namespace {

// A plain blocking client, as simple as can be.
class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~RawClient() { Close(); }
  bool connected() const { return connected_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  void Reset() {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    Close();
  }
  void Send(const std::string& text) {
    EXPECT_EQ(send(fd_, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
  // Reads `size` bytes, or less when the connection ends first.
  std::string Read(size_t size) {
    std::string text;
    char byte;
    while (text.size() < size) {
      const ssize_t count = recv(fd_, &byte, 1, 0);
      if (count <= 0) {
        error_ = count < 0 ? errno : 0;
        break;
      }
      text += byte;
    }
    return text;
  }
  int error() const { return error_; }
  int fd() const { return fd_; }

 private:
  int fd_;
  bool connected_ = false;
  int error_ = 0;
};

TEST(FakeUpstream, RecordsWhatItSawAndAnswersByScript) {
  FakeUpstream upstream([](const SeenRequest&) { return Respond(201, "made", {{"X-A", "b"}}); });
  RawClient client(upstream.port());
  client.Send("POST /v1/x?q=1 HTTP/1.1\r\nHost: h\r\nX-Two:  a b\r\nContent-Length: 3\r\n\r\nabc");
  const std::string expected = "HTTP/1.1 201 OK\r\nX-A: b\r\nContent-Length: 4\r\n\r\nmade";
  EXPECT_EQ(client.Read(expected.size()), expected);
  client.Send("PUT /y HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n");
  ASSERT_TRUE(upstream.WaitForRequests(2));
  const std::vector<SeenRequest> seen = upstream.requests();
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].target, "/v1/x?q=1");
  EXPECT_THAT(seen[0].headers, testing::ElementsAre(testing::Pair("Host", "h"), testing::Pair("X-Two", "a b"),
                                                    testing::Pair("Content-Length", "3")));
  EXPECT_EQ(seen[0].Header("x-two"), "a b");
  EXPECT_EQ(seen[0].body, "abc");
  EXPECT_EQ(seen[1].body, "abc");
  EXPECT_EQ(seen[1].connection, 1);
  EXPECT_EQ(seen[1].number, 2);
}

TEST(FakeUpstream, HoldsUntilTheLatchOpens) {
  Latch reached;
  Latch go;
  FakeUpstream upstream(
      [&](const SeenRequest&) { return Script().Send("a").Signal(reached).Hold(go).Send("b"); });
  RawClient client(upstream.port());
  client.Send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client.Read(1), "a");
  EXPECT_TRUE(reached.Wait());
  EXPECT_FALSE(go.released());
  go.Release();
  EXPECT_EQ(client.Read(1), "b");
}

TEST(FakeUpstream, TellsACloseFromAReset) {
  FakeUpstream upstream([&](const SeenRequest&) { return Script().Stall(); });
  RawClient closing(upstream.port());
  closing.Send("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(upstream.WaitForRequests(1));
  closing.Close();
  ASSERT_TRUE(upstream.WaitForClientToLeave(1));
  EXPECT_FALSE(upstream.connection(1).client_reset);
  RawClient resetting(upstream.port());
  resetting.Send("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(upstream.WaitForRequests(2));
  resetting.Reset();
  ASSERT_TRUE(upstream.WaitForClientToLeave(2));
  EXPECT_TRUE(upstream.connection(2).client_reset);
}

TEST(FakeUpstream, ResetsAndClosesWhereTold) {
  FakeUpstream upstream(InSequence({Script().Send("abc").Reset(), Script().Send("abc").Close()}));
  RawClient reset(upstream.port());
  reset.Send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(reset.Read(4), "abc");
  EXPECT_EQ(reset.error(), ECONNRESET);
  RawClient closed(upstream.port());
  closed.Send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(closed.Read(4), "abc");
  EXPECT_EQ(closed.error(), 0);
  EXPECT_FALSE(upstream.connection(2).client_left.has_value());
}

TEST(FakeUpstream, RefusesAfterItStopped) {
  FakeUpstream upstream([](const SeenRequest&) { return Respond(200, ""); });
  upstream.Stop();
  EXPECT_FALSE(RawClient(upstream.port()).connected());
}

TEST(FakeUpstream, TunnelsLikeAProxy) {
  FakeUpstream target([](const SeenRequest&) { return Script().Send("from the target").Close(); });
  FakeUpstream proxy([&](const SeenRequest&) {
    return Script().Send("HTTP/1.1 200 Connected\r\n\r\n").Tunnel(target.port());
  });
  RawClient client(proxy.port());
  client.Send("CONNECT t:1 HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client.Read(26), "HTTP/1.1 200 Connected\r\n\r\n");
  client.Send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client.Read(15), "from the target");
  EXPECT_EQ(target.requests()[0].method, "GET");
}

TEST(FakeUpstream, SpeaksTlsWithTheCertificateItWasGiven) {
  const TestAuthority authority;
  FakeUpstream upstream([](const SeenRequest&) { return Respond(200, "secret"); }, {.tls = authority.Good()});
  RawClient client(upstream.port());
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  ASSERT_EQ(SSL_CTX_load_verify_file(context, authority.ca_file().c_str()), 1);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, client.fd());
  SSL_set_tlsext_host_name(ssl, "localhost");
  SSL_set1_host(ssl, "localhost");
  ASSERT_EQ(SSL_connect(ssl), 1);
  const std::string request = "GET / HTTP/1.1\r\n\r\n";
  ASSERT_GT(SSL_write(ssl, request.data(), static_cast<int>(request.size())), 0);
  char answer[200];
  const int count = SSL_read(ssl, answer, sizeof(answer));
  ASSERT_GT(count, 0);
  EXPECT_THAT(std::string(answer, static_cast<size_t>(count)), testing::HasSubstr("secret"));
  SSL_free(ssl);
  SSL_CTX_free(context);
  EXPECT_EQ(upstream.connection(1).server_name, "localhost");
}

}  // namespace
}  // namespace portolan::test
