#include "server/routing/credentials.h"

#include <algorithm>
#include <utility>

#include "server/base/sha256.h"
#include "server/base/text.h"

namespace portolan::routing {
namespace {

constexpr std::string_view kBearer = "bearer ";

// The token of `Bearer TOKEN`, the scheme in any case. Portkey's clients may send the bare key.
std::string_view BearerToken(std::string_view authorization) {
  if (authorization.size() > kBearer.size() && StartsWithIgnoreCase(authorization, kBearer)) {
    authorization.remove_prefix(kBearer.size());
    while (authorization.starts_with(' ')) authorization.remove_prefix(1);
    return authorization;
  }
  return authorization.find(' ') == std::string_view::npos ? authorization : std::string_view();
}

Error Unauthenticated(std::string_view problem) {
  return {.error_class = ErrorClass::kCaller,
          .http_status = 401,
          .code = "invalid_caller_key",
          .message = std::string(problem) +
                     " Send a key of this gateway in x-portolan-api-key, or as the bearer of Authorization."};
}

}  // namespace

bool Caller::MayUseRoute(std::string_view route) const {
  return !routes || (!route.empty() && std::find(routes->begin(), routes->end(), route) != routes->end());
}

bool Caller::MayUseModel(std::string_view model) const {
  return !models || std::any_of(models->begin(), models->end(), [&](std::string_view allowed) {
    return allowed.ends_with('*') ? model.starts_with(allowed.substr(0, allowed.size() - 1))
                                  : model == allowed;
  });
}

CallerKeys::CallerKeys(const std::vector<Secret>& keys) {
  for (const Secret& key : keys) {
    Caller caller;
    caller.sha256 = Sha256Hex(key.Reveal());
    Add(std::move(caller));
  }
}

void CallerKeys::Add(Caller caller) {
  std::string digest = caller.sha256;
  callers_.emplace(std::move(digest), std::move(caller));
}

const Caller* CallerKeys::Find(std::string_view key) const {
  if (key.empty() || callers_.empty()) return nullptr;
  const auto found = callers_.find(Sha256Hex(key));
  return found == callers_.end() ? nullptr : &found->second;
}

std::string_view ProviderCredentials::KeyIn(std::span<const HeaderView> headers,
                                            std::span<const std::string_view> names) const {
  for (const std::string_view name : names) {
    const std::string_view key = FindHeader(headers, name).value_or("");
    if (!key.empty() && (caller_keys == nullptr || caller_keys->Find(key) == nullptr)) return key;
  }
  return {};
}

std::optional<Error> Authenticate(const CallerKeys& keys, const RequestHeaders& headers,
                                  std::span<const HeaderView> all_headers, std::string_view key_header,
                                  ProviderCredentials* out) {
  out->bearer = BearerToken(headers.authorization);
  if (out->bearer.empty()) out->authorization = headers.authorization;
  out->caller_keys = &keys;
  if (!keys.configured()) return std::nullopt;

  const Caller* of_bearer = keys.Find(out->bearer);
  const Caller* of_header = nullptr;
  if (!key_header.empty()) of_header = keys.Find(FindHeader(all_headers, key_header).value_or(""));
  const size_t scheme = out->authorization.rfind(' ');
  if (keys.Find(out->authorization.substr(scheme + 1)) != nullptr) out->authorization = {};
  if (!headers.caller_key.empty()) {
    out->caller = keys.Find(headers.caller_key);
    if (out->caller == nullptr)
      return Unauthenticated("This gateway does not know the caller key it was sent.");
  } else if (of_header != nullptr) {
    out->caller = of_header;
  } else if (of_bearer == nullptr) {
    return Unauthenticated(headers.authorization.empty()
                               ? "This gateway asks its callers for a key, and none was sent."
                               : "This gateway does not know the caller key it was sent.");
  } else {
    out->caller = of_bearer;
  }
  if (of_bearer != nullptr) out->bearer = {};
  return std::nullopt;
}

KeyChoice ChooseKey(const KeySources& sources) {
  if (!sources.config_key.empty()) return {Secret(std::string(sources.config_key)), !sources.operator_config};
  const bool may_use_own =
      sources.gateway_key != nullptr && !sources.gateway_key->empty() && !sources.host_from_caller;
  const bool prefer_request = sources.direct_keys && !sources.request_key.empty();
  if (may_use_own && !prefer_request) return {*sources.gateway_key, false};
  if (!sources.request_key.empty()) return {Secret(std::string(sources.request_key)), true};
  return {};
}

}  // namespace portolan::routing
