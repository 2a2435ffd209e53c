#pragma once

// The fake upstream's end of one TCP connection, plain or TLS. Its calls block. It has its own OpenSSL and
// poll code, so that a fault in the product's networking cannot hide itself.

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace portolan::test {

// How a wait or a transfer ended. kPeerClosed: FIN. kPeerReset: RST or broken pipe. kStopped: the server is
// shutting down.
enum class WireEnd { kOpen, kPeerClosed, kPeerReset, kStopped };

class Wire {
 public:
  // Takes ownership of `fd`. `stop_fd` becomes readable when the server shuts down.
  Wire(int fd, int stop_fd);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // Does the TLS handshake as a server; false if it failed.
  bool Accept(SSL_CTX* context);
  std::string server_name() const;
  bool resumed() const;

  // Appends at least one byte to *out, or returns why not.
  WireEnd Receive(std::string* out);
  WireEnd Send(const std::string& bytes);
  // Waits until the peer has acknowledged every byte.
  WireEnd Drain();
  // Waits until `fd` is readable (kOpen) or the peer has gone. fd -1: waits for the peer alone.
  WireEnd WaitFor(int fd);

  void Close(bool close_notify);
  void Reset();
  int fd() const { return fd_; }
  int stop_fd() const { return stop_fd_; }

 private:
  WireEnd Poll(short events, int other_fd);
  WireEnd FromErrno(int error) const;

  int fd_;
  int stop_fd_;
  SSL* ssl_ = nullptr;
};

}  // namespace portolan::test
