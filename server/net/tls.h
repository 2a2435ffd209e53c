#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_session_st SSL_SESSION;
typedef struct x509_store_st X509_STORE;

namespace portolan::net {

// What a TLS listener shows to callers and asks of them. Holds the PEM texts rather than the files, so that a
// certificate and its key were always read together.
struct TlsIdentity {
  std::string certificate_file;  // for messages
  std::string key_file;
  std::string client_ca_file;

  std::string certificate_pem;  // the chain, its own certificate first
  std::string key_pem;          // not encrypted
  std::string client_ca_pem;    // empty: client certificates are not asked for
  bool require_client = false;  // a client without a certificate is refused

  // Reads the files; `client_ca_file` may be empty. Does not look at the texts: TlsContext::Server does.
  static absl::StatusOr<TlsIdentity> Read(const std::string& certificate_file, const std::string& key_file,
                                          const std::string& client_ca_file, bool require_client);
  bool operator==(const TlsIdentity&) const = default;
};

// The certificate authorities that upstream servers are checked against. Reading the system's takes tens of
// milliseconds and most of a megabyte, so one store serves the contexts of all shards. Thread-safe: OpenSSL
// counts its users, and looks things up under a lock once per full handshake.
class TrustStore {
 public:
  // A store that trusts nobody yet.
  static std::shared_ptr<TrustStore> New();
  ~TrustStore();
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;

  // Adds the system's authorities, and those of `ca_file` unless that is empty. Contexts may hold the store
  // already, but their handshakes fail until this is done. Fails if `ca_file` cannot be read.
  absl::Status Read(const std::string& ca_file);

  X509_STORE* native() const { return store_; }

 private:
  explicit TrustStore(X509_STORE* store) : store_(store) {}
  X509_STORE* const store_;
};

// TLS settings shared by many connections: TLS 1.2 and 1.3 only, buffers released when idle, a session cache.
// Thread-safe once built, except for the client's session cache, which is why each shard has a client context
// of its own.
class TlsContext {
 public:
  // For upstream connections. Certificates must come from an authority in `trust`, and host names must match;
  // sessions are kept per host name and resumed.
  static absl::StatusOr<std::unique_ptr<TlsContext>> Client(const TrustStore& trust);
  // The same with a store of its own, filled by TrustStore::Read(ca_file).
  static absl::StatusOr<std::unique_ptr<TlsContext>> Client(const std::string& ca_file);
  // For listeners. Fails if a text cannot be understood or the key does not fit the certificate.
  static absl::StatusOr<std::unique_ptr<TlsContext>> Server(const TlsIdentity& identity);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  SSL_CTX* native() const;

 private:
  friend class Socket;
  struct State;

  explicit TlsContext(std::unique_ptr<State> state);
  // The session to resume with `host`, null if there is none; stays owned by the context.
  SSL_SESSION* FindSession(const std::string& host) const;
  void DropSession(const std::string& host);

  std::unique_ptr<State> state_;
};

}  // namespace portolan::net
