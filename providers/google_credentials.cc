#include "providers/google_credentials.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "providers/path.h"
#include "server/base/json_text.h"
#include "server/base/rs256.h"
#include "server/base/text.h"
#include "server/codec/json_reader.h"

namespace portolan::providers {
namespace {

constexpr std::string_view kScope = "https://www.googleapis.com/auth/cloud-platform";
constexpr int64_t kAssertionSeconds = 3600;  // the longest that Google takes
constexpr int64_t kLongestLifetime = 24 * 3600;
constexpr size_t kMaxToken = 8192;
constexpr size_t kMaxWords = 300;  // of an endpoint, in a message

// Gives `take` the members of an object whose values are strings. False if `json` is no object.
template <typename Take>
bool ForEachText(std::string_view json, Take take) {
  codec::JsonReader reader(json);
  if (reader.Peek() != codec::JsonType::kObject || !reader.EnterObject()) return false;
  std::string name_scratch;
  std::string scratch;
  std::string_view name;
  while (reader.NextMember(&name, &name_scratch)) {
    std::string_view value;
    if (reader.Peek() != codec::JsonType::kString) {
      if (!reader.Skip()) return false;
    } else if (!reader.ReadString(&value, &scratch)) {
      return false;
    } else {
      take(name, value);
    }
  }
  return !reader.failed() && reader.AtEnd();
}

std::string Missing(std::string_view name) { return "it has no " + std::string(name); }

// `"expires_in": 3599`, or as text.
std::optional<int64_t> Seconds(std::string_view json) {
  codec::JsonReader reader(json);
  if (reader.Peek() != codec::JsonType::kObject || !reader.EnterObject()) return std::nullopt;
  std::string scratch;
  std::string_view name;
  std::string_view value;
  while (reader.NextMember(&name, &scratch)) {
    const bool wanted = name == "expires_in";
    if (!reader.Skip(&value)) return std::nullopt;
    if (!wanted) continue;
    if (value.size() > 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
    int64_t seconds = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (read.ec != std::errc() || seconds <= 0) return std::nullopt;
    return std::min(seconds, kLongestLifetime);
  }
  return std::nullopt;
}

// Words of an endpoint that may stand in a message.
std::string Words(std::string_view text) {
  std::string words(text.substr(0, kMaxWords));
  for (char& c : words) {
    if (c < 0x20 || c >= 0x7f) c = ' ';
  }
  return words;
}

// `invalid_grant: Invalid JWT Signature.`
std::string RefusalIn(std::string_view body) {
  std::string code;
  std::string description;
  ForEachText(body, [&](std::string_view name, std::string_view value) {
    if (name == "error") code = Words(value);
    if (name == "error_description") description = Words(value);
  });
  if (code.empty() || description.empty()) return code + description;
  return code + ": " + description;
}

void AddParameter(std::string_view name, std::string_view value, std::string* form) {
  if (!form->empty()) form->push_back('&');
  form->append(name).push_back('=');
  AppendPathSegment(value, /*keep_slash=*/false, form);
}

std::string Assertion(const GoogleCredentials& account, int64_t now) {
  std::string header = R"({"alg":"RS256","typ":"JWT")";
  if (!account.private_key_id.empty()) header += R"(,"kid":)" + JsonString(account.private_key_id);
  header += '}';
  const std::string claims = R"({"iss":)" + JsonString(account.client_email) + R"(,"scope":)" +
                             JsonString(kScope) + R"(,"aud":)" + JsonString(account.token_url) +
                             R"(,"iat":)" + std::to_string(now) + R"(,"exp":)" +
                             std::to_string(now + kAssertionSeconds) + "}";
  std::string text = Base64Url(header) + "." + Base64Url(claims);
  const std::optional<std::string> signature = SignRs256(account.private_key, text);
  if (!signature) return {};
  return text + "." + Base64Url(*signature);
}

}  // namespace

std::string ReadGoogleCredentials(std::string_view json, GoogleCredentials* out) {
  std::string type;
  const bool is_object = ForEachText(json, [&](std::string_view name, std::string_view value) {
    if (name == "type") type = value;
    if (name == "token_uri" && !value.empty()) out->token_url = value;
    if (name == "client_email") out->client_email = value;
    if (name == "private_key") out->private_key = value;
    if (name == "private_key_id") out->private_key_id = value;
    if (name == "client_id") out->client_id = value;
    if (name == "client_secret") out->client_secret = value;
    if (name == "refresh_token") out->refresh_token = value;
  });
  if (!is_object) return "it is not a JSON object";
  if (type == "authorized_user") {
    out->kind = GoogleCredentials::Kind::kAuthorizedUser;
    if (out->client_id.empty()) return Missing("client_id");
    if (out->client_secret.empty()) return Missing("client_secret");
    if (out->refresh_token.empty()) return Missing("refresh_token");
    return {};
  }
  if (!type.empty() && type != "service_account") {
    return "its type is " + JsonString(Words(type).substr(0, 40)) +
           "; known are service_account and authorized_user";
  }
  if (out->client_email.empty()) return Missing("client_email");
  if (out->private_key.empty()) return Missing("private_key");
  return {};
}

std::string GoogleProjectOf(std::string_view json) {
  std::string project;
  std::string quota;
  ForEachText(json, [&](std::string_view name, std::string_view value) {
    if (name == "project_id") project = value;
    if (name == "quota_project_id") quota = value;
  });
  return project.empty() ? quota : project;
}

std::string GoogleTokenRequest(const GoogleCredentials& credentials, int64_t unix_seconds) {
  std::string form;
  if (credentials.kind == GoogleCredentials::Kind::kAuthorizedUser) {
    AddParameter("grant_type", "refresh_token", &form);
    AddParameter("client_id", credentials.client_id, &form);
    AddParameter("client_secret", credentials.client_secret, &form);
    AddParameter("refresh_token", credentials.refresh_token, &form);
    return form;
  }
  const std::string assertion = Assertion(credentials, unix_seconds);
  if (assertion.empty()) return {};
  AddParameter("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", &form);
  AddParameter("assertion", assertion, &form);
  return form;
}

std::variant<Token, Refusal> ReadTokenAnswer(int http_status, std::string_view body) {
  const std::string status = "status " + std::to_string(http_status);
  if (http_status != 200) {
    const bool final = http_status >= 400 && http_status < 500 && http_status != 408 && http_status != 429;
    const std::string why = RefusalIn(body);
    return Refusal{final, why.empty() ? status : status + ", " + why};
  }
  std::string token;
  ForEachText(body, [&](std::string_view name, std::string_view value) {
    if (name == "access_token") token = value;
  });
  const bool fit =
      !token.empty() && token.size() <= kMaxToken && std::all_of(token.begin(), token.end(), IsVisible);
  if (!fit) return Refusal{false, "an answer that holds no access_token"};
  const std::optional<int64_t> seconds = Seconds(body);
  if (!seconds) return Refusal{false, "an answer that does not say for how long its token is good"};
  return Token{Secret(std::move(token)), std::chrono::seconds(*seconds)};
}

}  // namespace portolan::providers
