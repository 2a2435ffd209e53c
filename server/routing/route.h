#pragma once

// Turns a target of a plan, and what the request says, into a place that can be called. Pure: reads no clock,
// no environment, no socket.

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
#include "server/routing/plan.h"
#include "server/routing/request_headers.h"

namespace portolan::routing {

// What routing needs to know of the gateway. Immutable.
struct RoutePolicy {
  const providers::Registry* registry = nullptr;
  std::string default_provider;  // empty: that of the door
  bool direct_keys = false;
  // Returns the gateway's own key for a provider, nullptr if there is none.
  std::function<const Secret*(std::string_view provider)> gateway_key;
};

// What routing needs to know of the request.
struct RouteRequest {
  const RequestHeaders& headers;
  const ProviderCredentials& credentials;
  std::span<const HeaderView> all_headers;  // for options under their native names (`openai-organization`)
  // From the request's `portolan` field; these beat the headers.
  std::optional<std::string> provider;
  std::optional<std::string> custom_host;
  const providers::Dialect* door = nullptr;  // that the caller speaks
  std::string_view operation = providers::operation::kChat;
  std::string model;               // empty if the request has none
  std::string_view family = {};    // of a relayed call: see providers::ObjectFamily
  std::string_view raw_path = {};  // of a relayed call: below the API's root, with its query
};

// One target, and what is changed for it.
struct Route {
  providers::Target target;
  providers::Way way;      // from the caller to the target
  std::string_view index;  // the target's path in the config, for x-portolan-last-used-option-index
  std::string_view why;    // the provider is that one, for people: `named by the config`
  std::string model;       // as the target will see it
  bool takes_stream_options = false;  // Provider::takes_stream_options, where the model's family has no say
  std::vector<codec::Edit> edits;     // to the request, for this target only
  std::optional<std::chrono::milliseconds> attempt_timeout;
  TimeLimits limits;
  std::vector<std::string> forward_headers;  // in lower case; the header's list, else the config's
  bool strict_open_ai_compliance = true;     // the config's; the header beats it
  std::vector<std::string> ignored;          // options in the config that the provider does not know
};

// Whether a header is that of an option: `openai-organization` of `openai_organization`.
bool NameMatches(std::string_view option, std::string_view header);

// Reads the time budget of the whole call from x-portolan-request-timeout; nullopt if there is no such
// header. Fails with 400 for a bad value.
std::optional<Error> ReadCallTimeout(const RequestHeaders& headers,
                                     std::optional<std::chrono::milliseconds>* out);

// The gateway's own headers among the request's that nobody reads, as they were written and in order: a typo,
// or an option that goes to no target of `plan`. `request` and `plan` are null for a call that was refused
// before it had them: then an option of any provider counts as read. Not among them are the few by which
// Portkey's SDKs say what they are; they ask for nothing.
std::vector<std::string> UnreadHeaders(const RoutePolicy& policy, const RequestHeaders& headers,
                                       std::span<const HeaderView> all_headers, const RouteRequest* request,
                                       const RoutePlan* plan);

// Fills in one target of a plan for this request. `node` must outlive the route. Fails with 400 for an
// unknown provider, a bad option, a header that cannot be forwarded, or an operation that the provider does
// not have (unsupported_operation), and with 401 if there is no key for a provider that needs one.
//
// The request's own key and provider options go to one provider only. If the plan has several targets, they
// go to those without a key of their own, provided that these are all the same provider at the same host,
// else to none.
std::optional<Error> ResolveTarget(const RoutePolicy& policy, const RouteRequest& request,
                                   const RoutePlan& plan, const RouteNode& node, Route* out);

}  // namespace portolan::routing
