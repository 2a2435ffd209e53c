#include "server/base/relay_path.h"

#include <algorithm>
#include <string>

#include "server/base/text.h"
#include "server/base/url_path.h"
#include "server/base/utf8.h"

namespace portolan {
namespace {

constexpr size_t kMaxShown = 256;

bool IsRelayedMethod(std::string_view method) {
  std::string_view rest = kRelayedMethods;
  while (!rest.empty()) {
    if (TakeListItem(&rest) == method) return true;
  }
  return false;
}

Error Refused(int status, std::string code, std::string message) {
  Error error = Error::InvalidRequest(std::move(code), std::move(message));
  error.http_status = status;
  return error;
}

}  // namespace

bool IsRelayPath(std::string_view path) {
  return path.starts_with(kRelayRoot) && !path.substr(kRelayRoot.size() - 1).starts_with(kRelayRoot);
}

std::optional<Error> CheckRelay(std::string_view method, std::string_view path) {
  const std::string_view pathname = path.substr(0, path.find('?'));
  const bool plain = std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!plain) {
    return Refused(400, "invalid_path", "the path has a character that must be percent-encoded");
  }
  const std::string shown(CutUtf8(pathname, kMaxShown));
  if (!IsRelayPath(path)) {
    return Refused(404, "route_not_found", "there is no " + std::string(method) + " " + shown);
  }
  if (!IsRelayedMethod(method)) {
    return Refused(405, "method_not_allowed",
                   shown + " takes " + std::string(kRelayedMethods) + ", not " + std::string(method));
  }
  if (HasDotSegment(pathname)) return Refused(400, "invalid_path", shown + " has a segment of dots");
  return std::nullopt;
}

}  // namespace portolan
