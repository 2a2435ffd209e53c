#include "tests/support/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

[[noreturn]] void Give(const char* what) {
  std::fprintf(stderr, "test certificates: %s failed\n", what);
  std::abort();
}

template <typename Writer>
std::string Pem(Writer writer) {
  BIO* bio = BIO_new(BIO_s_mem());
  if (bio == nullptr || writer(bio) != 1) Give("PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr || X509_add_ext(certificate, extension, -1) != 1) Give("extension");
  X509_EXTENSION_free(extension);
}

X509* NewCertificate(EVP_PKEY* key, const std::string& name, long from_days, long to_days) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial));
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), from_days * 86'400);
  X509_gmtime_adj(X509_getm_notAfter(certificate), to_days * 86'400);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  if (X509_set_pubkey(certificate, key) != 1) Give("public key");
  return certificate;
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) Give("writing a file");
}

}  // namespace

struct TestAuthority::State {
  TempFolder folder;
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  std::string ca_file;
  int issued = 0;
};

TestAuthority::TestAuthority() : state_(std::make_unique<State>()) {
  state_->key = EVP_EC_gen("P-256");
  if (state_->key == nullptr) Give("key generation");
  X509* ca = NewCertificate(
      state_->key, "Test authority " + std::filesystem::path(state_->folder.path()).filename().string(), -1,
      30);
  X509_set_issuer_name(ca, X509_get_subject_name(ca));
  AddExtension(ca, ca, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(ca, ca, NID_subject_key_identifier, "hash");
  if (X509_sign(ca, state_->key, EVP_sha256()) == 0) Give("signing");
  state_->certificate = ca;
  state_->ca_file = state_->folder.path() + "/ca.pem";
  WriteFile(state_->ca_file, Pem([ca](BIO* bio) { return PEM_write_bio_X509(bio, ca); }));
}

TestAuthority::~TestAuthority() {
  X509_free(state_->certificate);
  EVP_PKEY_free(state_->key);
}

const std::string& TestAuthority::ca_file() const { return state_->ca_file; }

TestCertificate TestAuthority::Issue(const Wish& wish) const {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  if (key == nullptr) Give("key generation");
  X509* leaf = NewCertificate(key, "Portolan test server", wish.expired ? -20 : -1, wish.expired ? -10 : 20);
  X509_set_issuer_name(leaf, X509_get_subject_name(state_->certificate));
  AddExtension(leaf, state_->certificate, NID_basic_constraints, "critical,CA:FALSE");
  std::string names;
  for (const std::string& name : wish.names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
  for (const std::string& address : wish.addresses) names += (names.empty() ? "IP:" : ",IP:") + address;
  if (!names.empty()) AddExtension(leaf, state_->certificate, NID_subject_alt_name, names);
  if (X509_sign(leaf, state_->key, EVP_sha256()) == 0) Give("signing");

  TestCertificate result;
  result.certificate_pem = Pem([leaf](BIO* bio) { return PEM_write_bio_X509(bio, leaf); });
  result.key_pem = Pem(
      [key](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
  const std::string stem = state_->folder.path() + "/" + std::to_string(++state_->issued);
  result.certificate_file = stem + ".crt";
  result.key_file = stem + ".key";
  WriteFile(result.certificate_file, result.certificate_pem);
  WriteFile(result.key_file, result.key_pem);
  X509_free(leaf);
  EVP_PKEY_free(key);
  return result;
}

}  // namespace portolan::test
