// Both doors over TLS, against OpenSSL's and gRPC's own clients: who is let in, who is told what, and
// certificates that are replaced while streams are open.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <chrono>
#include <csignal>
#include <fstream>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "tests/support/eventually.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/net/tls_testing.h"

namespace portolan::test {
namespace {

using net::Identity;
using ::testing::HasSubstr;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void CopyFile(const std::string& from, const std::string& to) {
  std::ofstream(to, std::ios::binary | std::ios::trunc) << ReadFile(from);
}

// One HTTPS call by OpenSSL: the answer's text, empty if the connection or handshake failed.
struct Https {
  Https(const std::string& address, const Identity* identity, const Identity* authority, int max_version = 0)
      : plain(address), context(net::PeerContext(TLS_client_method(), identity, authority)) {
    if (max_version != 0) {
      SSL_CTX_set_security_level(context.get(), 0);
      SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
      SSL_CTX_set_max_proto_version(context.get(), max_version);
    }
    ssl.reset(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), plain.fd());
    connected = SSL_connect(ssl.get()) == 1;
  }
  std::string Get(const std::string& path) {
    Send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return ReadUntil("}");
  }
  void Send(const std::string& text) { SSL_write(ssl.get(), text.data(), static_cast<int>(text.size())); }
  std::string ReadUntil(const std::string& end) {
    std::string all;
    char buffer[4096];
    while (!all.ends_with(end)) {
      const int got = SSL_read(ssl.get(), buffer, sizeof buffer);
      if (got <= 0) return all;
      all.append(buffer, static_cast<size_t>(got));
    }
    return all;
  }
  // The common name of the certificate that the gateway showed.
  std::string Shown() const {
    const std::unique_ptr<X509, net::FreeOpenSsl> certificate(SSL_get1_peer_certificate(ssl.get()));
    char name[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name, sizeof name);
    return name;
  }

  TestClient plain;
  std::unique_ptr<SSL_CTX, net::FreeOpenSsl> context;
  std::unique_ptr<SSL, net::FreeOpenSsl> ssl;
  bool connected = false;
};

class GatewayTls : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    authority_ = new Identity(net::Issue(nullptr, {.name = "test authority"}));
    stranger_ = new Identity(net::Issue(nullptr, {.name = "another authority"}));
    first_ = new Identity(net::Issue(authority_, {.name = "first"}));
    second_ = new Identity(net::Issue(authority_, {.name = "second"}));
    client_ = new Identity(net::Issue(authority_, {.name = "billing"}));
    intruder_ = new Identity(net::Issue(stranger_, {.name = "intruder"}));
  }
  void SetUp() override { signal(SIGPIPE, SIG_IGN); }
  void TearDown() override { signal(SIGPIPE, SIG_DFL); }

  static config::ServeOptions Options() {
    config::ServeOptions options;
    options.tls_cert = first_->certificate_file;
    options.tls_key = first_->key_file;
    return options;
  }

  static std::shared_ptr<grpc::Channel> Dial(const GatewayFixture& gateway, const Identity* identity) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = ReadFile(authority_->certificate_file);
    if (identity != nullptr) {
      options.pem_private_key = ReadFile(identity->key_file);
      options.pem_cert_chain = ReadFile(identity->certificate_file);
    }
    return grpc::CreateChannel(gateway.grpc_address(), grpc::SslCredentials(options));
  }

  static grpc::Status Ask(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    v1::ChatCompletionRequest request;
    request.set_model("echo/echo");
    v1::ChatCompletion answer;
    return v1::ChatService::NewStub(channel)->CreateChatCompletion(&context, request, &answer);
  }

  static inline Identity* authority_ = nullptr;
  static inline Identity* stranger_ = nullptr;
  static inline Identity* first_ = nullptr;
  static inline Identity* second_ = nullptr;
  static inline Identity* client_ = nullptr;
  static inline Identity* intruder_ = nullptr;
};

TEST_F(GatewayTls, ServesBothDoors) {
  GatewayFixture gateway(Options());
  Https https(gateway.http_address(), nullptr, authority_);
  ASSERT_TRUE(https.connected);
  EXPECT_THAT(https.Get("/healthz"), HasSubstr("200 OK"));
  EXPECT_EQ(https.Shown(), "first");
  EXPECT_TRUE(Ask(Dial(gateway, nullptr)).ok());
  // Plain callers get no answer, and harm nobody.
  EXPECT_EQ(TestClient(gateway.http_address()).Get("/healthz").status, 0);
  EXPECT_THAT(Https(gateway.http_address(), nullptr, authority_).Get("/healthz"), HasSubstr("200 OK"));
}

TEST_F(GatewayTls, SpeaksNothingOlderThanTls12) {
  GatewayFixture gateway(Options());
  const std::string doors[] = {gateway.http_address(), gateway.grpc_address()};
  for (const std::string& door : doors) {
    EXPECT_FALSE(Https(door, nullptr, authority_, TLS1_VERSION).connected) << door;
    EXPECT_FALSE(Https(door, nullptr, authority_, TLS1_1_VERSION).connected) << door;
    EXPECT_TRUE(Https(door, nullptr, authority_, TLS1_2_VERSION).connected) << door;
    EXPECT_TRUE(Https(door, nullptr, authority_, TLS1_3_VERSION).connected) << door;
  }
}

