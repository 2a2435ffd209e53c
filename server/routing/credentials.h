#pragma once

// Who the caller is, and whose key goes upstream. Pure functions, because a mistake here spends somebody's
// money.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/base/error.h"
#include "server/base/secret.h"
#include "server/routing/request_headers.h"

namespace portolan::routing {

// One of those who may call, and what he may use.
struct Caller {
  std::string name;    // for the log; may be empty
  std::string sha256;  // of his key, 64 lower-case hexadecimal digits
  // The names of the routes that his calls must end up on; nullopt: any, and configs of his own.
  std::optional<std::vector<std::string>> routes;
  // The models he may name, `*` at the end standing for any rest; nullopt: all.
  std::optional<std::vector<std::string>> models;

  bool MayUseRoute(std::string_view route) const;
  bool MayUseModel(std::string_view model) const;
};

// The keys that callers of this gateway must show. Kept and looked up as digests: how long that takes tells
// nothing about a key. Immutable once built.
class CallerKeys {
 public:
  CallerKeys() = default;
  // Callers who may use everything.
  explicit CallerKeys(const std::vector<Secret>& keys);
  void Add(Caller caller);

  // With none, everybody who reaches the port may call.
  bool configured() const { return !callers_.empty(); }
  // nullptr if it is nobody's key.
  const Caller* Find(std::string_view key) const;

 private:
  std::unordered_map<std::string, Caller> callers_;  // by digest
};

// What of the request's own credentials may be a provider's key, once those that are caller keys are taken
// out. A caller key is never forwarded.
struct ProviderCredentials {
  std::string_view bearer;         // of Authorization
  std::string_view authorization;  // all of it, where its scheme is another (`Basic …`)
  std::string_view x_api_key;
  const Caller* caller = nullptr;  // who calls; nullptr: nobody is asked
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
  std::string_view config_key;          // api_key of the target in the call's config
  bool operator_config = false;         // that the operator wrote, not the caller
  const Secret* gateway_key = nullptr;  // the gateway's own for this provider; nullptr if it has none
  std::string_view request_key;         // Authorization's bearer or the dialect's own header
  bool host_from_caller = false;
  bool direct_keys = false;  // --direct-keys: the request's key before the gateway's
};

// 1. the config's key; 2. the gateway's own, only to the host configured beside it; 3. the request's.
KeyChoice ChooseKey(const KeySources& sources);

}  // namespace portolan::routing
