#include "server/rpc/credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include <utility>

namespace portolan::rpc {

void TlsSource::Replace(net::TlsIdentity identity) {
  const std::lock_guard lock(mutex_);
  identity_ = std::move(identity);
  fetched_ = false;
}

// grpcpp's own credentials read a certificate once; the core library underneath asks for it with every
// handshake.
class ReplaceableCredentials final : public grpc::ServerCredentials {
 public:
  explicit ReplaceableCredentials(std::shared_ptr<TlsSource> source) : source_(std::move(source)) {
    const net::TlsIdentity& identity = source_->identity_;
    auto request = GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
    if (!identity.client_ca_file.empty()) {
      request = identity.require_client ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                        : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
    }
    credentials_ = grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(request, &Fetch, source_.get()));
  }
  ~ReplaceableCredentials() override { grpc_server_credentials_release(credentials_); }

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  // gRPC's callback; it takes the config over.
  static grpc_ssl_certificate_config_reload_status Fetch(void* source,
                                                         grpc_ssl_server_certificate_config** config) {
    auto& from = *static_cast<TlsSource*>(source);
    const std::lock_guard lock(from.mutex_);
    if (from.fetched_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const net::TlsIdentity& identity = from.identity_;
    const grpc_ssl_pem_key_cert_pair pair{identity.key_pem.c_str(), identity.certificate_pem.c_str()};
    // gRPC insists on authorities even where it asks for no certificate; then any will do.
    const std::string& authorities =
        identity.client_ca_pem.empty() ? identity.certificate_pem : identity.client_ca_pem;
    *config = grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1);
    from.fetched_ = true;
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const std::shared_ptr<TlsSource> source_;
  grpc_server_credentials* credentials_;
};

std::shared_ptr<grpc::ServerCredentials> NewTlsCredentials(std::shared_ptr<TlsSource> source) {
  return std::make_shared<ReplaceableCredentials>(std::move(source));
}

}  // namespace portolan::rpc
