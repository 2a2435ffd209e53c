#pragma once

// Who the caller is, and whose key goes upstream. Pure functions, because a mistake here spends somebody's
// money.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "server/base/error.h"
#include "server/base/secret.h"
#include "server/routing/request_headers.h"

namespace portolan::routing {

// The keys that callers of this gateway must show. Immutable; comparing takes the same time whatever matches.
class CallerKeys {
 public:
  CallerKeys() = default;
  explicit CallerKeys(std::vector<Secret> keys) : keys_(std::move(keys)) {}

  // With none, everybody who reaches the port may call.
  bool configured() const { return !keys_.empty(); }
  bool Contains(std::string_view text) const;

 private:
  std::vector<Secret> keys_;
};

// What of the request's own credentials may be a provider's key, once those that are caller keys are taken
// out. A caller key is never forwarded.
struct ProviderCredentials {
  std::string_view bearer;  // of Authorization
  std::string_view x_api_key;
};

// Checks the caller key: in x-portolan-api-key or x-portkey-api-key, else as the bearer of Authorization.
// Fails with 401 when keys are configured and none of them came.
std::optional<Error> Authenticate(const CallerKeys& keys, const RequestHeaders& headers,
                                  ProviderCredentials* out);

struct KeyChoice {
  Secret key;  // empty: send the request without one
  bool from_caller = false;
};

struct KeySources {
  std::string_view config_key;          // api_key of the target in the request's config
  const Secret* gateway_key = nullptr;  // the gateway's own for this provider; nullptr if it has none
  std::string_view request_key;         // Authorization's bearer or the dialect's own header
  bool host_from_caller = false;
  bool direct_keys = false;  // --direct-keys: the request's key before the gateway's
};

// 1. the config's key; 2. the gateway's own, only to the host configured beside it; 3. the request's.
KeyChoice ChooseKey(const KeySources& sources);

}  // namespace portolan::routing
