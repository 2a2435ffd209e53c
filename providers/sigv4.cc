#include "providers/sigv4.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

#include "server/base/host.h"
#include "server/base/sha256.h"
#include "server/base/text.h"

namespace portolan::providers::sigv4 {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kTermination = "aws4_request";
constexpr size_t kDateSize = 8;  // of `20150830T123600Z`

void AppendEncoded(std::string_view text, std::string* out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const bool unreserved = IsLetterOrDigit(c) || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      *out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      *out += '%';
      *out += kHex[byte >> 4];
      *out += kHex[byte & 15];
    }
  }
}

// Without empty segments and those of dots, each encoded once more.
void AppendPath(std::string_view path, std::string* out) {
  std::vector<std::string_view> segments;
  const bool folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
  }
  for (const std::string_view segment : segments) {
    *out += '/';
    AppendEncoded(segment, out);
  }
  if (segments.empty() || folder) *out += '/';
}

// Sorted by name, then by value, as they are encoded already.
void AppendQuery(std::string_view query, std::string* out) {
  std::vector<std::pair<std::string_view, std::string_view>> parameters;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (parameter.empty()) continue;
    const size_t equals = std::min(parameter.find('='), parameter.size());
    parameters.emplace_back(parameter.substr(0, equals),
                            parameter.substr(std::min(equals + 1, parameter.size())));
  }
  std::sort(parameters.begin(), parameters.end());
  const size_t begin = out->size();
  for (const auto& [name, value] : parameters) {
    if (out->size() > begin) *out += '&';
    out->append(name).append("=").append(value);
  }
}

// Without blanks around it, and with one where there are several.
void AppendValue(std::string_view value, std::string* out) {
  value = TrimSpace(value);
  for (size_t i = 0; i < value.size(); ++i) {
    if (!(value[i] == ' ' && value[i - 1] == ' ')) *out += value[i];
  }
}

std::vector<HeaderView> Sorted(std::span<const HeaderView> headers) {
  std::vector<HeaderView> sorted(headers.begin(), headers.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const HeaderView& a, const HeaderView& b) { return a.name < b.name; });
  return sorted;
}

// `host;x-amz-date`
std::string SignedHeaders(std::span<const HeaderView> sorted) {
  std::string names;
  for (const HeaderView& header : sorted) {
    if (!names.empty()) names += ';';
    names += header.name;
  }
  return names;
}

}  // namespace

std::optional<Credentials> ParseCredentials(std::string_view key) {
  const size_t first = key.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  Credentials credentials;
  credentials.key_id = key.substr(0, first);
  key.remove_prefix(first + 1);
  const size_t second = std::min(key.find(':'), key.size());
  credentials.secret = key.substr(0, second);
  credentials.session_token = key.substr(std::min(second + 1, key.size()));
  if (credentials.key_id.empty() || credentials.secret.empty()) return std::nullopt;
  return credentials;
}

bool ReadAddress(std::string_view base_url, Address* out) {
  const bool tls = StartsWithIgnoreCase(base_url, "https://");
  if (!tls && !StartsWithIgnoreCase(base_url, "http://")) return false;
  base_url.remove_prefix(base_url.find("//") + 2);
  const size_t end = std::min(base_url.find('/'), base_url.size());
  HostParts parts;
  std::string problem;
  if (!SplitHostPort(base_url.substr(0, end), &parts, &problem)) return false;
  if (!ParseHost(parts.host, &out->host, &problem)) return false;
  if (out->host.find(':') != std::string::npos) out->host = "[" + out->host + "]";
  if (parts.port) {
    const std::optional<uint16_t> port = ParsePort(*parts.port);
    if (!port) return false;
    if (*port != (tls ? 443 : 80)) out->host += ":" + std::to_string(*port);
  }
  out->path = base_url.substr(end);
  while (out->path.ends_with('/')) out->path.remove_suffix(1);
  return true;
}

std::string_view WithoutWhatWasSigned(std::string_view message) {
  const size_t at = message.find("The Canonical String");
  return at == std::string_view::npos ? message : TrimSpace(message.substr(0, at));
}

std::string FormatDateTime(int64_t unix_seconds) {
  using std::chrono::days;
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 32> text;
  const int size =
      std::snprintf(text.data(), text.size(), "%04d%02u%02uT%02d%02d%02dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<size_t>(size)};
}

std::string CanonicalRequest(const Request& request) {
  const std::vector<HeaderView> headers = Sorted(request.headers);
  const size_t query = std::min(request.path.find('?'), request.path.size());
  std::string text(request.method);
  text += '\n';
  AppendPath(request.path.substr(0, query), &text);
  text += '\n';
  AppendQuery(request.path.substr(std::min(query + 1, request.path.size())), &text);
  text += '\n';
  for (const HeaderView& header : headers) {
    text.append(header.name).append(":");
    AppendValue(header.value, &text);
    text += '\n';
  }
  text.append("\n").append(SignedHeaders(headers)).append("\n").append(request.body_hash);
  return text;
}

std::string Authorization(const Credentials& credentials, const Scope& scope, const Request& request) {
  const std::string_view date = scope.date_time.substr(0, kDateSize);
  std::string place(date);
  place.append("/").append(scope.region).append("/").append(scope.service).append("/").append(kTermination);

  std::string text(kAlgorithm);
  text.append("\n").append(scope.date_time).append("\n").append(place).append("\n");
  text += Sha256Hex(CanonicalRequest(request));

  std::string secret = "AWS4";
  secret += credentials.secret;
  Sha256Digest key = HmacSha256(secret, date);
  for (const std::string_view part : {scope.region, scope.service, kTermination}) {
    key = HmacSha256(Bytes(key), part);
  }

  std::string value(kAlgorithm);
  value.append(" Credential=").append(credentials.key_id).append("/").append(place);
  value.append(", SignedHeaders=").append(SignedHeaders(Sorted(request.headers)));
  value.append(", Signature=").append(Hex(HmacSha256(Bytes(key), text)));
  return value;
}

}  // namespace portolan::providers::sigv4
