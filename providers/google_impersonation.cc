#include "providers/google_impersonation.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "providers/oauth.h"
#include "providers/retry_after.h"
#include "server/base/json_text.h"
#include "server/base/text.h"

namespace portolan::providers {
namespace {

constexpr int64_t kLongest = 12 * 3600;  // that Google gives
constexpr size_t kMaxToken = 8192;

// google.rpc.Status, as Google's APIs say it: `{"error":{"code":403,"message":…,"status":…}}`.
std::string WhatIsWrong(std::string_view body) {
  std::string status;
  std::string message;
  ForEachValue(body, [&](std::string_view name, std::string_view value) {
    if (name != "error") return;
    ForEachText(value, [&](std::string_view member, std::string_view text) {
      if (member == "status") status = PrintableWords(text);
      if (member == "message") message = PrintableWords(text);
    });
  });
  if (status.empty() || message.empty()) return status + message;
  return status + ": " + message;
}

std::variant<Token, Refusal> ReadAnswer(int http_status, std::string_view body) {
  using std::chrono::system_clock;
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(system_clock::now().time_since_epoch());
  return ReadImpersonation(http_status, body, now.count());
}

}  // namespace

Need ImpersonationNeed(const GoogleCredentials& credentials, std::string_view token) {
  std::string body = "{";
  if (!credentials.delegates.empty()) body += R"("delegates":)" + credentials.delegates + ",";
  body += R"("scope":[)" + JsonString(kGoogleScope) + R"(],"lifetime":"3600s"})";
  return {
      .what = "an access token of the service account",
      .url = credentials.impersonation_url,
      .headers = {{"authorization", "Bearer " + std::string(token)}, {"content-type", "application/json"}},
      .body = Secret(std::move(body)),
      .read = ReadAnswer};
}

std::variant<Token, Refusal> ReadImpersonation(int http_status, std::string_view body, int64_t unix_seconds) {
  if (http_status != 200) {
    const bool final = http_status >= 400 && http_status < 500 && http_status != 408 && http_status != 429;
    const std::string why = WhatIsWrong(body);
    const std::string status = "status " + std::to_string(http_status);
    return Refusal{final, why.empty() ? status : status + ", " + why};
  }
  std::string token;
  std::string ends;
  ForEachText(body, [&](std::string_view name, std::string_view value) {
    if (name == "accessToken") token = value;
    if (name == "expireTime") ends = value;
  });
  const bool fit =
      !token.empty() && token.size() <= kMaxToken && std::all_of(token.begin(), token.end(), IsVisible);
  if (!fit) return Refusal{false, "an answer that holds no accessToken"};
  const std::optional<int64_t> end = ParseTimestamp(ends);
  if (!end) return Refusal{false, "an answer whose expireTime is no time"};
  const int64_t left = std::min(*end - unix_seconds, kLongest);
  if (left <= 0) return Refusal{false, "a token that has expired, by this machine's clock"};
  return Token{Secret(std::move(token)), std::chrono::seconds(left)};
}

}  // namespace portolan::providers
