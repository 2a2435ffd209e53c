#pragma once

// Decides who the caller is, and whose key goes upstream. Pure functions, because a mistake here spends
// somebody's money.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/base/error.h"
#include "server/base/secret.h"
#include "server/routing/request_headers.h"

namespace portolan::guardrails {
struct Hooks;
}

namespace portolan::routing {

// A caller of the gateway, and what they may use.
struct Caller {
  std::string name;    // for the log; may be empty
  std::string sha256;  // of the caller's key, 64 lower-case hexadecimal digits
  // The names of the routes that the caller may use; nullopt: all, and configs of their own.
  std::optional<std::vector<std::string>> routes;
  // The models that the caller may name, a final `*` standing for any rest; nullopt: all.
  std::optional<std::vector<std::string>> models;
  std::shared_ptr<const guardrails::Hooks> hooks;  // run on all their calls; null: none
  std::vector<std::string> middleware = {};        // names of the operator's, of all their calls

  bool MayUseRoute(std::string_view route) const;
  bool MayUseModel(std::string_view model) const;
};

// The keys of which callers must show one. They are kept and looked up as digests, so that the time of a
// look-up says nothing about a key. Immutable once built, then thread-safe.
class CallerKeys {
 public:
  CallerKeys() = default;
  // The keys of callers that may use everything.
  explicit CallerKeys(const std::vector<Secret>& keys);
  void Add(Caller caller);

  // Whether there are any keys. If not, everybody who reaches the port may call.
  bool configured() const { return !callers_.empty(); }
  // Whose key it is; nullptr: nobody's.
  const Caller* Find(std::string_view key) const;

 private:
  std::unordered_map<std::string, Caller> callers_;  // by digest
};

// The credentials of the request that may be a provider's key, without those that are caller keys: these are
// never forwarded. Views of the request's headers, and of the caller keys.
struct ProviderCredentials {
  std::string_view bearer;         // of Authorization
  std::string_view authorization;  // the whole Authorization, if its scheme is another (`Basic …`)
  const Caller* caller = nullptr;  // who calls; nullptr if there are no caller keys
  const CallerKeys* caller_keys = nullptr;

  // The first of `names` among the headers that holds a key which is no caller's; empty if there is none.
  std::string_view KeyIn(std::span<const HeaderView> headers, std::span<const std::string_view> names) const;
};

// Checks the caller's key, which is in x-portolan-api-key or x-portkey-api-key, or is the bearer of
// Authorization, or is in the header `key_header` that the door's dialect has for keys (empty: none). Fails
// with 401 if there are caller keys and none of them came. `keys` must outlive *out.
std::optional<Error> Authenticate(const CallerKeys& keys, const RequestHeaders& headers,
                                  std::span<const HeaderView> all_headers, std::string_view key_header,
                                  ProviderCredentials* out);

struct KeyChoice {
  Secret key;  // empty: the request is sent without one
  bool from_caller = false;
};

struct KeySources {
  std::string_view config_key;          // api_key of the target in the call's config
  bool operator_config = false;         // the operator wrote that config, not the caller
  const Secret* gateway_key = nullptr;  // the gateway's own key for this provider; nullptr if it has none
  std::string_view request_key;         // the bearer of Authorization, or the dialect's own header
  bool host_from_caller = false;
  bool direct_keys = false;  // --direct-keys: the request's key comes before the gateway's
};

// Chooses the first there is of: the config's key; the gateway's own, but only for the host configured beside
// it; the request's.
KeyChoice ChooseKey(const KeySources& sources);

}  // namespace portolan::routing
