#pragma once

// A connected stream socket on a loop, plain or TLS, for the loop's thread. One reader and one writer at a
// time. Destroying it closes it and wakes nobody: whoever awaits it must be gone or cancelled first.
//
//   IoResult got = co_await socket.Read(loop.scratch(), wait);
//   std::string_view pieces[] = {head, body};
//   IoResult put = co_await socket.Write(pieces, wait);
//
// It remembers whether the descriptor is ready, so that a request on a kept connection costs one recv, one
// sendmsg and a share of an epoll_wait.

#include <sys/socket.h>

#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "server/net/loop.h"
#include "server/net/suspension.h"
#include "server/net/task.h"

// As OpenSSL declares it, without its headers.
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

  // Reads an IP literal, IPv6 without brackets. False if `host` is not one.
  static bool Parse(std::string_view host, uint16_t port, SocketAddress* out);

  // `127.0.0.1:80`, `[::1]:80`.
  std::string ToString() const;
  uint16_t port() const;
  bool is_loopback() const;
};

class TlsContext;  // tls.h

class Socket : private Watcher, private Poller {
 public:
  // Adopts a connected, non-blocking descriptor. Sets TCP_NODELAY.
  Socket(Loop& loop, int fd);
  ~Socket() override;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Connects to `address`. On failure *out stays null.
  static Task<IoResult> Connect(Loop& loop, const SocketAddress& address, Wait wait,
                                std::unique_ptr<Socket>* out);

  // The TLS handshake, after which reads and writes are encrypted. A client checks the certificate against
  // `host`, a DNS name or IP literal, sends SNI for names, and resumes sessions kept by the context.
  Task<IoResult> HandshakeClient(TlsContext& context, std::string host, Wait wait);
  Task<IoResult> HandshakeServer(TlsContext& context, Wait wait);
  bool is_tls() const { return ssl_ != nullptr; }
  // What went wrong in TLS, for a person to read; empty if nothing did.
  const std::string& tls_error() const { return tls_error_; }
  // Whether the handshake resumed an earlier session.
  bool tls_resumed() const;
  // The subject of the peer's verified certificate (`CN=billing,O=Example`); empty if it showed none.
  std::string tls_peer_subject() const;

  // Awaitables without a coroutine frame of their own: they try at once and suspend only when the socket is
  // not ready, or has been ready so often in this turn that others should get theirs. An await whose deadline
  // has passed or whose scope is cancelled fails without trying.

  // Reads at least one byte, or gives a code other than kOk. REQUIRES: buffer is not empty.
  class ReadAwaiter;
  class WriteAwaiter;
  ReadAwaiter Read(std::span<char> buffer, Wait wait);
  // Writes all the pieces, whole. The span and the bytes it points to must stay valid until that is done. On
  // failure `bytes` says how many bytes had left. A plain socket needs one system call if the kernel takes
  // them all.
  WriteAwaiter Write(std::span<const std::string_view> pieces, Wait wait);

  // Reads what has come already, without waiting. kOk with 0 bytes: nothing has.
  IoResult TryRead(std::span<char> buffer);

  // Whether a stream of small pieces may be polled. If they come faster than every kPollInterval, Read() then
  // returns only at such intervals, with many pieces for one system call, one acknowledgement and one turn of
  // the reader. Slower pieces are read at once, as is the end of the stream. Only for a reader that awaits
  // Read() all the time.
  void AllowPolling(bool allow);

  // Calls `handler` once when the peer closes (at least its sending side) or resets while nobody reads. This
  // takes no read and no system call. It is not called for a close seen earlier: test peer_closed() too. It
  // may destroy the socket. Null removes it.
  void SetPeerClosedHandler(std::function<void()> handler) { peer_closed_handler_ = std::move(handler); }
  // Whether epoll has told of the peer's close or reset. What it sent before that may still be unread.
  bool peer_closed() const { return peer_closed_; }

  // For a pooled connection: true if nothing has arrived on it and the peer has not closed.
  bool IdleAndHealthy();

  // Sends FIN, after close_notify unless the kernel's buffer is full. Reading goes on.
  void ShutdownWrite();
  // Makes the destructor send RST instead of FIN.
  void ResetOnClose();

  SocketAddress local_address() const;
  SocketAddress peer_address() const;
  Loop& loop() { return loop_; }
  int fd() const { return fd_; }

 private:
  friend struct SocketBio;
  class Operation;
  class ConnectAwaiter;
  class HandshakeAwaiter;

  void OnEvents(uint32_t events) override;
  void OnPoll() override;
  // Leaves reading to OnPoll(), if the pieces come fast enough. False if they do not.
  bool BeginPolling();
  void EndPolling();
  // From now on no event tells of fewer than `bytes` bytes to read.
  void SetLowWater(int bytes) const;
  // Advances `operation` (reader_ or writer_) and resumes its coroutine if that ends it.
  void Drive(Operation* operation);
  // Whether another operation may be tried in this turn without suspending.
  bool WithinTurnBudget();

