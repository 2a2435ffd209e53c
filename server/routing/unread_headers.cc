// Headers of the gateway's own that nobody reads.

#include <algorithm>

#include "server/routing/provider_address.h"
#include "server/routing/route.h"
#include "server/routing/who_serves.h"

namespace portolan::routing {
namespace {

using providers::Provider;
using providers::ProviderOption;

bool ReadsOption(const Provider& provider, std::string_view header) {
  return std::any_of(provider.options.begin(), provider.options.end(), [&](const ProviderOption& option) {
    return !option.operators_only && NameMatches(option.name, header);
  });
}

// Whether an option goes to some target of the plan.
bool GoesToATarget(const RoutePolicy& policy, const RouteRequest& request, const RoutePlan& plan,
                   std::string_view header) {
  const bool host_from_request = !HostOfRequest(request).empty();
  return std::any_of(plan.targets.begin(), plan.targets.end(), [&](const RouteNode* node) {
    const Provider* provider = WhoServes(policy, request, node->target).provider;
    return provider != nullptr && ReadsOption(*provider, header) &&
           IsRequestsOwn(policy, request, plan, *node, provider, host_from_request);
  });
}

// Portkey's SDKs send these with every request.
bool TellsOfTheSdk(std::string_view header) {
  return header == "package-version" || header == "runtime" || header == "runtime-version";
}

}  // namespace

std::vector<std::string> UnreadHeaders(const RoutePolicy& policy, const RequestHeaders& headers,
                                       std::span<const HeaderView> all_headers, const RouteRequest* request,
                                       const RoutePlan* plan) {
  const auto& providers = policy.registry->all();
  std::vector<std::string_view> unread;
  for (const HeaderView& option : headers.options) {
    const bool of_guardrails =
        option.name == kDefaultInputGuardrails || option.name == kDefaultOutputGuardrails;
    if (of_guardrails || TellsOfTheSdk(option.name)) continue;
    const bool read = request != nullptr && plan != nullptr
                          ? GoesToATarget(policy, *request, *plan, option.name)
                          : std::any_of(providers.begin(), providers.end(), [&](const auto& provider) {
                              return ReadsOption(*provider, option.name);
                            });
    if (!read) unread.push_back(option.name);
  }
  std::vector<std::string> written;
  if (unread.empty()) return written;
  for (const HeaderView& header : all_headers) {
    std::string_view name = header.name;
    if (!TakeGatewayPrefix(&name) || std::find(unread.begin(), unread.end(), name) == unread.end()) continue;
    if (std::find(written.begin(), written.end(), header.name) == written.end())
      written.emplace_back(header.name);
  }
  return written;
}

}  // namespace portolan::routing