TEST_F(GatewayTls, AsksForClientCertificates) {
  for (const bool required : {true, false}) {
    SCOPED_TRACE(required ? "required" : "optional");
    config::ServeOptions options = Options();
    options.tls_client_ca = authority_->certificate_file;
    options.tls_client_required = required;
    GatewayFixture gateway(options);
    EXPECT_THAT(Https(gateway.http_address(), client_, authority_).Get("/healthz"), HasSubstr("200 OK"));
    EXPECT_TRUE(Ask(Dial(gateway, client_)).ok());
    // TLS 1.3 tells a client so only after its own handshake is over: what counts is that it gets no answer.
    EXPECT_EQ(Https(gateway.http_address(), nullptr, authority_).Get("/healthz").empty(), required);
    EXPECT_EQ(Ask(Dial(gateway, nullptr)).ok(), !required);
    EXPECT_EQ(Https(gateway.http_address(), intruder_, authority_).Get("/healthz"), "");
    EXPECT_FALSE(Ask(Dial(gateway, intruder_)).ok());
  }
}

// A stream that is open while the certificate is replaced goes on; new connections see the new one.
TEST_F(GatewayTls, ReplacesItsCertificateWithoutARestart) {
  const TempFolder folder;
  const std::string cert = folder.path() + "/tls.crt";
  const std::string key = folder.path() + "/tls.key";
  CopyFile(first_->certificate_file, cert);
  CopyFile(first_->key_file, key);
  config::ServeOptions options;
  options.tls_cert = cert;
  options.tls_key = key;
  GatewayFixture gateway(options);

  Https open(gateway.http_address(), nullptr, authority_);
  ASSERT_TRUE(open.connected);
  const std::shared_ptr<grpc::Channel> channel = Dial(gateway, nullptr);
  ASSERT_TRUE(Ask(channel).ok());

  // A key that does not fit changes nothing.
  CopyFile(second_->key_file, key);
  gateway.gateway().Reload();
  EXPECT_EQ(Https(gateway.http_address(), nullptr, authority_).Shown(), "first");

  CopyFile(second_->certificate_file, cert);
  gateway.gateway().Reload();
  for (const std::string& door : {gateway.http_address(), gateway.grpc_address()}) {
    EXPECT_TRUE(Eventually([&] { return Https(door, nullptr, authority_).Shown(); }, "second")) << door;
  }
  EXPECT_THAT(open.Get("/healthz"), HasSubstr("200 OK"));
  EXPECT_TRUE(Ask(channel).ok());
}

// Without being asked to look, too.
TEST_F(GatewayTls, SeesThatItsFilesHaveChanged) {
  const TempFolder folder;
  // As Kubernetes mounts a secret: files behind a link that is swapped.
  const std::string& base = folder.path();
  for (const auto& [name, identity] : {std::pair("one", first_), std::pair("two", second_)}) {
    ASSERT_EQ(mkdir((base + "/" + name).c_str(), 0700), 0);
    CopyFile(identity->certificate_file, base + "/" + name + "/tls.crt");
    CopyFile(identity->key_file, base + "/" + name + "/tls.key");
  }
  ASSERT_EQ(symlink("one", (base + "/data").c_str()), 0);
  config::ServeOptions options;
  options.tls_cert = base + "/data/tls.crt";
  options.tls_key = base + "/data/tls.key";
  GatewayFixture gateway(options);
  ASSERT_EQ(symlink("two", (base + "/next").c_str()), 0);
  ASSERT_EQ(rename((base + "/next").c_str(), (base + "/data").c_str()), 0);
  EXPECT_TRUE(
      Eventually([&] { return Https(gateway.http_address(), nullptr, authority_).Shown(); }, "second"));
}

TEST_F(GatewayTls, RefusesToStartWithFilesThatAreNoGood) {
  struct Case {
    const char* name;
    std::string cert, key, ca, message;
  };
  const Case cases[] = {
      {"no key", first_->certificate_file, "", "", "--tls-cert and --tls-key go together"},
      {"no certificate", "", first_->key_file, "", "--tls-cert and --tls-key go together"},
      {"authorities alone", "", "", authority_->certificate_file, "--tls-client-ca needs"},
      {"no such file", "/nowhere/tls.crt", first_->key_file, "", "cannot read /nowhere/tls.crt"},
      {"a key of another", first_->certificate_file, second_->key_file, "",
       "private key in " + second_->key_file},
      {"a key for a certificate", first_->key_file, first_->key_file, "",
       "certificate chain in " + first_->key_file},
      {"a key as authorities", first_->certificate_file, first_->key_file, first_->key_file,
       "client certificate authorities in " + first_->key_file},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    config::ServeOptions options;
    options.http = options.grpc = options.admin = "127.0.0.1:0";
    options.threads = 1;
    options.tls_cert = c.cert;
    options.tls_key = c.key;
    options.tls_client_ca = c.ca;
    const auto gateway = Gateway::Start(options, [](const char*) -> const char* { return nullptr; });
    ASSERT_FALSE(gateway.ok());
    EXPECT_THAT(std::string(gateway.status().message()), HasSubstr(c.message));
    EXPECT_EQ(gateway.status().message().find('\n'), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace portolan::test
