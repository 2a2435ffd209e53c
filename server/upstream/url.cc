#include "server/upstream/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

#include "server/upstream/ip.h"

namespace portolan::upstream {
namespace {

constexpr size_t kLongestName = 253;
constexpr size_t kLongestLabel = 63;
constexpr size_t kLongestUrl = 4096;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// A scheme or host differs in case only.
bool TakePrefix(std::string_view* text, std::string_view lower) {
  if (text->size() < lower.size()) return false;
  for (size_t i = 0; i < lower.size(); ++i) {
    if (Lower((*text)[i]) != lower[i]) return false;
  }
  text->remove_prefix(lower.size());
  return true;
}

bool Refuse(std::string* problem, std::string_view why) {
  *problem = why;
  return false;
}

bool IsNumberLabel(std::string_view label) {
  if (label.starts_with("0x")) return true;
  return std::all_of(label.begin(), label.end(), IsDigit);
}

bool CheckName(std::string_view name, std::string* problem) {
  if (name.size() > kLongestName) return Refuse(problem, "the host name is too long");
  std::string_view label;
  for (std::string_view rest = name;;) {
    const size_t dot = rest.find('.');
    label = rest.substr(0, dot);
    if (label.empty()) return Refuse(problem, "the host has an empty label");
    if (label.size() > kLongestLabel) return Refuse(problem, "a label of the host name is too long");
    for (char c : label) {
      if (!IsLower(c) && !IsDigit(c) && c != '-' && c != '_') {
        return Refuse(problem, "the host has a character that host names do not have");
      }
    }
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  // WHATWG URL: a host that ends in a number is an IPv4 address; only its plain spelling is taken.
  if (IsNumberLabel(label)) return Refuse(problem, "the host is not an IPv4 address in dotted decimal");
  return true;
}

// Appends the canonical text of an IPv6 address.
std::string Ipv6Text(const IpBytes& ip) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(AF_INET6, ip.data(), text, sizeof(text));
  return text;
}

bool ParsePort(std::string_view text, uint16_t* port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *port);
  return !text.empty() && error == std::errc() && end == text.data() + text.size() && *port != 0;
}

bool CheckPath(std::string_view path, std::string* problem) {
  for (char c : path) {
    if (c == '?') return Refuse(problem, "the URL has a query");
    if (c == '#') return Refuse(problem, "the URL has a fragment");
    if (c <= ' ' || c == 0x7f ||
        c == '\\') {  // char is signed here or not: bytes from 0x80 are refused below
      return Refuse(problem, "the URL's path has a character that must be percent-encoded");
    }
    if ((static_cast<unsigned char>(c) & 0x80) != 0) {
      return Refuse(problem, "the URL's path has a character that must be percent-encoded");
    }
  }
  return true;
}

}  // namespace

bool ParseHost(std::string_view text, std::string* host, std::string* problem) {
  if (text.starts_with('[') && text.ends_with(']')) {
    text = text.substr(1, text.size() - 2);
    if (text.find(':') == std::string_view::npos) return Refuse(problem, "the host is not an IPv6 address");
  }
  if (text.find(':') != std::string_view::npos) {
    const std::optional<IpBytes> ip = ParseIp(text);
    if (!ip) return Refuse(problem, "the host is not an IPv6 address");
    *host = Ipv6Text(*ip);
    return true;
  }
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty()) return Refuse(problem, "the host is missing");
  host->resize(text.size());
  std::transform(text.begin(), text.end(), host->begin(), Lower);
  if (IsDigit(text.back()) && ParseIp(*host)) return true;
  return CheckName(*host, problem);
}

bool ParseUrl(std::string_view url, Origin* origin, std::string* path, std::string* problem) {
  if (url.size() > kLongestUrl) return Refuse(problem, "the URL is too long");
  if (TakePrefix(&url, "https://")) {
    origin->tls = true;
  } else if (TakePrefix(&url, "http://")) {
    origin->tls = false;
  } else {
    return Refuse(problem, "the URL must start with http:// or https://");
  }
  const size_t authority_end = std::min(url.find_first_of("/?#\\"), url.size());
  std::string_view host = url.substr(0, authority_end);
  std::string_view rest = url.substr(authority_end);
  if (host.find('@') != std::string_view::npos) return Refuse(problem, "the URL has user information");

  origin->port = origin->tls ? 443 : 80;
  const size_t colon = host.rfind(':');
  const size_t bracket = host.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    if (!ParsePort(host.substr(colon + 1), &origin->port))
      return Refuse(problem, "the URL's port is not a port");
    host = host.substr(0, colon);
    if (host.find(':') != std::string_view::npos && bracket == std::string_view::npos) {
      return Refuse(problem, "an IPv6 host must stand in brackets");
    }
  }
  if (!ParseHost(host, &origin->host, problem)) return false;
  while (rest.ends_with('/')) rest.remove_suffix(1);
  if (!CheckPath(rest, problem)) return false;
  *path = rest;
  return true;
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
