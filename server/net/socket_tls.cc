#include "server/net/socket.h"

namespace portolan::net {

bool Socket::TryReadTls(std::span<char>, IoResult* result) {
  *result = {.code = IoCode::kTls};
  return true;
}

bool Socket::TryWriteTls(WriteAwaiter&, IoResult* result) {
  result->code = IoCode::kTls;
  return true;
}

}  // namespace portolan::net
