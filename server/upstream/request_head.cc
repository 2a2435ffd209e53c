#include "server/upstream/request_head.h"

#include <algorithm>

#include "server/http/message.h"
#include "server/upstream/url.h"

namespace portolan::upstream {
namespace {

// One that may be left out.
bool IsTargetPart(std::string_view path) {
  return path.empty() || (path.starts_with('/') &&
                          std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 0x7f; }));
}

// Headers that frame the message or belong to this connection alone.
bool IsOurs(std::string_view name) {
  switch (name.size()) {
    case 4:
      return name == "host";
    case 10:
      return name == "connection" || name == "keep-alive";
    case 14:
      return name == "content-length";
    case 17:
      return name == "transfer-encoding";
    case 7:
      return name == "upgrade" || name == "trailer";
    case 6:
      return name == "expect";
    case 19:
      return name == "proxy-authorization";
    default:
      return false;
  }
}

// RFC 9110 section 8.6: a method that means something with a body says so even when there is none.
bool ExpectsBody(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

}  // namespace

bool WriteRequestHead(const Request& request, const Proxy* proxy, TextBuffer* out, std::string* problem) {
  if (!http::IsHeaderName(request.method)) {
    *problem = "the request's method is not a token";
    return false;
  }
  const bool targets = IsTargetPart(request.base_path) && IsTargetPart(request.path);
  if (!targets) {
    *problem = "the request's path has a character that must be percent-encoded";
    return false;
  }
  out->clear();
  out->Append(request.method, " ");
  if (proxy != nullptr) {
    out->Append("http://");
    AppendHostHeader(*request.origin, out);
  }
  const bool root = request.base_path.empty() && request.path.empty();
  out->Append(root ? std::string_view("/") : request.base_path, request.path, " HTTP/1.1\r\nhost: ");
  AppendHostHeader(*request.origin, out);
  out->Append("\r\n");
  for (const HeaderView& header : request.headers) {
    if (!http::IsHeaderName(header.name) || !http::IsHeaderValue(header.value) || IsOurs(header.name)) {
      *problem = "a header cannot be sent: " +
                 (http::IsHeaderName(header.name) ? std::string(header.name) : "its name is no token");
      return false;
    }
    http::AppendHeader(header.name, header.value, out);
  }
  if (proxy != nullptr && !proxy->authorization.empty()) {
    http::AppendHeader("proxy-authorization", proxy->authorization.Reveal(), out);
  }
  if (request.source != nullptr && !request.source->length()) {
    out->Append("transfer-encoding: chunked\r\n\r\n");
    return true;
  }
  uint64_t length = request.source != nullptr ? *request.source->length() : 0;
  for (const std::string_view piece : request.body) length += piece.size();
  if (length > 0 || ExpectsBody(request.method)) {
    out->Append("content-length: ", Digits(length), "\r\n\r\n");
  } else {
    out->Append("\r\n");
  }
  return true;
}

}  // namespace portolan::upstream
