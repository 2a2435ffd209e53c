#include "server/http/write_watch.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace portolan::http {
namespace {

uint64_t AcknowledgedBytes(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return info.tcpi_bytes_acked;
}

}  // namespace

net::CancelScope* WriteWatch::Begin(int fd, net::CancelScope* caller) {
  fd_ = fd;
  stalled_ = false;
  quiet_halves_ = 0;
  acknowledged_ = 0;
  if (!scope_ || scope_->cancelled()) scope_.emplace();
  if (!caller->cancelled()) Link(caller);
  Arm(timer_loop().now() + timeout_ / 2);
  return &*scope_;
}

void WriteWatch::OnTimer() {
  const uint64_t acknowledged = AcknowledgedBytes(fd_);
  quiet_halves_ = acknowledged > acknowledged_ ? 0 : quiet_halves_ + 1;
  acknowledged_ = acknowledged;
  if (quiet_halves_ < 2) {
    Arm(timer_loop().now() + timeout_ / 2);
    return;
  }
  stalled_ = true;
  scope_->Cancel(net::CancelReason::kClientGone);
}

}  // namespace portolan::http
