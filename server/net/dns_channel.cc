#include "server/net/dns_channel.h"

#include <sys/epoll.h>
#include <sys/time.h>

#include "absl/strings/str_cat.h"

namespace portolan::net {

// Level-triggered: c-ares takes one piece of a TCP answer a call.
struct DnsChannel::SocketWatcher : Watcher {
  SocketWatcher(DnsChannel& owner, ares_socket_t descriptor, uint32_t events)
      : channel(owner), fd(descriptor) {
    channel.loop_.Watch(fd, this, events);
  }
  ~SocketWatcher() override { channel.loop_.Unwatch(fd, this); }

  void OnEvents(uint32_t events) override {
    const bool failed = (events & (EPOLLERR | EPOLLHUP)) != 0;
    const ares_socket_t readable = (events & EPOLLIN) != 0 || failed ? fd : ARES_SOCKET_BAD;
    const ares_socket_t writable = (events & EPOLLOUT) != 0 ? fd : ARES_SOCKET_BAD;
    channel.Process(readable, writable);  // may destroy this
  }

  DnsChannel& channel;
  const ares_socket_t fd;
};

DnsChannel::DnsChannel(Loop& loop, const ResolverOptions& options) : Timer(loop), loop_(loop) {
  ares_options settings{};
  settings.sock_state_cb = &DnsChannel::OnSocketState;
  settings.sock_state_cb_data = this;
  settings.timeout = static_cast<int>(options.try_timeout.count());
  settings.tries = options.tries;
  init_status_ =
      ares_init_options(&channel_, &settings, ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
  if (init_status_ == ARES_SUCCESS && !options.servers.empty()) {
    init_status_ = ares_set_servers_ports_csv(channel_, options.servers.c_str());
  }
}

DnsChannel::~DnsChannel() {
  if (channel_ != nullptr) ares_destroy(channel_);
}

void DnsChannel::Lookup(const std::string& host, ares_addrinfo_callback done, void* argument) {
  if (init_status_ != ARES_SUCCESS) return done(argument, init_status_, 0, nullptr);
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, done, argument);
  ArmTimer();
}

void DnsChannel::Process(ares_socket_t readable, ares_socket_t writable) {
  ares_process_fd(channel_, readable, writable);
  ArmTimer();
}

void DnsChannel::ArmTimer() {
  timeval left{};
  if (ares_timeout(channel_, nullptr, &left) == nullptr) return Disarm();
  Arm(loop_.UpdateNow() + std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec));
}

void DnsChannel::OnSocketState(void* self, ares_socket_t fd, int readable, int writable) {
  static_cast<DnsChannel*>(self)->Watch(fd, readable != 0, writable != 0);
}

void DnsChannel::Watch(ares_socket_t fd, bool readable, bool writable) {
  watchers_.erase(fd);
  const uint32_t events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u);
  if (events != 0) watchers_[fd] = std::make_unique<SocketWatcher>(*this, fd, events);
}

absl::Status DnsError(int status, const std::string& host) {
  switch (status) {
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_EBADNAME:
      return absl::NotFoundError(absl::StrCat("no such host: ", host));
    case ARES_ETIMEOUT:
      return absl::UnavailableError(absl::StrCat("no DNS server answered for ", host));
    case ARES_EDESTRUCTION:
    case ARES_ECANCELLED:
      return absl::CancelledError(absl::StrCat("the lookup of ", host, " was cancelled"));
    default:
      return absl::UnavailableError(absl::StrCat("looking up ", host, ": ", ares_strerror(status)));
  }
}

}  // namespace portolan::net
