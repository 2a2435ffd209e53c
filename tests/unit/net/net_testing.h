#pragma once

// Helpers of the net tests: run a task to its end, connected TCP pairs on loopback.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "server/net/loop.h"
#include "server/net/socket.h"
#include "tests/support/eventually.h"

namespace portolan::net {

inline Task<void> ThenStop(Loop& loop, Task<void> task) {
  co_await task;
  loop.Stop();
}

// Runs the loop until `task` has finished. What else was spawned is destroyed.
inline void RunTask(Loop& loop, Task<void> task) {
  loop.Spawn(ThenStop(loop, std::move(task)));
  loop.Run();
}

inline Task<void> Until(Loop& loop, std::function<bool()> condition, bool* held) {
  const TimePoint limit = Clock::now() + test::kPatience;
  while (!(*held = condition()) && Clock::now() < limit) {
    co_await loop.SleepUntil(Clock::now() + std::chrono::milliseconds(1));
  }
}

// Runs the loop until `condition` holds, as RunTask does; false if it does not come to hold.
inline bool RunUntil(Loop& loop, std::function<bool()> condition) {
  bool held = false;
  RunTask(loop, Until(loop, std::move(condition), &held));
  return held;
}

inline TimePoint In(std::chrono::milliseconds delay) { return Clock::now() + delay; }

inline Wait Soon() { return {.deadline = In(std::chrono::seconds(20))}; }

// A listening socket of the plain kind, and its address. One that is deaf only has the port, where
// connections are refused.
struct RawListener {
  explicit RawListener(bool deaf = false) : fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    SocketAddress::Parse("127.0.0.1", 0, &address);
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address.storage), address.length), 0);
    EXPECT_TRUE(deaf || listen(fd, 128) == 0);
    EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.length), 0);
  }
  ~RawListener() { close(fd); }
  int Accept() const { return accept4(fd, nullptr, nullptr, SOCK_CLOEXEC); }

  int fd;
  SocketAddress address;
};

inline int ConnectRaw(const SocketAddress& address) {
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

// A TCP connection on loopback: one end on the loop, the other a blocking descriptor.
struct Pair {
  explicit Pair(Loop& loop) {
    RawListener listener;
    peer = ConnectRaw(listener.address);
    const int on = 1;
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const int fd = listener.Accept();
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    socket = std::make_unique<Socket>(loop, fd);
  }
  ~Pair() { ClosePeer(); }
  void ClosePeer() {
    if (peer >= 0) close(std::exchange(peer, -1));
  }
  void ResetPeer() {
    const linger reset{.l_onoff = 1, .l_linger = 0};
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    ClosePeer();
  }
  void Send(std::string_view bytes) const {
    ASSERT_EQ(send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }

  std::unique_ptr<Socket> socket;
  int peer = -1;
};

}  // namespace portolan::net
