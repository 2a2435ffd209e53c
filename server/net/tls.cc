#include "server/net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <fstream>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/net/socket.h"

namespace portolan::net {
namespace {

constexpr size_t kMaxSessions = 1024;
constexpr unsigned char kAlpn[] = "\x08http/1.1";
constexpr unsigned int kAlpnLength = sizeof(kAlpn) - 1;
// Forward secrecy and authenticated encryption for TLS 1.2 callers; TLS 1.3 has nothing else.
constexpr char kServerCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

struct FreeSession {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeParts {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, FreeParts>;
using Certificate = std::unique_ptr<X509, FreeParts>;
using Key = std::unique_ptr<EVP_PKEY, FreeParts>;

// `what`, and why OpenSSL says it failed.
absl::Status Failure(absl::string_view what) {
  const unsigned long error = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(error);
  ERR_clear_error();
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", reason != nullptr ? reason : "unknown error"));
}

// An encrypted key must fail, not ask at the terminal.
int RefusePassword(char*, int, int, void*) { return -1; }

// The next certificate of a PEM text, null at its end.
Certificate NextCertificate(BIO* text) {
  return Certificate(PEM_read_bio_X509(text, nullptr, &RefusePassword, nullptr));
}

// True if reading stopped because there was nothing more, which OpenSSL reports as an error.
bool AtEndOfPem() {
  const unsigned long error = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (at_end) ERR_clear_error();
  return at_end;
}

bool UseChain(SSL_CTX* ctx, const std::string& pem) {
  const Bio text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Certificate own = NextCertificate(text.get());
  if (own == nullptr || SSL_CTX_use_certificate(ctx, own.get()) != 1) return false;
  while (const Certificate next = NextCertificate(text.get())) {
    if (SSL_CTX_add1_chain_cert(ctx, next.get()) != 1) return false;
  }
  return AtEndOfPem();
}

bool UseKey(SSL_CTX* ctx, const std::string& pem) {
  const Bio text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Key key(PEM_read_bio_PrivateKey(text.get(), nullptr, &RefusePassword, nullptr));
  return key != nullptr && SSL_CTX_use_PrivateKey(ctx, key.get()) == 1;
}

// Client certificates of these authorities are good, and clients are told so.
bool TrustClients(SSL_CTX* ctx, const std::string& pem) {
  const Bio text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  int count = 0;
  while (const Certificate authority = NextCertificate(text.get())) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), authority.get()) != 1 ||
        SSL_CTX_add_client_CA(ctx, authority.get()) != 1) {
      return false;
    }
    ++count;
  }
  return AtEndOfPem() && count > 0;
}

int SelectAlpn(SSL*, const unsigned char** out, unsigned char* length, const unsigned char* offered,
               unsigned int offered_length, void*) {
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, length, kAlpn, kAlpnLength, offered, offered_length) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

struct TlsContext::State {
  using Session = std::unique_ptr<SSL_SESSION, FreeSession>;

  explicit State(const SSL_METHOD* method) : context(SSL_CTX_new(method)) {}
  ~State() {
    // Connections may live on, and with them the native context.
    if (context != nullptr) SSL_CTX_set_app_data(context.get(), nullptr);
  }

  bool SetCommonOptions();
  static int OnNewSession(SSL* ssl, SSL_SESSION* session);

  std::unique_ptr<SSL_CTX, FreeContext> context;
  std::unordered_map<std::string, Session> sessions;
};

