#include "server/rpc/stream_call.h"

#include "server/rpc/immediate.h"

namespace portolan::rpc {

void TakeStreamCall(const std::shared_ptr<Front>& front, const Method& method, Arrival arrival) {
  if (front->Full()) return Refuse(std::move(arrival), TooManyCalls());
  auto* const call = new StreamCall(front, method, std::move(arrival));
  call->Start();
}

}  // namespace portolan::rpc
