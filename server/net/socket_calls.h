#pragma once

// The system calls that every chunk goes through. Internal to server/net.

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

namespace portolan::net {

// recv and send, with no flag but MSG_NOSIGNAL; results and errno are theirs. glibc's functions are points at
// which a thread may be cancelled, which costs two atomic exchanges a call, and nobody cancels threads here.
// Sanitizers watch glibc's functions, so their builds use those.
#if PORTOLAN_SANITIZED
inline ssize_t Receive(int fd, char* out, size_t size) { return recv(fd, out, size, 0); }
inline ssize_t Send(int fd, const char* data, size_t size) { return send(fd, data, size, MSG_NOSIGNAL); }
#else
inline ssize_t Receive(int fd, char* out, size_t size) {
  return syscall(SYS_recvfrom, fd, out, size, 0, nullptr, nullptr);
}
inline ssize_t Send(int fd, const char* data, size_t size) {
  return syscall(SYS_sendto, fd, data, size, MSG_NOSIGNAL, nullptr, 0);
}
#endif

}  // namespace portolan::net