  // Each tries until done or not ready; true when *result is final.
  bool TryReadPlain(std::span<char> buffer, IoResult* result);
  bool TryReadTls(std::span<char> buffer, IoResult* result);
  bool TryWritePlain(WriteAwaiter& write, IoResult* result);
  bool TryWriteTls(WriteAwaiter& write, IoResult* result);
  bool TryConnect(IoResult* result);

  // Starts TLS on the descriptor; false with tls_error_.
  bool StartTls(TlsContext& context);
  bool TryHandshake(IoResult* result);
  // What the failed call of OpenSSL means, in *result; false if it only has to wait.
  bool TlsFailure(int returned, IoResult* result);
  std::string DescribeTlsError() const;
  bool TlsHasPending() const;
  // close_notify, if there is someone to tell.
  void SendCloseNotify();
  void FreeTls();

  Loop& loop_;
  int fd_;
  // Readiness as far as known: false means an event will tell.
  bool readable_ = true;
  bool writable_ = true;
  bool peer_closed_ = false;
  bool end_seen_ = false;  // a read has returned the end or an error
  bool reset_on_close_ = false;
  bool may_poll_ = false;
  bool polling_ = false;
  TimePoint last_read_;
  int watch_errno_ = 0;
  uint32_t tries_ = 0;  // in turn tries_turn_
  uint64_t tries_turn_ = 0;
  Operation* reader_ = nullptr;
  Operation* writer_ = nullptr;
  bool* destroyed_ = nullptr;  // set by the destructor while OnEvents() is running
  std::function<void()> peer_closed_handler_;
  // TLS.
  SSL* ssl_ = nullptr;
  bool tls_broken_ = false;         // nothing more can be written
  bool tls_write_pending_ = false;  // a record waits to be sent; the same write must go on
  int tls_errno_ = 0;               // of the transport below
  IoResult tls_end_;                // what every further read gives, unless kOk
  std::string tls_host_;            // client: whom the certificate must name
  std::string tls_error_;
};

// An await on a socket. While it is suspended it is the socket's reader or writer.
class Socket::Operation : protected Suspension {
 public:
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  ~Operation() override { Detach(); }

  bool await_ready();
  void await_suspend(std::coroutine_handle<> handle);
  IoResult await_resume() const { return result_; }

 protected:
  // `slot` is the member of the socket that holds the operation while it is suspended.
  Operation(Socket& socket, Operation* Socket::* slot, Wait wait)
      : Suspension(socket.loop_, wait), socket_(&socket), slot_(slot) {}

  // Goes on as far as possible without blocking; true when result_ is final.
  virtual bool Attempt() = 0;

  Socket* socket_;
  IoResult result_;

  // Suspends so that neither an event nor the deadline nor the scope resumes it.
  void Pause(std::coroutine_handle<> handle);
  // After a pause: tries, and begins to wait if it must. True when result_ is final.
  bool EndPause();

 private:
  friend class Socket;
  void OnExpired() override;
  void OnSoon() override;
  void Detach() {
    if (socket_ != nullptr && socket_->*slot_ == this) socket_->*slot_ = nullptr;
  }

  Operation* Socket::* const slot_;
  bool paused_ = false;
};

class [[nodiscard]] Socket::ReadAwaiter final : public Operation {
 public:
  ReadAwaiter(Socket& socket, std::span<char> buffer, Wait wait)
      : Operation(socket, &Socket::reader_, wait), buffer_(buffer) {}

 private:
  bool Attempt() override;

  const std::span<char> buffer_;
};

// While more of the turn's events are to be handled, the write is put off, and then made together with those
// of other sockets.
class [[nodiscard]] Socket::WriteAwaiter final : public Operation, private Flush {
 public:
  WriteAwaiter(Socket& socket, std::span<const std::string_view> pieces, Wait wait)
      : Operation(socket, &Socket::writer_, wait), pieces_(pieces) {}

  bool await_ready();
  void await_suspend(std::coroutine_handle<> handle);

 private:
  friend class Socket;
  bool Attempt() override;
  void OnFlush() override;
  // Steps over `bytes` that have left, and over empty pieces.
  void Consume(size_t bytes);

  std::span<const std::string_view> pieces_;  // what is left
  size_t offset_ = 0;                         // into the first of them
  bool started_ = false;                      // has a TLS record under way
  bool put_off_ = false;
};

inline Socket::ReadAwaiter Socket::Read(std::span<char> buffer, Wait wait) { return {*this, buffer, wait}; }

inline Socket::WriteAwaiter Socket::Write(std::span<const std::string_view> pieces, Wait wait) {
  return {*this, pieces, wait};
}

}  // namespace portolan::net
