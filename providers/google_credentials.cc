#include "providers/google_credentials.h"

#include <optional>

#include "providers/oauth.h"
#include "server/base/json_text.h"
#include "server/base/rs256.h"

namespace portolan::providers {
namespace {

constexpr std::string_view kScope = "https://www.googleapis.com/auth/cloud-platform";
constexpr int64_t kAssertionSeconds = 3600;  // the longest that Google takes

std::string Missing(std::string_view name) { return "it has no " + std::string(name); }

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
    return "its type is " + JsonString(PrintableWords(type).substr(0, 40)) +
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
    AddFormParameter("grant_type", "refresh_token", &form);
    AddFormParameter("client_id", credentials.client_id, &form);
    AddFormParameter("client_secret", credentials.client_secret, &form);
    AddFormParameter("refresh_token", credentials.refresh_token, &form);
    return form;
  }
  const std::string assertion = Assertion(credentials, unix_seconds);
  if (assertion.empty()) return {};
  AddFormParameter("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", &form);
  AddFormParameter("assertion", assertion, &form);
  return form;
}

}  // namespace portolan::providers
