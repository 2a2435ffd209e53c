// Sockets whose small pieces come so fast that they are read by the clock.

#include <sys/socket.h>

#include "server/net/socket.h"

namespace portolan::net {
namespace {

// This many bytes make a polled socket report at once, so that polling does not limit the rate.
constexpr int kPolledBytes = 16 << 10;

}  // namespace

void Socket::AllowPolling(bool allow) {
  may_poll_ = allow;
  if (!allow && polling_) EndPolling();
}

// As network drivers do it: events while there are few, the clock while there are many.
bool Socket::BeginPolling() {
  if (polling_ || !may_poll_ || !readable_ || peer_closed_ || loop_.now() >= last_read_ + kPollInterval)
    return false;
  polling_ = true;
  SetLowWater(kPolledBytes);
  if (!will_poll()) loop_.PollSoon(this);
  return true;
}

void Socket::EndPolling() {
  polling_ = false;
  StopPolling();
  SetLowWater(1);
}

void Socket::SetLowWater(int bytes) const { setsockopt(fd_, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes)); }

void Socket::OnPoll() {
  readable_ = true;
  if (reader_ == nullptr || reader_->paused_) return;
  if (!reader_->Attempt()) return EndPolling();
  Operation* const reader = reader_;
  reader->Detach();
  reader->ResumeNow();
}

}  // namespace portolan::net
