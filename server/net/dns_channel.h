#pragma once

// c-ares driven by the loop: its sockets are watched by epoll, its time-outs are a timer of the wheel. Lives
// on the loop's thread.

#include <ares.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "server/net/resolver.h"

namespace portolan::net {

class DnsChannel : private Timer {
 public:
  DnsChannel(Loop& loop, const ResolverOptions& options);
  // Ends every lookup under way: its callback gets ARES_EDESTRUCTION.
  ~DnsChannel() override;

  // Looks up the IPv4 and IPv6 addresses of `host`. `done` is called once with `argument`, perhaps before
  // this returns.
  void Lookup(const std::string& host, ares_addrinfo_callback done, void* argument);

 private:
  struct SocketWatcher;

  void OnTimer() override { Process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }
  void Process(ares_socket_t readable, ares_socket_t writable);
  void ArmTimer();
  static void OnSocketState(void* self, ares_socket_t fd, int readable, int writable);
  void Watch(ares_socket_t fd, bool readable, bool writable);

  Loop& loop_;
  ares_channel channel_ = nullptr;
  int init_status_ = ARES_SUCCESS;
  std::unordered_map<ares_socket_t, std::unique_ptr<SocketWatcher>> watchers_;
};

// What c-ares' `status` means: NOT_FOUND or UNAVAILABLE, with the host in the message.
absl::Status DnsError(int status, const std::string& host);

}  // namespace portolan::net
