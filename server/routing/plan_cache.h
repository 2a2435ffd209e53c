#pragma once

// Keeps configs compiled, by their text, as callers send the same ones again and again. Bounded. One per
// shard, not thread-safe. What is kept holds secrets and is never logged.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "providers/registry.h"
#include "server/base/error.h"
#include "server/codec/codec.h"
#include "server/guardrails/hooks.h"
#include "server/routing/hook_cache.h"
#include "server/routing/plan.h"

namespace portolan::routing {

class PlanCache {
 public:
  // `config_type` is the codec's plan of v1::RouteConfig, `guardrails` and `middleware` are those that
  // configs may name. All must outlive the cache.
  PlanCache(const codec::MessagePlan& config_type, const providers::Registry& registry,
            const guardrails::NamedGuardrails& guardrails, const MiddlewareNames& middleware)
      : config_type_(config_type),
        registry_(registry),
        guardrails_(guardrails),
        middleware_(middleware),
        hooks_(guardrails) {}

  // Gives the plan of a config in JSON, as in x-portolan-config. Fails with 400 invalid_config and the path.
  std::optional<Error> FromText(std::string_view json, std::shared_ptr<const RoutePlan>* out);
  // The same for a typed config.
  std::optional<Error> FromMessage(const v1::RouteConfig& config, std::shared_ptr<const RoutePlan>* out);

  // The guardrails that come in headers of their own.
  HookCache& hooks() { return hooks_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  std::optional<Error> Parse(std::string_view json, RoutePlan* out) const;
  std::shared_ptr<const RoutePlan> Find(std::string_view key) const;
  void Keep(std::string key, std::shared_ptr<const RoutePlan> plan);

  const codec::MessagePlan& config_type_;
  const providers::Registry& registry_;
  const guardrails::NamedGuardrails& guardrails_;
  const MiddlewareNames& middleware_;
  HookCache hooks_;
  std::unordered_map<std::string, std::shared_ptr<const RoutePlan>, Hash, std::equal_to<>> plans_;
  size_t bytes_ = 0;  // of the keys, and what is made of them
};

}  // namespace portolan::routing
