#include "server/net/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/net/tls_fixture.h"

namespace portolan::net {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

Task<void> Connect(Socket& socket, TlsContext& context, std::string host, IoResult* result) {
  *result = co_await socket.HandshakeClient(context, host, Soon());
}

Task<void> WriteAll(Socket& socket, const std::vector<std::string_view>& pieces, IoResult* result) {
  *result = co_await socket.Write(pieces, Soon());
}

// A client handshake with `host` against a server that has `identity`; the server's thread only accepts.
struct Attempt {
  IoResult result;
  std::string error;
};

Attempt Shake(TlsContext& client, const Identity& identity, const std::string& host) {
  Loop loop;
  Pair pair(loop);
  auto context = PeerContext(TLS_server_method(), &identity, nullptr);
  Attempt attempt;
  {
    Peer peer(context.get(), pair.peer, [](SSL* ssl) { SSL_accept(ssl); });
    RunTask(loop, Connect(*pair.socket, client, host, &attempt.result));
  }
  attempt.error = pair.socket->tls_error();
  return attempt;
}

TEST_F(Tls, AcceptsACertificateForTheNameOrAddress) {
  for (const char* host : {"localhost", "LOCALHOST", "localhost.", "127.0.0.1"}) {
    const Attempt attempt = Shake(*client_, *good_, host);
    EXPECT_TRUE(attempt.result.ok()) << host << ": " << attempt.error;
  }
}

TEST_F(Tls, RefusesBadCertificatesAndSaysWhy) {
  const Identity stranger = Issue(nullptr, {.name = "another authority"});
  const Identity expired = Issue(authority_, {.starts_in = -7200, .ends_in = -3600});
  const Identity early = Issue(authority_, {.starts_in = 3600, .ends_in = 7200});
  const Identity other_name = Issue(authority_, {.alternative_names = "DNS:other.example"});
  const Identity common_name =
      Issue(authority_, {.name = "localhost", .alternative_names = "email:a@b.example"});
  const Identity foreign = Issue(&stranger, {});
  struct Case {
    const Identity& identity;
    const char* host;
    const char* problem;
  };
  const Case cases[] = {{expired, "localhost", "expired"},
                        {early, "localhost", "not yet valid"},
                        {other_name, "localhost", "not for localhost"},
                        {other_name, "127.0.0.1", "not for 127.0.0.1"},
                        {*good_, "10.0.0.1", "not for 10.0.0.1"},
                        {*good_, "host.localhost", "not for host.localhost"},
                        {common_name, "localhost", "not for localhost"},
                        {foreign, "localhost", "unable to get local issuer"},
                        {stranger, "localhost", "self-signed"}};
  for (const Case& one : cases) {
    const Attempt attempt = Shake(*client_, one.identity, one.host);
    EXPECT_EQ(attempt.result.code, IoCode::kTls) << one.problem;
    EXPECT_THAT(attempt.error, HasSubstr(one.problem));
  }
}

// As shards do: each has a context of its own, and all look up authorities in one store.
TEST_F(Tls, OneTrustStoreServesManyThreads) {
  const auto trust = TrustStore::New();
  const auto before = TlsContext::Client(*trust);
  ASSERT_TRUE(before.ok());
  EXPECT_EQ(SSL_CTX_get_cert_store((*before)->native()), trust->native());
  EXPECT_EQ(Shake(**before, *good_, "localhost").result.code, IoCode::kTls) << "nobody is trusted yet";
  ASSERT_TRUE(trust->Read(authority_->certificate_file).ok());
  EXPECT_TRUE(Shake(**before, *good_, "localhost").result.ok());

  const Identity foreign = Issue(nullptr, {.name = "another authority"});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round) {
        const auto context = TlsContext::Client(*trust);
        ASSERT_TRUE(context.ok());
        EXPECT_TRUE(Shake(**context, *good_, "localhost").result.ok());
        EXPECT_EQ(Shake(**context, foreign, "localhost").result.code, IoCode::kTls);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(Tls, SendsTheNameButNeverAnAddress) {
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    Loop loop;
    Pair pair(loop);
    auto context = PeerContext(TLS_server_method(), good_, nullptr);
    std::string name = "unset";
    std::string protocol;
    SSL_CTX_set_alpn_select_cb(
        context.get(),
        [](SSL*, const unsigned char** out, unsigned char* length, const unsigned char* in, unsigned int size,
           void* to) {
          static_cast<std::string*>(to)->assign(reinterpret_cast<const char*>(in), size);
          *out = in + 1;
          *length = in[0];
          return SSL_TLSEXT_ERR_OK;
        },
        &protocol);
    IoResult result;
    {
      Peer peer(context.get(), pair.peer, [&name](SSL* ssl) {
        SSL_accept(ssl);
        const char* sent = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        name = sent != nullptr ? sent : "";
      });
      RunTask(loop, Connect(*pair.socket, *client_, host, &result));
    }
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(name, host == "localhost" ? "localhost" : "");
    EXPECT_EQ(protocol, "\x08http/1.1");
  }
}

TEST_F(Tls, CarriesTwentyMegabytesEachWayInPiecesOfAllSizes) {
  std::string bytes(20 << 20, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 2654435761u >> 13);
  std::vector<std::string_view> pieces;
  for (size_t at = 0, size = 1; at < bytes.size(); at += size, size = size * 7 % 60'013 + 1) {
    pieces.push_back(std::string_view(bytes).substr(at, size));
  }
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Loop loop;
    Pair pair(loop);
    auto context = PeerContext(TLS_server_method(), good_, nullptr);
    SSL_CTX_set_max_proto_version(context.get(), version);
    Peer peer(context.get(), pair.peer, [](SSL* ssl) {  // an echo
      ASSERT_EQ(SSL_accept(ssl), 1);
      std::string buffer(50'000, '\0');
      std::string all;
      for (int count = 0; (count = SSL_read(ssl, buffer.data(), 50'000)) > 0;)
        all.append(buffer, 0, static_cast<size_t>(count));
      ASSERT_EQ(SSL_write(ssl, all.data(), static_cast<int>(all.size())), static_cast<int>(all.size()));
      SSL_shutdown(ssl);
    });
    IoResult result;
    RunTask(loop, Connect(*pair.socket, *client_, "localhost", &result));
    ASSERT_TRUE(result.ok()) << pair.socket->tls_error();
    RunTask(loop, WriteAll(*pair.socket, pieces, &result));
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(result.bytes, bytes.size());
    pair.socket->ShutdownWrite();
    Transcript got;
    RunTask(loop, ReadAll(*pair.socket, &got, 30'000));
    EXPECT_EQ(got.end, IoCode::kEof);
    EXPECT_TRUE(got.bytes == bytes);
  }
}

// One request and answer, so that tickets arrive too.
bool ExchangeResumed(TlsContext& client, SSL_CTX* server, const std::string& host) {
  Loop loop;
  Pair pair(loop);
  Peer peer(server, pair.peer, [](SSL* ssl) {
    char byte = 0;
    ASSERT_EQ(SSL_accept(ssl), 1);
    ASSERT_EQ(SSL_read(ssl, &byte, 1), 1);
    ASSERT_EQ(SSL_write(ssl, &byte, 1), 1);
    SSL_shutdown(ssl);
  });
  IoResult result;
  RunTask(loop, Connect(*pair.socket, client, host, &result));
  EXPECT_TRUE(result.ok()) << pair.socket->tls_error();
  RunTask(loop, WriteAll(*pair.socket, {"x"}, &result));
  Transcript got;
  RunTask(loop, ReadAll(*pair.socket, &got, 100));
  EXPECT_EQ(got.bytes, "x");
  EXPECT_EQ(got.end, IoCode::kEof);
  return pair.socket->tls_resumed();
}

TEST_F(Tls, ResumesSessionsOfTheSameHost) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SetUp();
    auto server = PeerContext(TLS_server_method(), good_, nullptr);
    SSL_CTX_set_max_proto_version(server.get(), version);
    EXPECT_FALSE(ExchangeResumed(*client_, server.get(), "localhost"));
    EXPECT_TRUE(ExchangeResumed(*client_, server.get(), "localhost"));
    EXPECT_TRUE(ExchangeResumed(*client_, server.get(), "localhost"));
    EXPECT_FALSE(ExchangeResumed(*client_, server.get(), "127.0.0.1")) << "another host";
    // A server that has forgotten its keys.
    server = PeerContext(TLS_server_method(), good_, nullptr);
    EXPECT_FALSE(ExchangeResumed(*client_, server.get(), "localhost"));
  }
}

TEST_F(Tls, AContextMayGoBeforeItsConnections) {
  Loop loop;
  Pair pair(loop);
  auto context = PeerContext(TLS_server_method(), good_, nullptr);
  Peer peer(context.get(), pair.peer, [](SSL* ssl) {
    ASSERT_EQ(SSL_accept(ssl), 1);
    SSL_write(ssl, "late", 4);
    SSL_shutdown(ssl);
  });
  IoResult result;
  RunTask(loop, Connect(*pair.socket, *client_, "localhost", &result));
  ASSERT_TRUE(result.ok());
  client_.reset();
  Transcript got;
  RunTask(loop, ReadAll(*pair.socket, &got, 100));
  EXPECT_EQ(got.bytes, "late");
}

TEST_F(Tls, AnEndWithoutCloseNotifyIsTruncation) {
  for (const bool reset : {false, true}) {
    Loop loop;
    Pair pair(loop);
    auto context = PeerContext(TLS_server_method(), good_, nullptr);
    IoResult result;
    {
      Peer peer(context.get(), pair.peer, [](SSL* ssl) {
        ASSERT_EQ(SSL_accept(ssl), 1);
        SSL_write(ssl, "half a", 6);
      });
      RunTask(loop, Connect(*pair.socket, *client_, "localhost", &result));
    }
    ASSERT_TRUE(result.ok());
    Transcript got;
    loop.Post([&] { reset ? pair.ResetPeer() : pair.ClosePeer(); });
    RunTask(loop, ReadAll(*pair.socket, &got, 100));
    EXPECT_EQ(got.bytes, "half a");
    EXPECT_EQ(got.end, reset ? IoCode::kReset : IoCode::kTruncated);
    char byte = 0;
    EXPECT_EQ(pair.socket->TryRead({&byte, 1}).code, got.end) << "the end stays";
    signal(SIGPIPE, SIG_DFL);  // ours raises none
    RunTask(loop, WriteAll(*pair.socket, {"x"}, &result));
    RunTask(loop, WriteAll(*pair.socket, {"x"}, &result));
    EXPECT_FALSE(result.ok());
  }
}

TEST_F(Tls, HandshakesWithWhatIsNotTls) {
  const std::pair<std::string_view, IoCode> cases[] = {{"HTTP/1.1 400 Bad Request\r\n\r\n", IoCode::kTls},
                                                       {"", IoCode::kTruncated},
                                                       {"\x16\x03\x01", IoCode::kTruncated}};
  for (const auto& [answer, code] : cases) {
    Loop loop;
    Pair pair(loop);
    pair.Send(answer);
    shutdown(pair.peer, SHUT_WR);
    IoResult result;
    RunTask(loop, Connect(*pair.socket, *client_, "localhost", &result));
    EXPECT_EQ(result.code, code) << answer;
    EXPECT_FALSE(pair.socket->tls_error().empty());
  }
}

Task<void> ConnectUntil(Socket& socket, TlsContext& context, Wait wait, IoResult* result) {
  *result = co_await socket.HandshakeClient(context, "localhost", wait);
}

TEST_F(Tls, AHandshakeEndsAtItsDeadline) {
  Loop loop;
  Pair pair(loop);
  IoResult result;
  RunTask(loop, ConnectUntil(*pair.socket, *client_, {.deadline = In(milliseconds(20))}, &result));
  EXPECT_EQ(result.code, IoCode::kTimeout);
}

TEST_F(Tls, AnAbandonedWriteEndsWriting) {
  Loop loop;
  Pair pair(loop);
  auto context = PeerContext(TLS_server_method(), good_, nullptr);
  IoResult result;
  {
    Peer peer(context.get(), pair.peer, [](SSL* ssl) { ASSERT_EQ(SSL_accept(ssl), 1); });
    RunTask(loop, Connect(*pair.socket, *client_, "localhost", &result));
  }
  const std::string bytes(32 << 20, 'x');
  const std::string_view pieces[] = {bytes};
  RunTask(loop, [](Socket& socket, std::span<const std::string_view> all, IoResult* out) -> Task<void> {
    *out = co_await socket.Write(all, {.deadline = In(milliseconds(200))});
  }(*pair.socket, pieces, &result));
  EXPECT_EQ(result.code, IoCode::kTimeout);
  EXPECT_GT(result.bytes, 0u);
  RunTask(loop, WriteAll(*pair.socket, {"more"}, &result));
  EXPECT_EQ(result.code, IoCode::kTls);
  EXPECT_THAT(pair.socket->tls_error(), HasSubstr("abandoned"));
}

TEST_F(Tls, AnIdleConnectionIsHealthyUntilSomethingArrives) {
  Loop loop;
  Pair pair(loop);
  auto context = PeerContext(TLS_server_method(), good_, nullptr);
  IoResult result;
  SSL* server = nullptr;
  Peer peer(context.get(), pair.peer, [&server](SSL* ssl) {
    ASSERT_EQ(SSL_accept(ssl), 1);
    server = ssl;
  });
  RunTask(loop, Connect(*pair.socket, *client_, "localhost", &result));
  peer.Join();
  EXPECT_TRUE(pair.socket->IdleAndHealthy()) << "tickets are no answer";
  ASSERT_EQ(SSL_write(server, "?", 1), 1);
  EXPECT_TRUE(RunUntil(loop, [&] { return !pair.socket->IdleAndHealthy(); }));
}

TEST_F(Tls, BadFilesAreNamed) {
  const Identity other = Issue(authority_, {});
  const std::string missing = good_->key_file + ".missing";
  struct Case {
    std::string certificate, key, authorities, names;
  };
  const Case cases[] = {{missing, good_->key_file, "", missing},
                        {good_->certificate_file, missing, "", missing},
                        {good_->certificate_file, other.key_file, "", other.key_file},
                        {good_->certificate_file, good_->certificate_file, "", good_->certificate_file},
                        {good_->certificate_file, good_->key_file, good_->key_file, good_->key_file}};
  for (const Case& one : cases) {
    const auto context = ServerFrom(one.certificate, one.key, one.authorities, true);
    ASSERT_FALSE(context.ok());
    EXPECT_THAT(std::string(context.status().message()), HasSubstr(one.names));
  }
  EXPECT_FALSE(ServerFrom(good_->certificate_file, good_->key_file, "", true).ok());
  const auto client = TlsContext::Client(missing);
  ASSERT_FALSE(client.ok());
  EXPECT_THAT(std::string(client.status().message()), HasSubstr(missing));
}

}  // namespace
}  // namespace portolan::net
