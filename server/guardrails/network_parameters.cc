#include "server/guardrails/network_parameters.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "server/base/host.h"
#include "server/base/text.h"
#include "server/guardrails/json_schema.h"

namespace portolan::guardrails {
namespace {

using nlohmann::json;

constexpr size_t kMaxUrl = 4096;
constexpr size_t kMaxHeaders = 50;
constexpr int64_t kMaxTimeout = 300'000;

// What the client writes itself, or what is said of one connection (RFC 9110, section 7.6.1).
constexpr std::array<std::string_view, 13> kNotTheirs = {
    "connection", "content-length",      "expect",           "host", "http2-settings",
    "keep-alive", "proxy-authorization", "proxy-connection", "te",   "trailer",
    "upgrade",    "transfer-encoding",   "accept-encoding"};

// A token of RFC 9110, section 5.6.2.
bool IsToken(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return IsLetterOrDigit(c) || kMarks.find(c) != std::string_view::npos;
  });
}

bool IsHeaderValue(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

}  // namespace

std::string ProblemOfUrl(std::string_view url) {
  if (url.size() > kMaxUrl) return "the URL is too long";
  if (!StartsWithIgnoreCase(url, "https://") && !StartsWithIgnoreCase(url, "http://")) {
    return "the URL must start with http:// or https://";
  }
  url.remove_prefix(url.find("//") + 2);
  const std::string_view authority = url.substr(0, url.find_first_of("/?#\\"));
  if (authority.find('@') != std::string_view::npos) return "the URL has user information";
  HostParts parts;
  std::string host;
  std::string problem;
  if (!SplitHostPort(authority, &parts, &problem) || !ParseHost(parts.host, &host, &problem)) return problem;
  if (parts.port && ParsePort(*parts.port).value_or(0) == 0) return "the URL's port is not a port";
  const std::string_view rest = url.substr(authority.size());
  const bool visible =
      std::all_of(rest.begin(), rest.end(), [](char c) { return IsVisible(c) && c != '\\'; });
  return visible ? "" : "the URL has characters that must be percent-encoded";
}

std::string ReadUrl(Parameters& parameters, std::string_view name) {
  std::string url = parameters.Text(name);
  if (url.empty()) return url;
  std::string problem = ProblemOfUrl(url);
  if (problem.empty()) return url;
  parameters.Fail(name, std::move(problem));
  return {};
}

std::vector<HeaderField> ReadHeaders(Parameters& parameters) {
  std::vector<HeaderField> headers;
  const json* given = parameters.Value("headers", false);
  if (given == nullptr) return headers;
  std::optional<json> parsed;
  if (given->is_string()) {
    parsed = ParseJson(given->get_ref<const std::string&>());
    if (parsed) given = &*parsed;
  }
  if (!given->is_object()) {
    parameters.Fail("headers", "must be an object of texts, or the JSON text of one");
    return headers;
  }
  if (given->size() > kMaxHeaders) {
    parameters.Fail("headers", "must be no more than " + std::to_string(kMaxHeaders));
    return headers;
  }
  for (const auto& [name, value] : given->items()) {
    HeaderField header{LowerCase(name), {}};
    if (!IsToken(name)) {
      parameters.Fail("headers", "has a name that is none of a header");
    } else if (std::find(kNotTheirs.begin(), kNotTheirs.end(), header.name) != kNotTheirs.end()) {
      parameters.Fail("headers", "may not set " + header.name);
    } else if (!value.is_string() || !IsHeaderValue(value.get_ref<const std::string&>())) {
      parameters.Fail("headers", "must be texts that a header can have");
    } else {
      header.value = TrimBlanks(value.get_ref<const std::string&>());
    }
    headers.push_back(std::move(header));
  }
  return headers;
}

std::chrono::milliseconds ReadTimeout(Parameters& parameters) {
  const int64_t timeout = parameters.Count("timeout", 3000);
  if (timeout < 1 || timeout > kMaxTimeout) {
    parameters.Fail("timeout", "must be milliseconds from 1 to " + std::to_string(kMaxTimeout));
  }
  return std::chrono::milliseconds(timeout);
}

}  // namespace portolan::guardrails
