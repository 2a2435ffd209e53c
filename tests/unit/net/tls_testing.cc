#include "tests/unit/net/tls_testing.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>

#include "tests/support/temp_folder.h"

namespace portolan::net {
namespace {

std::string NewFile(const char* suffix) {
  static const test::TempFolder folder;
  static int count = 0;
  return folder.path() + "/" + std::to_string(++count) + suffix;
}

void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  ASSERT_NE(extension, nullptr) << value;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

Identity Issue(const Identity* issuer, const Traits& traits) {
  static long serial = 0;
  Identity identity;
  identity.key.reset(EVP_EC_gen("P-256"));
  identity.certificate.reset(X509_new());
  X509* certificate = identity.certificate.get();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), traits.starts_in);
  X509_gmtime_adj(X509_getm_notAfter(certificate), traits.ends_in);
  X509_set_pubkey(certificate, identity.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(traits.name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer->certificate.get() : certificate));
  if (issuer == nullptr) {
    AddExtension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    AddExtension(certificate, NID_subject_alt_name, traits.alternative_names);
  }
  X509_sign(certificate, issuer ? issuer->key.get() : identity.key.get(), EVP_sha256());

  identity.key_file = NewFile(".key");
  identity.certificate_file = NewFile(".crt");
  FILE* file = std::fopen(identity.key_file.c_str(), "w");
  PEM_write_PrivateKey(file, identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  file = std::fopen(identity.certificate_file.c_str(), "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  return identity;
}

std::unique_ptr<SSL_CTX, FreeOpenSsl> PeerContext(const SSL_METHOD* method, const Identity* identity,
                                                  const Identity* authority) {
  std::unique_ptr<SSL_CTX, FreeOpenSsl> context(SSL_CTX_new(method));
  if (identity != nullptr) {
    EXPECT_EQ(SSL_CTX_use_certificate(context.get(), identity->certificate.get()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(context.get(), identity->key.get()), 1);
  }
  if (authority != nullptr) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority->certificate.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  }
  return context;
}

Peer::Peer(SSL_CTX* context, int fd, std::function<void(SSL*)> talk) : ssl_(SSL_new(context)) {
  SSL_set_fd(ssl_.get(), fd);
  thread_ = std::thread([this, talk = std::move(talk)] { talk(ssl_.get()); });
}

absl::StatusOr<std::unique_ptr<TlsContext>> ServerFrom(const std::string& certificate_file,
                                                       const std::string& key_file,
                                                       const std::string& client_ca_file,
                                                       bool require_client) {
  const auto identity = TlsIdentity::Read(certificate_file, key_file, client_ca_file, require_client);
  if (!identity.ok()) return identity.status();
  return TlsContext::Server(*identity);
}

}  // namespace portolan::net
