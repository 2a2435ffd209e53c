#include "tests/load/plain_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace portolan::load {

PlainClient::PlainClient(const std::string& address, const std::string& ca_file) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    throw std::runtime_error("cannot connect to " + address);
  }
  if (ca_file.empty()) return;
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_fd(ssl_.get(), fd_);
  if (SSL_connect(ssl_.get()) != 1) throw std::runtime_error("no TLS with " + address);
}

PlainClient::~PlainClient() { close(fd_); }

bool PlainClient::Send(std::string_view bytes) {
  const auto size = static_cast<ssize_t>(bytes.size());
  if (ssl_ != nullptr) return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(size)) == size;
  return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == size;
}

size_t PlainClient::Read(char* into, size_t size) {
  const ssize_t got =
      ssl_ != nullptr ? SSL_read(ssl_.get(), into, static_cast<int>(size)) : recv(fd_, into, size, 0);
  return got < 0 ? 0 : static_cast<size_t>(got);
}

}  // namespace portolan::load
