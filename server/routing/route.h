#pragma once

// Chooses the target of a call from what the request says. Pure: reads no clock, no environment, no socket.

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "providers/provider.h"
#include "providers/registry.h"
#include "server/base/error.h"
#include "server/codec/splice.h"
#include "server/routing/credentials.h"
#include "server/routing/request_headers.h"

namespace portolan::routing {

// What routing needs to know of the gateway it runs in. Immutable.
struct RoutePolicy {
  const providers::Registry* registry = nullptr;
  std::string default_provider = "openai";
  bool direct_keys = false;
  // The gateway's own key for a provider, nullptr if it holds none.
  std::function<const Secret*(std::string_view provider)> gateway_key;
};

// What routing needs to know of the request.
struct RouteRequest {
  const RequestHeaders& headers;
  const ProviderCredentials& credentials;
  std::span<const HeaderView> all_headers;  // for options under their native names (`openai-organization`)
  // From the request's `portolan` field; they beat the headers.
  std::optional<std::string> provider;
  std::optional<std::string> custom_host;
  providers::Operation operation = providers::Operation::kChat;
  std::string_view model;  // empty if the request has none
};

// One target and what is to be changed for it.
struct Route {
  providers::Target target;
  std::string index = "config";    // the leaf's path, for x-portolan-last-used-option-index
  std::string model;               // as the target is to see it
  std::vector<codec::Edit> edits;  // to the request, for this target only
  std::optional<std::chrono::milliseconds> call_timeout;     // the whole call: x-portolan-request-timeout
  std::optional<std::chrono::milliseconds> attempt_timeout;  // each attempt: the config's request_timeout
  bool strict_open_ai_compliance = true;                     // the config's; the header beats it
  std::vector<std::string> ignored;  // keys of the config that are known but have no effect
};

// Fails with 400 for an unknown provider, a bad config, a bad option, an operation that the provider does not
// have; with 401 where no key is at hand for a provider that wants one.
std::optional<Error> ChooseRoute(const RoutePolicy& policy, const RouteRequest& request, Route* out);

}  // namespace portolan::routing
