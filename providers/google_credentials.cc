#include "providers/google_credentials.h"

#include <optional>
#include <utility>

#include "providers/google_impersonation.h"
#include "providers/oauth.h"
#include "server/base/json_text.h"
#include "server/base/rs256.h"

namespace portolan::providers {
namespace {

constexpr int64_t kAssertionSeconds = 3600;  // the longest that Google takes

std::string Missing(std::string_view name) { return "it has no " + std::string(name); }

std::string Assertion(const GoogleCredentials& account, int64_t now) {
  std::string header = R"({"alg":"RS256","typ":"JWT")";
  if (!account.private_key_id.empty()) header += R"(,"kid":)" + JsonString(account.private_key_id);
  header += '}';
  const std::string claims = R"({"iss":)" + JsonString(account.client_email) + R"(,"scope":)" +
                             JsonString(kGoogleScope) + R"(,"aud":)" + JsonString(account.token_url) +
                             R"(,"iat":)" + std::to_string(now) + R"(,"exp":)" +
                             std::to_string(now + kAssertionSeconds) + "}";
  std::string text = Base64Url(header) + "." + Base64Url(claims);
  const std::optional<std::string> signature = SignRs256(account.private_key, text);
  if (!signature) return {};
  return text + "." + Base64Url(*signature);
}

// An `external_account`, whose members are of RFC 8693, and where its own token comes from.
std::string ReadExternalAccount(std::string_view source, GoogleCredentials* out) {
  out->kind = GoogleCredentials::Kind::kExternalAccount;
  if (out->audience.empty()) return Missing("audience");
  if (out->subject_token_type.empty()) return Missing("subject_token_type");
  if (out->token_url.empty()) return Missing("token_url");
  if (!out->client_id.empty()) return "its client_id is of a workforce pool; taken are workload pools alone";
  std::string format = "text";
  ForEachValue(source, [&](std::string_view name, std::string_view value) {
    if (name != "format") return;
    ForEachText(value, [&](std::string_view member, std::string_view text) {
      if (member == "type") format = text;
    });
  });
  ForEachText(source, [&](std::string_view name, std::string_view value) {
    if (name == "file") out->token_file = value;
  });
  if (out->token_file.empty())
    return "its credential_source names no file; others (url, aws …) are not taken";
  if (!out->token_file.starts_with('/')) return "its credential_source: the file's path begins with /";
  if (format != "text") return "its credential_source: the file's format is text; others are not taken";
  return {};
}

std::string ReadJson(std::string_view json, bool may_impersonate, GoogleCredentials* out);

// An `impersonated_service_account`: other credentials, and whom they are to become.
std::string ReadImpersonated(std::string_view source, GoogleCredentials* out) {
  if (out->impersonation_url.empty()) return Missing("service_account_impersonation_url");
  if (source.empty()) return Missing("source_credentials");
  GoogleCredentials own;
  if (const std::string problem = ReadJson(source, /*may_impersonate=*/false, &own); !problem.empty()) {
    return "its source_credentials: " + problem;
  }
  own.impersonation_url = std::move(out->impersonation_url);
  own.delegates = std::move(out->delegates);
  *out = std::move(own);
  return {};
}

// What stands in the objects of such a file, as it is written.
struct Nested {
  std::string_view credential_source;
  std::string_view source_credentials;
  std::string_view delegates;
};

Nested ReadNested(std::string_view json) {
  Nested nested;
  ForEachValue(json, [&](std::string_view name, std::string_view value) {
    if (name == "credential_source") nested.credential_source = value;
    if (name == "source_credentials") nested.source_credentials = value;
    if (name == "delegates" && value.starts_with('[')) nested.delegates = value;
  });
  return nested;
}

// The two that hold no more than texts.
std::string ReadPlain(std::string_view type, GoogleCredentials* out) {
  if (type == "authorized_user") {
    out->kind = GoogleCredentials::Kind::kAuthorizedUser;
    if (out->client_id.empty()) return Missing("client_id");
    if (out->client_secret.empty()) return Missing("client_secret");
    if (out->refresh_token.empty()) return Missing("refresh_token");
    return {};
  }
  if (!type.empty() && type != "service_account") {
    return "its type is " + JsonString(PrintableWords(type).substr(0, 40)) +
           "; taken are service_account, authorized_user, external_account and impersonated_service_account";
  }
  if (out->client_email.empty()) return Missing("client_email");
  if (out->private_key.empty()) return Missing("private_key");
  return {};
}

std::string ReadJson(std::string_view json, bool may_impersonate, GoogleCredentials* out) {
  std::string type;
  std::string sts_url;
  std::string impersonation_url;
  const bool is_object = ForEachText(json, [&](std::string_view name, std::string_view value) {
    if (name == "type") type = value;
    if (name == "token_uri" && !value.empty()) out->token_url = value;
    if (name == "client_email") out->client_email = value;
    if (name == "private_key") out->private_key = value;
    if (name == "private_key_id") out->private_key_id = value;
    if (name == "client_id") out->client_id = value;
    if (name == "client_secret") out->client_secret = value;
    if (name == "refresh_token") out->refresh_token = value;
    if (name == "token_url") sts_url = value;
    if (name == "audience") out->audience = value;
    if (name == "subject_token_type") out->subject_token_type = value;
    if (name == "service_account_impersonation_url") impersonation_url = value;
  });
  if (!is_object) return "it is not a JSON object";
  const bool impersonated = type == "impersonated_service_account";
  if (type != "external_account" && !impersonated) return ReadPlain(type, out);
  if (!may_impersonate && (impersonated || !impersonation_url.empty())) {
    return "they impersonate somebody themselves";
  }
  const Nested nested = ReadNested(json);
  out->impersonation_url = std::move(impersonation_url);
  if (!impersonated) {
    out->token_url = std::move(sts_url);
    return ReadExternalAccount(nested.credential_source, out);
  }
  out->delegates = nested.delegates;
  return ReadImpersonated(nested.source_credentials, out);
}

}  // namespace

std::string ReadGoogleCredentials(std::string_view json, GoogleCredentials* out) {
  return ReadJson(json, /*may_impersonate=*/true, out);
}

std::string OnlyForOperators(const GoogleCredentials& credentials) {
  if (credentials.kind == GoogleCredentials::Kind::kExternalAccount) {
    return "only the gateway's operator may name a file of its machine";
  }
  if (credentials.token_url != kGoogleTokenUrl) {
    return "its token_uri must be " + std::string(kGoogleTokenUrl);
  }
  const std::string& url = credentials.impersonation_url;
  if (!url.empty() && !url.starts_with(kGoogleImpersonation)) {
    return "its service_account_impersonation_url must be at " + std::string(kGoogleImpersonation);
  }
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
  if (credentials.kind == GoogleCredentials::Kind::kExternalAccount) {
    AddFormParameter("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", &form);
    AddFormParameter("audience", credentials.audience, &form);
    AddFormParameter("scope", kGoogleScope, &form);
    AddFormParameter("requested_token_type", "urn:ietf:params:oauth:token-type:access_token", &form);
    AddFormParameter("subject_token_type", credentials.subject_token_type, &form);
    AddFormParameter("subject_token", {}, &form);
    return form;
  }
  const std::string assertion = Assertion(credentials, unix_seconds);
  if (assertion.empty()) return {};
  AddFormParameter("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", &form);
  AddFormParameter("assertion", assertion, &form);
  return form;
}

}  // namespace portolan::providers
