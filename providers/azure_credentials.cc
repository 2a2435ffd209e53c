#include "providers/azure_credentials.h"

#include <algorithm>

#include "providers/oauth.h"
#include "providers/url_part.h"

namespace portolan::providers {
namespace {

using Kind = AzureCredentials::Kind;

constexpr std::string_view kManaged = "managed-identity";
constexpr UrlPart kTenant = {.characters = "A-Za-z0-9.-"};  // an id, or a domain
constexpr UrlPart kClient = {.characters = "A-Za-z0-9-"};

// `eyJ…`: the beginning of a JSON object in base64; of three parts.
bool IsToken(std::string_view key) {
  return key.starts_with("eyJ") && std::count(key.begin(), key.end(), '.') == 2;
}

std::string_view TakePart(std::string_view* key) {
  const size_t end = std::min(key->find(':'), key->size());
  const std::string_view part = key->substr(0, end);
  key->remove_prefix(std::min(end + 1, key->size()));
  return part;
}

// Takes `:https://…` off the end.
void TakeAuthority(std::string_view* rest, AzureCredentials* out) {
  const size_t place = std::min(rest->rfind("https://"), rest->rfind("http://"));
  if (place == std::string_view::npos || (place > 0 && (*rest)[place - 1] != ':')) return;
  out->authority = rest->substr(place);
  while (out->authority.ends_with('/')) out->authority.remove_suffix(1);
  *rest = rest->substr(0, place == 0 ? 0 : place - 1);
}

std::string ReadManaged(std::string_view rest, AzureCredentials* out) {
  out->kind = Kind::kManagedIdentity;
  if (rest.empty()) return {};
  out->client = rest.substr(1);
  return Fits(kClient, out->client) ? std::string() : "the client's id is letters, digits and - only";
}

std::string ReadApplication(std::string_view key, AzureCredentials* out) {
  out->tenant = TakePart(&key);
  out->client = TakePart(&key);
  TakeAuthority(&key, out);
  out->secret = key;
  out->kind = key.starts_with('/') ? Kind::kTokenFile : Kind::kSecret;
  if (out->tenant.empty()) return "the tenant is missing";
  if (!Fits(kTenant, out->tenant)) return "the tenant is letters, digits, - and . only";
  if (out->client.empty()) return "the client's id is missing";
  if (!Fits(kClient, out->client)) return "the client's id is letters, digits and - only";
  if (out->secret.empty()) return "the client's secret, or the file of its token, is missing";
  return {};
}

// The identity may not be ready yet, or the service be restarting: another attempt may help (error handling,
// in how-to-use-vm-token).
std::variant<Token, Refusal> ReadIdentityAnswer(int http_status, std::string_view body) {
  std::variant<Token, Refusal> said = ReadTokenAnswer(http_status, body);
  if (auto* const refusal = std::get_if<Refusal>(&said);
      refusal != nullptr && (http_status == 404 || http_status == 410)) {
    refusal->final = false;
  }
  return said;
}

Need NeedOfIdentity(const AzureCredentials& credentials, std::string_view scope, std::string_view host) {
  constexpr std::string_view kDefault = "/.default";
  // It knows resources, not scopes.
  if (scope.ends_with(kDefault)) scope.remove_suffix(kDefault.size());
  std::string query = "api-version=2018-02-01";
  AddFormParameter("resource", scope, &query);
  if (!credentials.client.empty()) AddFormParameter("client_id", credentials.client, &query);
  return {.what = "an access token of the managed identity",
          .method = "GET",
          .url = std::string(host) + "/metadata/identity/oauth2/token?" + query,
          .headers = {{"metadata", "true"}},
          .read = ReadIdentityAnswer};
}

}  // namespace

std::string ReadAzureCredentials(std::string_view key, AzureCredentials* out) {
  *out = {};
  if (IsToken(key)) {
    out->kind = Kind::kToken;
    return {};
  }
  if (key.starts_with(kManaged) && (key.size() == kManaged.size() || key[kManaged.size()] == ':')) {
    return ReadManaged(key.substr(kManaged.size()), out);
  }
  // No key of a resource has a colon.
  if (key.find(':') == std::string_view::npos) return {};
  return ReadApplication(key, out);
}

bool AreOperators(const AzureCredentials& credentials) {
  return credentials.kind == Kind::kTokenFile || credentials.kind == Kind::kManagedIdentity ||
         (credentials.kind == Kind::kSecret && credentials.authority != kEntraAuthority);
}

Need AzureTokenNeed(const AzureCredentials& credentials, std::string_view scope,
                    std::string_view identity_host) {
  if (credentials.kind == Kind::kManagedIdentity) {
    return NeedOfIdentity(credentials, scope, identity_host);
  }
  Need need{.what = "an access token of Microsoft Entra ID",
            .headers = {{"content-type", "application/x-www-form-urlencoded"}},
            .read = ReadTokenAnswer};
  need.url.append(credentials.authority).append("/").append(credentials.tenant).append("/oauth2/v2.0/token");
  std::string form;
  AddFormParameter("grant_type", "client_credentials", &form);
  AddFormParameter("client_id", credentials.client, &form);
  AddFormParameter("scope", scope, &form);
  if (credentials.kind == Kind::kTokenFile) {
    AddFormParameter("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                     &form);
    AddFormParameter("client_assertion", {}, &form);
    need.body_file = credentials.secret;
  } else {
    AddFormParameter("client_secret", credentials.secret, &form);
  }
  need.body = Secret(std::move(form));
  return need;
}

}  // namespace portolan::providers
