#pragma once

// Who serves a target of a plan, and whether what the request brings is meant for them. Pure.

#include <string>
#include <string_view>

#include "providers/provider.h"
#include "server/routing/route.h"

namespace portolan::routing {

// The provider of a target and the model it is asked for.
struct Served {
  const providers::Provider* provider = nullptr;  // nullptr: the request names one that does not exist
  std::string_view named;                         // what the request calls it
  std::string model;
  bool prefix_taken = false;  // off the model
  std::string_view why;       // Route::why
};

// The host that the request itself names; empty: none.
inline std::string_view HostOfRequest(const RouteRequest& request) {
  return request.custom_host ? std::string_view(*request.custom_host) : request.headers.custom_host;
}

// `anthropic/claude-…`: the prefix counts if it is a provider's name and nothing else names one, and is taken
// off. Where a host is named, a prefix that would not change what is spoken there is part of that server's
// own name of the model (`openai/gpt-oss-20b`, `meta/llama-3.1-8b-instruct`), and stays.
Served WhoServes(const RoutePolicy& policy, const RouteRequest& request, const TargetSpec& target);

// Whether the request's credentials can be meant for `node`, which `provider` serves.
bool IsRequestsOwn(const RoutePolicy& policy, const RouteRequest& request, const RoutePlan& plan,
                   const RouteNode& node, const providers::Provider* provider, bool host_from_header);

}  // namespace portolan::routing
