#include "server/upstream/url.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "server/base/host.h"
#include "server/base/text.h"

namespace portolan::upstream {
namespace {

constexpr size_t kLongestUrl = 4096;

bool Refuse(std::string* problem, std::string_view why) {
  *problem = why;
  return false;
}

bool CheckPath(std::string_view path, std::string* problem) {
  for (char c : path) {
    if (c == '?') return Refuse(problem, "the URL has a query");
    if (c == '#') return Refuse(problem, "the URL has a fragment");
    if (!IsVisible(c) || c == '\\') {
      return Refuse(problem, "the URL's path has a character that must be percent-encoded");
    }
  }
  return true;
}

}  // namespace

bool ParseUrl(std::string_view url, Origin* origin, std::string* path, std::string* problem) {
  if (url.size() > kLongestUrl) return Refuse(problem, "the URL is too long");
  origin->tls = StartsWithIgnoreCase(url, "https://");
  if (!origin->tls && !StartsWithIgnoreCase(url, "http://")) {
    return Refuse(problem, "the URL must start with http:// or https://");
  }
  url.remove_prefix(url.find("//") + 2);
  const size_t authority_end = std::min(url.find_first_of("/?#\\"), url.size());
  const std::string_view authority = url.substr(0, authority_end);
  std::string_view rest = url.substr(authority_end);
  if (authority.find('@') != std::string_view::npos) return Refuse(problem, "the URL has user information");

  HostParts parts;
  if (!SplitHostPort(authority, &parts, problem)) return false;
  origin->port = origin->tls ? 443 : 80;
  if (parts.port) {
    const std::optional<uint16_t> port = ParsePort(*parts.port);
    if (!port || *port == 0) return Refuse(problem, "the URL's port is not a port");
    origin->port = *port;
  }
  if (!ParseHost(parts.host, &origin->host, problem)) return false;
  while (rest.ends_with('/')) rest.remove_suffix(1);
  if (!CheckPath(rest, problem)) return false;
  *path = rest;
  return true;
}

bool ParseRequestUrl(std::string_view url, Origin* origin, std::string* target, std::string* problem) {
  url = url.substr(0, url.find('#'));
  const size_t scheme = url.find("://");
  const size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const size_t path = std::min(url.find_first_of("/?", host), url.size());
  std::string base;
  if (!ParseUrl(url.substr(0, path), origin, &base, problem)) return false;
  *target = url.substr(path);
  if (!target->starts_with('/')) target->insert(0, "/");
  const bool visible = std::all_of(target->begin(), target->end(), IsVisible);
  return visible || Refuse(problem, "the URL has characters that must be percent-encoded");
}

std::string HostPort(std::string_view host, uint16_t port) {
  std::string text;
  const bool bracketed = host.find(':') != std::string_view::npos;
  if (bracketed) text += '[';
  text += host;
  if (bracketed) text += ']';
  text += ':';
  return text += std::to_string(port);
}

void AppendHostHeader(const Origin& origin, TextBuffer* out) {
  if (origin.host.find(':') == std::string::npos) {
    out->Append(origin.host);
  } else {
    out->Append("[", origin.host, "]");
  }
  if (origin.port != (origin.tls ? 443 : 80)) out->Append(":", Digits(origin.port));
}

size_t OriginHash::operator()(const Origin& origin) const {
  const size_t rest = static_cast<size_t>(origin.port) << 2 | static_cast<size_t>(origin.tls) << 1 |
                      static_cast<size_t>(origin.untrusted);
  return std::hash<std::string_view>()(origin.host) ^ (rest * 0x9e3779b97f4a7c15u);
}

}  // namespace portolan::upstream
