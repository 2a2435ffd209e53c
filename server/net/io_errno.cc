#include "server/net/io_errno.h"

#include <cerrno>

namespace portolan::net {

std::string_view ToString(IoCode code) {
  switch (code) {
    case IoCode::kOk:
      return "ok";
    case IoCode::kEof:
      return "end of stream";
    case IoCode::kTruncated:
      return "TLS stream cut short";
    case IoCode::kReset:
      return "connection reset";
    case IoCode::kRefused:
      return "connection refused";
    case IoCode::kUnreachable:
      return "host unreachable";
    case IoCode::kTls:
      return "TLS error";
    case IoCode::kTimeout:
      return "timed out";
    case IoCode::kCancelled:
      return "cancelled";
    case IoCode::kOther:
      return "system error";
  }
  return "unknown";
}

IoResult FromErrno(int error) {
  switch (error) {
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
      return {.code = IoCode::kReset, .sys_errno = error};
    case ECONNREFUSED:
      return {.code = IoCode::kRefused, .sys_errno = error};
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case ETIMEDOUT:  // the kernel gave up retransmitting
      return {.code = IoCode::kUnreachable, .sys_errno = error};
    default:
      return {.code = IoCode::kOther, .sys_errno = error};
  }
}

}  // namespace portolan::net
