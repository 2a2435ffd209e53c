#include "server/net/tls_bio.h"

#include <cerrno>

#include "server/net/socket_calls.h"

namespace portolan::net {

const BIO_METHOD* SocketBio::Method() {
  // OpenSSL wants a table built at run time, valid as long as any BIO: built once, never freed.
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* table = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "portolan socket");
    BIO_meth_set_read(table, &SocketBio::Read);
    BIO_meth_set_write(table, &SocketBio::Write);
    BIO_meth_set_ctrl(table, &SocketBio::Control);
    return table;
  }();
  return method;
}

BIO* SocketBio::New(Socket* socket) {
  BIO* bio = BIO_new(Method());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, socket);
  BIO_set_init(bio, 1);
  return bio;
}

int SocketBio::Read(BIO* bio, char* buffer, int size) {
  auto& socket = *static_cast<Socket*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  while (socket.readable_) {
    const ssize_t count = Receive(socket.fd_, buffer, static_cast<size_t>(size));
    if (count > 0) {
      if (count < size && !socket.peer_closed_) socket.readable_ = false;
      return static_cast<int>(count);
    }
    if (count == 0) {
      socket.end_seen_ = true;
      return 0;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) {
      socket.tls_errno_ = errno;
      return -1;
    }
    socket.readable_ = false;
  }
  BIO_set_retry_read(bio);
  return -1;
}

int SocketBio::Write(BIO* bio, const char* buffer, int size) {
  auto& socket = *static_cast<Socket*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  while (socket.writable_) {
    const ssize_t count = Send(socket.fd_, buffer, static_cast<size_t>(size));
    if (count >= 0) {
      if (count < size) socket.writable_ = false;
      return static_cast<int>(count);
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) {
      socket.tls_errno_ = errno;
      return -1;
    }
    socket.writable_ = false;
  }
  BIO_set_retry_write(bio);
  return -1;
}

long SocketBio::Control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return static_cast<Socket*>(BIO_get_data(bio))->end_seen_ ? 1 : 0;
    default:
      return 0;
  }
}

}  // namespace portolan::net
