#include "tests/support/wire.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace portolan::test {

Wire::Wire(int fd, int stop_fd) : fd_(fd), stop_fd_(stop_fd) {
  fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
  const int one = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

Wire::~Wire() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  if (fd_ >= 0) close(fd_);
}

WireEnd Wire::FromErrno(int error) const {
  if (error == ECONNRESET || error == EPIPE) return WireEnd::kPeerReset;
  return WireEnd::kPeerClosed;
}

WireEnd Wire::Poll(short events, int other_fd) {
  for (;;) {
    pollfd entries[3] = {{fd_, events, 0}, {stop_fd_, POLLIN, 0}, {other_fd, POLLIN, 0}};
    const int count = poll(entries, other_fd >= 0 ? 3 : 2, -1);
    if (count < 0 && errno == EINTR) continue;
    if (entries[1].revents != 0) return WireEnd::kStopped;
    if (entries[0].revents & POLLERR) {
      int error = 0;
      socklen_t size = sizeof(error);
      getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
      return error == 0 ? WireEnd::kPeerReset : FromErrno(error);
    }
    if (entries[0].revents & POLLHUP) return WireEnd::kPeerReset;
    if (entries[0].revents & events & (POLLIN | POLLOUT)) return WireEnd::kOpen;
    if (entries[0].revents & POLLRDHUP) return WireEnd::kPeerClosed;
    if (other_fd >= 0 && entries[2].revents != 0) return WireEnd::kOpen;
  }
}

bool Wire::Accept(SSL_CTX* context) {
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, fd_);
  for (;;) {
    ERR_clear_error();
    const int result = SSL_accept(ssl_);
    if (result == 1) return true;
    const int error = SSL_get_error(ssl_, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return false;
    if (Poll(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, -1) != WireEnd::kOpen) return false;
  }
}

std::string Wire::server_name() const {
  const char* name = ssl_ == nullptr ? nullptr : SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

bool Wire::resumed() const { return ssl_ != nullptr && SSL_session_reused(ssl_) == 1; }

WireEnd Wire::Receive(std::string* out) {
  char buffer[65536];
  for (;;) {
    short wanted = POLLIN;
    if (ssl_ == nullptr) {
      const ssize_t count = recv(fd_, buffer, sizeof(buffer), 0);
      if (count > 0) {
        out->append(buffer, static_cast<size_t>(count));
        return WireEnd::kOpen;
      }
      if (count == 0) return WireEnd::kPeerClosed;
      if (errno != EAGAIN && errno != EINTR) return FromErrno(errno);
    } else {
      ERR_clear_error();
      const int count = SSL_read(ssl_, buffer, sizeof(buffer));
      if (count > 0) {
        out->append(buffer, static_cast<size_t>(count));
        return WireEnd::kOpen;
      }
      const int error = SSL_get_error(ssl_, count);
      if (error == SSL_ERROR_SYSCALL && errno != 0) return FromErrno(errno);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return WireEnd::kPeerClosed;
      if (error == SSL_ERROR_WANT_WRITE) wanted = POLLOUT;
    }
    const WireEnd end = Poll(wanted, -1);
    if (end == WireEnd::kStopped || end == WireEnd::kPeerReset) return end;
  }
}

WireEnd Wire::Send(const std::string& bytes) {
  size_t sent = 0;
  while (sent < bytes.size()) {
    short wanted = POLLOUT;
    if (ssl_ == nullptr) {
      const ssize_t count = send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (count > 0) {
        sent += static_cast<size_t>(count);
        continue;
      }
      if (errno != EAGAIN && errno != EINTR) return FromErrno(errno);
    } else {
      ERR_clear_error();
      const int count = SSL_write(ssl_, bytes.data() + sent, static_cast<int>(bytes.size() - sent));
      if (count > 0) {
        sent += static_cast<size_t>(count);
        continue;
      }
      const int error = SSL_get_error(ssl_, count);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return WireEnd::kPeerReset;
      if (error == SSL_ERROR_WANT_READ) wanted = POLLIN;
    }
    const WireEnd end = Poll(wanted, -1);
    if (end != WireEnd::kOpen) return end;
  }
  return WireEnd::kOpen;
}

WireEnd Wire::Drain() {
  for (;;) {
    int queued = 0;
    if (ioctl(fd_, SIOCOUTQ, &queued) < 0 || queued == 0) return WireEnd::kOpen;
    pollfd entries[2] = {{fd_, POLLRDHUP, 0}, {stop_fd_, POLLIN, 0}};
    poll(entries, 2, 1);  // no event tells of an acknowledgement
    if (entries[1].revents != 0) return WireEnd::kStopped;
    if (entries[0].revents & (POLLERR | POLLHUP)) return WireEnd::kPeerReset;
    if (entries[0].revents & POLLRDHUP) return WireEnd::kPeerClosed;
  }
}

WireEnd Wire::WaitFor(int fd) { return Poll(POLLRDHUP, fd); }

void Wire::Close(bool close_notify) {
  if (fd_ < 0) return;
  if (ssl_ != nullptr && close_notify) SSL_shutdown(ssl_);
  // Unread bytes would turn the close into a reset, so what the client still sends is read away first.
  shutdown(fd_, SHUT_WR);
  char buffer[16384];
  while (recv(fd_, buffer, sizeof(buffer), 0) > 0) {
  }
  close(fd_);
  fd_ = -1;
}

void Wire::Reset() {
  if (fd_ < 0) return;
  const linger abort_on_close{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort_on_close, sizeof(abort_on_close));
  close(fd_);
  fd_ = -1;
}

}  // namespace portolan::test
