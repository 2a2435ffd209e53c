#include "server/net/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace portolan::net {
namespace {

constexpr int kBacklog = 4096;  // the system caps it at net.core.somaxconn
constexpr int kAcceptsPerTurn = 64;
constexpr auto kExhaustedPause = std::chrono::milliseconds(100);

absl::Status OpenError(const SocketAddress& address, int error) {
  if (error == EADDRINUSE) return absl::UnavailableError(absl::StrCat(address.ToString(), " is in use"));
  return absl::UnavailableError(
      absl::StrCat("cannot listen on ", address.ToString(), ": ", std::strerror(error)));
}

bool IsAnyV6(const SocketAddress& address) {
  return address.storage.ss_family == AF_INET6 &&
         IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr);
}

void SetOption(int fd, int level, int name, int value) { setsockopt(fd, level, name, &value, sizeof(value)); }

// A bound and listening descriptor; -1 with errno.
int OpenDescriptor(const SocketAddress& address, bool reuse_port) {
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (reuse_port) SetOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (IsAnyV6(address)) SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0 &&
      listen(fd, kBacklog) == 0) {
    return fd;
  }
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

}  // namespace

struct Listener::State : Watcher, Timer {
  State(Loop& on_loop, int descriptor) : Timer(on_loop), loop(on_loop), fd(descriptor) {}
  ~State() override { Close(); }

  void OnEvents(uint32_t) override {
    if (on_accept && !armed()) Accept(kAcceptsPerTurn);
  }
  void OnTimer() override { Accept(kAcceptsPerTurn); }

  void Close() {
    if (fd < 0) return;
    Disarm();
    loop.Unwatch(fd, this);
    close(std::exchange(fd, -1));
  }

  // Accepts up to `limit` connections and arranges to be called again for the rest.
  void Accept(int limit);

  Loop& loop;
  int fd;
  bool paused = false;
  std::function<void(std::unique_ptr<Socket>)> on_accept;
};

void Listener::State::Accept(int limit) {
  while (!paused && fd >= 0) {
    if (limit-- == 0) return Arm(TimePoint::min());
    const int connection = accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection >= 0) {
      on_accept(std::make_unique<Socket>(loop, connection));
      continue;
    }
    switch (errno) {
      case EAGAIN:
        return;
      case EINTR:
      case ECONNABORTED:
      case EPROTO:
      case EPERM:
      case ENETDOWN:
      case ENETUNREACH:
      case EHOSTUNREACH:
        continue;  // only this connection failed, before it was accepted
      default:     // out of descriptors or memory
        return Arm(loop.now() + kExhaustedPause);
    }
  }
}

absl::Status CheckFree(const SocketAddress& address) {
  if (address.port() == 0) return absl::OkStatus();
  const int fd = OpenDescriptor(address, /*reuse_port=*/false);
  if (fd >= 0) {
    close(fd);
  } else if (errno != EAFNOSUPPORT) {
    return OpenError(address, errno);
  }
  return absl::OkStatus();
}

Listener::Listener() = default;
Listener::~Listener() = default;

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(Loop& loop, const SocketAddress& address,
                                                         bool reuse_port) {
  int fd = OpenDescriptor(address, reuse_port);
  if (fd < 0 && errno == EAFNOSUPPORT && IsAnyV6(address)) {
    // No IPv6 on this system: all addresses means all IPv4 addresses.
    SocketAddress any;
    SocketAddress::Parse("0.0.0.0", address.port(), &any);
    fd = OpenDescriptor(any, reuse_port);
  }
  if (fd < 0) return OpenError(address, errno);
  std::unique_ptr<Listener> listener(new Listener);
  listener->state_ = std::make_unique<State>(loop, fd);
  if (const int error = loop.Watch(fd, listener->state_.get(), EPOLLIN | EPOLLET); error != 0) {
    return OpenError(address, error);
  }
  return listener;
}

SocketAddress Listener::address() const {
  SocketAddress address;
  address.length = sizeof(address.storage);
  if (getsockname(state_->fd, reinterpret_cast<sockaddr*>(&address.storage), &address.length) != 0) return {};
  return address;
}

void Listener::Start(std::function<void(std::unique_ptr<Socket>)> on_accept) {
  state_->on_accept = std::move(on_accept);
  state_->Arm(TimePoint::min());  // for what is queued already
}

void Listener::Stop() {
  State& state = *state_;
  state.paused = false;
  // The queue holds at most the backlog; new arrivals must not keep us here.
  if (state.on_accept) state.Accept(kBacklog);
  state.Close();
}

void Listener::Pause(bool paused) {
  State& state = *state_;
  state.paused = paused;
  if (paused) {
    state.Disarm();
  } else if (state.on_accept && state.fd >= 0) {
    state.Arm(TimePoint::min());
  }
}

}  // namespace portolan::net
