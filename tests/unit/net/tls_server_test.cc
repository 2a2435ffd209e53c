// The accepting side of TLS, with OpenSSL's own client.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

#include "server/net/tls.h"
#include "tests/unit/net/tls_fixture.h"

namespace portolan::net {
namespace {

using ::testing::HasSubstr;

class TlsServer : public Tls {};

struct Served {
  IoResult result;
  std::string error;
  std::string subject;
  Transcript got;
};

Served Serve(TlsContext& server, SSL_CTX* client, std::function<void(SSL*)> talk) {
  Loop loop;
  Pair pair(loop);
  Served served;
  {
    Peer peer(client, pair.peer, std::move(talk));
    RunTask(loop, Accept(*pair.socket, server, &served.result));
    if (served.result.ok()) RunTask(loop, ReadAll(*pair.socket, &served.got, 10));
    served.error = pair.socket->tls_error();
    served.subject = pair.socket->tls_peer_subject();
    pair.socket.reset();
  }
  return served;
}

void SayHello(SSL* ssl) {
  if (SSL_connect(ssl) != 1) return;
  SSL_write(ssl, "hello over there", 16);
  SSL_shutdown(ssl);
}

TEST_F(TlsServer, ServesClientsOfTls12And13Only) {
  auto server = ServerFrom(good_->certificate_file, good_->key_file);
  ASSERT_TRUE(server.ok()) << server.status();
  for (const int version : {TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto client = PeerContext(TLS_client_method(), nullptr, authority_);
    SSL_CTX_set_security_level(client.get(), 0);
    SSL_CTX_set_min_proto_version(client.get(), version);
    SSL_CTX_set_max_proto_version(client.get(), version);
    const Served served = Serve(**server, client.get(), &SayHello);
    EXPECT_EQ(served.result.ok(), version != TLS1_1_VERSION) << version << served.error;
    EXPECT_EQ(served.got.bytes, version != TLS1_1_VERSION ? "hello over there" : "");
    EXPECT_EQ(served.got.end, version != TLS1_1_VERSION ? IoCode::kEof : IoCode::kOk);
  }
}

TEST_F(TlsServer, AsksForClientCertificatesAndNamesThem) {
  const Identity client = Issue(authority_, {.name = "billing"});
  const Identity stranger = Issue(nullptr, {.name = "stranger"});
  auto required = ServerFrom(good_->certificate_file, good_->key_file, authority_->certificate_file, true);
  auto optional = ServerFrom(good_->certificate_file, good_->key_file, authority_->certificate_file, false);
  ASSERT_TRUE(required.ok() && optional.ok());
  auto anonymous = PeerContext(TLS_client_method(), nullptr, authority_);
  auto known = PeerContext(TLS_client_method(), &client, authority_);
  auto unknown = PeerContext(TLS_client_method(), &stranger, authority_);

  EXPECT_EQ(Serve(**required, known.get(), &SayHello).subject, "CN=billing");
  const Served nobody = Serve(**required, anonymous.get(), &SayHello);
  EXPECT_EQ(nobody.result.code, IoCode::kTls);
  EXPECT_THAT(nobody.error, HasSubstr("did not return a certificate"));
  const Served refused = Serve(**required, unknown.get(), &SayHello);
  EXPECT_EQ(refused.result.code, IoCode::kTls);
  EXPECT_THAT(refused.error, HasSubstr("self-signed"));

  const Served unnamed = Serve(**optional, anonymous.get(), &SayHello);
  EXPECT_TRUE(unnamed.result.ok()) << unnamed.error;
  EXPECT_EQ(unnamed.subject, "");
  EXPECT_EQ(Serve(**optional, known.get(), &SayHello).subject, "CN=billing");
  EXPECT_FALSE(Serve(**optional, unknown.get(), &SayHello).result.ok());
}

TEST_F(TlsServer, ResumesForItsCallersWithAndWithoutCertificates) {
  const Identity identity = Issue(authority_, {.name = "billing"});
  auto server = ServerFrom(good_->certificate_file, good_->key_file, authority_->certificate_file, false);
  ASSERT_TRUE(server.ok());
  auto client = PeerContext(TLS_client_method(), &identity, authority_);
  SSL_SESSION* session = nullptr;
  for (const bool again : {false, true}) {
    bool reused = false;
    Serve(**server, client.get(), [&](SSL* ssl) {
      if (session != nullptr) SSL_set_session(ssl, session);
      ASSERT_EQ(SSL_connect(ssl), 1);
      reused = SSL_session_reused(ssl) == 1;
      SSL_write(ssl, "x", 1);
      SSL_shutdown(ssl);
      char byte = 0;
      while (SSL_read(ssl, &byte, 1) > 0) {
      }
      if (session == nullptr) session = SSL_get1_session(ssl);
    });
    EXPECT_EQ(reused, again);
  }
  SSL_SESSION_free(session);
}

}  // namespace
}  // namespace portolan::net
