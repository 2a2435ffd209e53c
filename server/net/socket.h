#pragma once

// A connected stream socket on a loop, plain or TLS. One reader and one writer at a time. Destroying it closes it and
// wakes nobody: whoever waits must be gone or cancelled first.

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "server/net/loop.h"
#include "server/net/task.h"

typedef struct ssl_st SSL;

namespace portolan::net {

enum class IoCode : uint8_t {
  kOk,
  kEof,        // orderly end (with TLS: close_notify)
  kTruncated,  // TLS: the transport ended without close_notify
  kReset,      // connection reset or broken pipe
  kRefused,
  kUnreachable,
  kTls,        // handshake, certificate or record error; see Socket::tls_error()
  kTimeout,    // the Wait's deadline
  kCancelled,  // the Wait's scope
  kOther,      // any other errno
};

std::string_view ToString(IoCode code);

struct IoResult {
  IoCode code = IoCode::kOk;
  size_t bytes = 0;
  int sys_errno = 0;
  bool ok() const { return code == IoCode::kOk; }
};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  // `127.0.0.1:80`, `[::1]:80`.
  std::string ToString() const;
  uint16_t port() const;
  bool is_loopback() const;
};

class TlsContext;  // tls.h

class Socket {
 public:
  // Adopts a connected, non-blocking descriptor. Sets TCP_NODELAY.
  Socket(Loop& loop, int fd);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Connects; on failure *out stays null.
  static Task<IoResult> Connect(Loop& loop, const SocketAddress& address, Wait wait, std::unique_ptr<Socket>* out);

  // TLS handshake over the connected socket. As a client checks the certificate against `host` (a DNS name or IP
  // literal) and sends SNI for names; sessions are resumed through the context.
  Task<IoResult> HandshakeClient(TlsContext& context, std::string host, Wait wait);
  Task<IoResult> HandshakeServer(TlsContext& context, Wait wait);
  bool is_tls() const { return ssl_ != nullptr; }
  // What went wrong in TLS, for a person.
  const std::string& tls_error() const { return tls_error_; }

  // Awaitables without a coroutine frame of their own: they try at once and suspend only when the socket is not ready.
  // Read gives at least one byte, or a code other than kOk.
  class ReadAwaiter;
  class WriteAwaiter;
  ReadAwaiter Read(std::span<char> buffer, Wait wait);
  // Writes every piece, whole. The pieces (not just their bytes) must stay valid until it is done. On failure `bytes`
  // tells how many left. Plain sockets use one writev where the kernel takes it all.
  WriteAwaiter Write(std::span<const std::string_view> pieces, Wait wait);

  // Non-blocking: what can be read now (kOk with bytes 0: nothing yet).
  IoResult TryRead(std::span<char> buffer);

  // Called once when the peer closes or resets while nobody reads. Seen without reading, at the cost of no system call.
  void SetPeerClosedHandler(std::function<void()> handler);
  // The peer has closed or reset, as far as epoll has told.
  bool peer_closed() const;

  // For a pooled idle connection: true if nothing has arrived and the peer has not closed.
  bool IdleAndHealthy();

  // Sends FIN (and close_notify), keeps reading possible.
  void ShutdownWrite();
  // Makes the close send RST instead of FIN.
  void ResetOnClose();

  SocketAddress local_address() const;
  SocketAddress peer_address() const;
  Loop& loop() { return loop_; }
  int fd() const { return fd_; }

 private:
  struct State;
  Loop& loop_;
  int fd_;
  SSL* ssl_ = nullptr;
  std::string tls_error_;
  std::unique_ptr<State> state_;
};

}  // namespace portolan::net
