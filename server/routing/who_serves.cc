#include "server/routing/who_serves.h"

#include <algorithm>
#include <utility>

#include "server/codec/string_value.h"

namespace portolan::routing {
namespace {

using providers::Provider;

// The provider of a request that names neither a provider nor a host.
std::string_view UnnamedProvider(const RoutePolicy& policy, const RouteRequest& request) {
  // The list is then the gateway's own.
  if (request.operation == providers::operation::kListModels) return "echo";
  return policy.default_provider.empty() ? request.door->door()->default_provider()
                                         : std::string_view(policy.default_provider);
}

// Who is taken to be at a host that somebody names, if nothing else says what it speaks: what the caller
// speaks.
std::string_view HostDialect(const RouteRequest& request) { return request.door->door()->default_provider(); }

// Whether a target has no key but what the request may bring.
bool IsKeyless(const RoutePolicy& policy, const TargetSpec& target, const Provider* provider,
               bool host_from_header) {
  if (!target.api_key.empty()) return false;
  // Nobody is called, and no key is needed.
  if (provider != nullptr && provider->local != nullptr) return false;
  if (policy.direct_keys || host_from_header || !target.custom_host.empty()) return true;
  return provider == nullptr || !policy.gateway_key || policy.gateway_key(provider->name) == nullptr;
}

}  // namespace

Served WhoServes(const RoutePolicy& policy, const RouteRequest& request, const TargetSpec& target) {
  Served served{target.provider, {}, request.model, false, "the config names it"};
  for (const codec::Edit& edit : target.override_params) {
    if (edit.name != "model") continue;
    if (std::string model = codec::StringValue(edit.json); !model.empty()) served.model = std::move(model);
  }
  if (served.provider != nullptr) return served;
  served.named = request.provider ? std::string_view(*request.provider) : request.headers.provider;
  served.why = request.provider ? "portolan.provider names it" : "x-portolan-provider names it";
  if (served.named.empty()) {
    const bool host_named = !HostOfRequest(request).empty() || !target.custom_host.empty();
    const size_t slash = std::min(served.model.find('/'), served.model.size());
    const std::string_view prefix = std::string_view(served.model).substr(0, slash);
    if (slash < served.model.size()) served.provider = policy.registry->Find(prefix);
    if (host_named && served.provider != nullptr && served.provider->local == nullptr) {
      const Provider* const host = policy.registry->Find(HostDialect(request));
      if (host != nullptr && host->dialect == served.provider->dialect) served.provider = nullptr;
    }
    served.prefix_taken = served.provider != nullptr;
    if (served.prefix_taken) {
      served.why = "the model's prefix names it";
      served.model.erase(0, slash + 1);
      return served;
    }
    served.named = host_named ? HostDialect(request) : UnnamedProvider(policy, request);
    served.why =
        host_named ? "nothing else tells what the custom host speaks" : "it serves what names nobody";
  }
  served.provider = policy.registry->Find(served.named);
  return served;
}

bool IsRequestsOwn(const RoutePolicy& policy, const RouteRequest& request, const RoutePlan& plan,
                   const RouteNode& node, const Provider* provider, bool host_from_header) {
  if (plan.targets.size() == 1) return true;
  if (!IsKeyless(policy, node.target, provider, host_from_header)) return false;
  return std::all_of(plan.targets.begin(), plan.targets.end(), [&](const RouteNode* other) {
    const Provider* others = WhoServes(policy, request, other->target).provider;
    return !IsKeyless(policy, other->target, others, host_from_header) ||
           (others == provider && (host_from_header || other->target.custom_host == node.target.custom_host));
  });
}

}  // namespace portolan::routing
