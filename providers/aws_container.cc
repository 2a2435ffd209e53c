#include "providers/aws_container.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "providers/oauth.h"
#include "providers/retry_after.h"
#include "server/base/host.h"
#include "server/base/sha256.h"
#include "server/base/text.h"

namespace portolan::providers::container {
namespace {

constexpr std::string_view kEcs = "http://169.254.170.2";
constexpr size_t kLongestPart = 16 * 1024;  // of credentials: AWS bounds no session token
// Where the answer names no end, credentials have none; they are asked for again nevertheless.
constexpr int64_t kUnbounded = 900;
constexpr int64_t kLongest = 24 * 3600;

// Where the URI ends: at the first colon behind its host and port.
size_t EndOfUri(std::string_view key) {
  size_t at = 0;
  if (!key.starts_with('/')) {
    at = key.find("//") + 2;
    if (at < key.size() && key[at] == '[') at = std::min(key.find(']', at), key.size());
    at = std::min(key.find_first_of(":/?", at), key.size());
    const size_t port = at < key.size() && key[at] == ':' ? at + 1 : at;
    const size_t end = std::min(key.find_first_not_of("0123456789", port), key.size());
    const bool is_port =
        end > port && (end == key.size() || key[end] == ':' || key[end] == '/' || key[end] == '?');
    if (is_port) at = end;
  }
  return std::min(key.find(':', at), key.size());
}

// Of names, only the one that resolves to this machine everywhere: what any other means is for DNS to say.
bool MayBeAskedPlainly(std::string_view host) {
  constexpr std::array<std::string_view, 5> kHosts = {"localhost", "::1", "169.254.170.2", "169.254.170.23",
                                                      "fd00:ec2::23"};
  if (std::find(kHosts.begin(), kHosts.end(), host) != kHosts.end()) return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string ProblemOfUrl(std::string_view url) {
  const bool plain = url.starts_with("http://");
  url.remove_prefix(url.find("//") + 2);
  HostParts parts;
  std::string host;
  std::string problem;
  if (!SplitHostPort(url.substr(0, url.find_first_of("/?#")), &parts, &problem) ||
      !ParseHost(parts.host, &host, &problem)) {
    return "AWS_CONTAINER_CREDENTIALS_FULL_URI: " + problem;
  }
  if (parts.port && !ParsePort(*parts.port)) {
    return "AWS_CONTAINER_CREDENTIALS_FULL_URI: the port is not a number from 0 to 65535";
  }
  if (!plain || MayBeAskedPlainly(host)) return {};
  return "AWS_CONTAINER_CREDENTIALS_FULL_URI: without TLS credentials are had from this machine, "
         "169.254.170.2, 169.254.170.23 and [fd00:ec2::23] only";
}

struct Given {
  std::string id;
  std::string secret;
  std::string token;
  std::string expiration;
  std::string code;
  std::string message;
};

Given Members(std::string_view body) {
  Given given;
  ForEachText(body, [&](std::string_view name, std::string_view value) {
    if (name == "AccessKeyId") given.id = value;
    if (name == "SecretAccessKey") given.secret = value;
    if (name == "Token") given.token = value;
    if (name == "Expiration") given.expiration = value;
    if (EqualsIgnoreCase(name, "code")) given.code = value;
    if (EqualsIgnoreCase(name, "message")) given.message = value;
  });
  return given;
}

// EKS's agent says it in words, as AWS's SDK for Go tells errors: `[REQUEST]: (CODE): MESSAGE, fault:
// client`.
void ReadWords(std::string_view body, Given* given) {
  const size_t begin = body.find('(');
  const size_t end = body.find("): ");
  if (begin >= end || end == std::string_view::npos) return;
  const std::string_view code = body.substr(begin + 1, end - begin - 1);
  if (!std::all_of(code.begin(), code.end(), IsLetterOrDigit)) return;
  given->code = code;
  given->message = TrimSpace(body.substr(end + 3));
}

Refusal ReadRefusal(int http_status, std::string_view body) {
  Given given = Members(body);
  if (given.code.empty() && given.message.empty()) ReadWords(body, &given);
  std::string message = "status " + std::to_string(http_status);
  if (!given.code.empty()) message += ", " + PrintableWords(given.code);
  if (!given.message.empty()) message += (given.code.empty() ? ", " : ": ") + PrintableWords(given.message);
  const bool later = http_status == 408 || http_status == 429;
  return {http_status >= 400 && http_status < 500 && !later, std::move(message)};
}

bool IsPart(std::string_view text) {
  return text.size() <= kLongestPart &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsVisible(c) && c != ':'; });
}

}  // namespace

std::string Read(std::string_view key, Source* out) {
  *out = {};
  const size_t end = EndOfUri(key);
  const std::string_view uri = key.substr(0, end);
  if (end < key.size()) {
    const std::string_view rest = key.substr(end + 1);
    const size_t colon = std::min(rest.find(':'), rest.size());
    out->token_file = rest.substr(0, colon);
    if (colon < rest.size()) out->token = rest.substr(colon + 1);
  }
  out->url = uri.starts_with('/') ? std::string(kEcs).append(uri) : std::string(uri);
  if (!std::all_of(uri.begin(), uri.end(), IsVisible) || uri.find('#') != std::string_view::npos) {
    return "the address that AWS's variables give is no URL";
  }
  if (!out->token_file.empty() && !out->token_file.starts_with('/')) {
    return "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: expected the path of a file, from / on";
  }
  return ProblemOfUrl(out->url);
}

std::string NameOf(std::string_view key) {
  const std::array<std::string_view, 2> pieces = {"aws-container:", key};
  return Hex(Sha256(pieces));
}

Need Fetch(const Source& source) {
  Need need{.what = "temporary credentials of AWS", .method = "GET", .url = source.url, .read = ReadAnswer};
  if (!source.token_file.empty()) {
    need.body_file = source.token_file;
  } else if (!source.token.empty()) {
    need.headers.push_back({"authorization", std::string(source.token)});
  }
  return need;
}

std::variant<Token, Refusal> ReadAnswerAt(int http_status, std::string_view body, int64_t unix_seconds) {
  if (http_status != 200) return ReadRefusal(http_status, body);
  const Given given = Members(body);
  const bool fit = !given.id.empty() && !given.secret.empty() && IsPart(given.id) && IsPart(given.secret) &&
                   IsPart(given.token);
  if (!fit) return Refusal{false, "an answer that holds no credentials"};
  int64_t left = kUnbounded;
  if (!given.expiration.empty()) {
    const std::optional<int64_t> ends = ParseTimestamp(given.expiration);
    if (!ends) return Refusal{false, "an answer whose Expiration is no time"};
    left = *ends - unix_seconds;
    if (left <= 0) return Refusal{false, "credentials that have expired, by this machine's clock"};
  }
  std::string text = given.id + ":" + given.secret;
  if (!given.token.empty()) text += ":" + given.token;
  return Token{Secret(std::move(text)), std::chrono::seconds(std::min(left, kLongest))};
}

std::variant<Token, Refusal> ReadAnswer(int http_status, std::string_view body) {
  using std::chrono::system_clock;
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(system_clock::now().time_since_epoch());
  return ReadAnswerAt(http_status, body, now.count());
}

}  // namespace portolan::providers::container
