#include "server/routing/credentials.h"

#include <string>

namespace portolan::routing {
namespace {

constexpr std::string_view kBearer = "bearer ";

// The token of `Bearer TOKEN`, the scheme in any case. Portkey's clients may send the bare key.
std::string_view BearerToken(std::string_view authorization) {
  if (authorization.size() > kBearer.size()) {
    bool bearer = true;
    for (size_t i = 0; i < kBearer.size() - 1; ++i) {
      bearer = bearer && (authorization[i] | 0x20) == kBearer[i];
    }
    if (bearer && authorization[kBearer.size() - 1] == ' ') {
      authorization.remove_prefix(kBearer.size());
      while (authorization.starts_with(' ')) authorization.remove_prefix(1);
      return authorization;
    }
  }
  return authorization.find(' ') == std::string_view::npos ? authorization : std::string_view();
}

Error Unauthenticated(std::string_view problem) {
  Error error;
  error.error_class = ErrorClass::kCaller;
  error.http_status = 401;
  error.code = "invalid_caller_key";
  error.message = std::string(problem) +
                  " Send a key of this gateway in x-portolan-api-key, or as the bearer of Authorization.";
  return error;
}

}  // namespace

bool CallerKeys::Contains(std::string_view text) const {
  bool found = false;
  for (const Secret& key : keys_) {
    // Not short-circuited: the time must not tell which key matched.
    found = key.EqualsInConstantTime(text) | found;
  }
  return found;
}

std::optional<Error> Authenticate(const CallerKeys& keys, const RequestHeaders& headers,
                                  ProviderCredentials* out) {
  out->bearer = BearerToken(headers.authorization);
  out->x_api_key = headers.x_api_key;
  if (!keys.configured()) return std::nullopt;

  const bool bearer_is_caller_key = !out->bearer.empty() && keys.Contains(out->bearer);
  if (!out->x_api_key.empty() && keys.Contains(out->x_api_key)) out->x_api_key = {};
  if (!headers.caller_key.empty()) {
    if (!keys.Contains(headers.caller_key))
      return Unauthenticated("This gateway does not know the caller key it was sent.");
  } else if (!bearer_is_caller_key) {
    return Unauthenticated(headers.authorization.empty()
                               ? "This gateway asks its callers for a key, and none was sent."
                               : "This gateway does not know the caller key it was sent.");
  }
  if (bearer_is_caller_key) out->bearer = {};
  return std::nullopt;
}

KeyChoice ChooseKey(const KeySources& sources) {
  if (!sources.config_key.empty()) return {Secret(std::string(sources.config_key)), true};
  const bool may_use_own =
      sources.gateway_key != nullptr && !sources.gateway_key->empty() && !sources.host_from_caller;
  const bool prefer_request = sources.direct_keys && !sources.request_key.empty();
  if (may_use_own && !prefer_request) return {*sources.gateway_key, false};
  if (!sources.request_key.empty()) return {Secret(std::string(sources.request_key)), true};
  return {};
}

}  // namespace portolan::routing