bool TlsContext::State::SetCommonOptions() {
  SSL_CTX* ctx = context.get();
  if (ctx == nullptr || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) return false;
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(
      ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(ctx, 1);  // a record's head and body in one recv
  SSL_CTX_set_app_data(ctx, this);
  return true;
}

// OpenSSL's callback: takes over the reference when it returns 1.
int TlsContext::State::OnNewSession(SSL* ssl, SSL_SESSION* session) {
  auto* state = static_cast<State*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const auto* host = static_cast<const std::string*>(SSL_get_app_data(ssl));
  if (state == nullptr || host == nullptr) return 0;
  if (state->sessions.size() >= kMaxSessions && !state->sessions.contains(*host)) {
    state->sessions.erase(state->sessions.begin());
  }
  state->sessions[*host].reset(session);
  return 1;
}

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

SSL_CTX* TlsContext::native() const { return state_->context.get(); }

SSL_SESSION* TlsContext::FindSession(const std::string& host) const {
  const auto found = state_->sessions.find(host);
  return found == state_->sessions.end() ? nullptr : found->second.get();
}

void TlsContext::DropSession(const std::string& host) { state_->sessions.erase(host); }

std::shared_ptr<TrustStore> TrustStore::New() {
  return std::shared_ptr<TrustStore>(new TrustStore(X509_STORE_new()));
}

TrustStore::~TrustStore() { X509_STORE_free(store_); }

absl::Status TrustStore::Read(const std::string& ca_file) {
  ERR_clear_error();
  if (store_ == nullptr || X509_STORE_set_default_paths(store_) != 1) {
    return Failure("the system's certificate authorities");
  }
  if (!ca_file.empty() && X509_STORE_load_file(store_, ca_file.c_str()) != 1) {
    return Failure(absl::StrCat("certificate authorities in ", ca_file));
  }
  // A system without any is no error.
  ERR_clear_error();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<TlsContext>> TlsContext::Client(const TrustStore& trust) {
  ERR_clear_error();
  auto state = std::make_unique<State>(TLS_client_method());
  SSL_CTX* ctx = state->context.get();
  if (!state->SetCommonOptions() || SSL_CTX_set_alpn_protos(ctx, kAlpn, kAlpnLength) != 0) {
    return Failure("TLS client context");
  }
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set1_cert_store(ctx, trust.native());
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx, &State::OnNewSession);
  return std::unique_ptr<TlsContext>(new TlsContext(std::move(state)));
}

absl::StatusOr<std::unique_ptr<TlsContext>> TlsContext::Client(const std::string& ca_file) {
  const std::shared_ptr<TrustStore> trust = TrustStore::New();
  if (absl::Status status = trust->Read(ca_file); !status.ok()) return status;
  return Client(*trust);
}

absl::StatusOr<std::unique_ptr<TlsContext>> TlsContext::Server(const TlsIdentity& identity) {
  ERR_clear_error();
  auto state = std::make_unique<State>(TLS_server_method());
  SSL_CTX* ctx = state->context.get();
  if (!state->SetCommonOptions() || SSL_CTX_set_cipher_list(ctx, kServerCiphers) != 1) {
    return Failure("TLS server context");
  }
  if (!UseChain(ctx, identity.certificate_pem)) {
    return Failure(absl::StrCat("certificate chain in ", identity.certificate_file));
  }
  if (!UseKey(ctx, identity.key_pem)) return Failure(absl::StrCat("private key in ", identity.key_file));
  if (SSL_CTX_check_private_key(ctx) != 1) {
    return Failure(absl::StrCat("private key in ", identity.key_file, " for the certificate in ",
                                identity.certificate_file));
  }
  if (!identity.client_ca_file.empty()) {
    if (!TrustClients(ctx, identity.client_ca_pem)) {
      return Failure(absl::StrCat("client certificate authorities in ", identity.client_ca_file));
    }
    const int insist = identity.require_client ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | insist, nullptr);
  } else if (identity.require_client) {
    return absl::InvalidArgumentError(
        "client certificates are required, but no file of their authorities is given");
  }
  SSL_CTX_set_alpn_select_cb(ctx, &SelectAlpn, nullptr);
  // Sessions live in the tickets alone: no cache, no lock.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  constexpr unsigned char kSessionContext[] = "portolan";
  SSL_CTX_set_session_id_context(ctx, kSessionContext, sizeof(kSessionContext) - 1);
  return std::unique_ptr<TlsContext>(new TlsContext(std::move(state)));
}

absl::StatusOr<TlsIdentity> TlsIdentity::Read(const std::string& certificate_file,
                                              const std::string& key_file, const std::string& client_ca_file,
                                              bool require_client) {
  TlsIdentity identity{certificate_file, key_file, client_ca_file, {}, {}, {}, require_client};
  for (const auto& [file, text] : {std::pair(&identity.certificate_file, &identity.certificate_pem),
                                   std::pair(&identity.key_file, &identity.key_pem),
                                   std::pair(&identity.client_ca_file, &identity.client_ca_pem)}) {
    if (file->empty()) continue;
    std::ifstream in(*file, std::ios::binary);
    text->assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    if (!in || text->empty()) return absl::InvalidArgumentError(absl::StrCat("cannot read ", *file));
  }
  return identity;
}

}  // namespace portolan::net
