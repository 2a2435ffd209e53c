#pragma once

// A route as the engine walks it: a config compiled and checked in full, in which each target has all that it
// inherits. Pure.

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "providers/registry.h"
#include "server/base/error.h"
#include "server/base/secret.h"
#include "server/codec/splice.h"
#include "server/guardrails/hooks.h"
#include "server/routing/condition.h"

namespace portolan::v1 {
class RouteConfig;
}

namespace portolan::routing {

// A small set of HTTP statuses.
class StatusSet {
 public:
  StatusSet() = default;
  explicit StatusSet(std::vector<int> statuses) : statuses_(std::move(statuses)) {}
  bool Contains(int status) const;

 private:
  std::vector<int> statuses_;
};

// When and how often a target is tried again.
struct RetryPolicy {
  static constexpr int kMaxAttempts = 5;

  int attempts = 0;  // besides the first
  StatusSet on_status_codes = StatusSet({429, 500, 502, 503, 504});
  bool use_retry_after = false;
  std::chrono::milliseconds base{1000};
  std::chrono::milliseconds cap{16000};
};

// One target's time limits, in place of the gateway's; nullopt: the gateway's.
struct TimeLimits {
  std::optional<std::chrono::milliseconds> connect;
  std::optional<std::chrono::milliseconds> first_byte;
  std::optional<std::chrono::milliseconds> idle;
};

// One target as the config describes it. What it leaves open is decided by the request or the gateway's
// defaults.
struct TargetSpec {
  const providers::Provider* provider = nullptr;  // nullptr: not named
  Secret api_key;
  std::string custom_host;
  std::vector<codec::Edit> override_params;  // in order
  RetryPolicy retry;
  std::optional<std::chrono::milliseconds> request_timeout;  // for each attempt
  TimeLimits limits;
  std::vector<std::string> forward_headers;  // lower case
  std::optional<bool> strict_open_ai_compliance;
  // The provider's options, by their snake_case names.
  std::vector<std::pair<std::string, std::string>> options;
  std::shared_ptr<const guardrails::Hooks> hooks;  // null: none
  // Names of the operator's middleware, of the nodes from the root to this one, each once.
  std::vector<std::string> middleware;
};

struct RouteNode {
  enum class Kind : uint8_t { kTarget, kSingle, kFallback, kLoadBalance, kConditional };

  struct Branch {
    Condition condition;
    size_t child;
  };

  Kind kind = Kind::kTarget;
  std::string path = "config";  // `config.targets[0].targets[2]`
  std::vector<std::unique_ptr<const RouteNode>> children;
  std::optional<StatusSet> on_status_codes;  // kFallback
  std::vector<double> weights;               // kLoadBalance: one per child; their sum is positive
  std::vector<Branch> branches;              // kConditional
  std::optional<size_t> otherwise;           // kConditional: the child for calls that no branch matches
  TargetSpec target;                         // kTarget
};

// Immutable once compiled, then thread-safe. Cannot be moved, as `targets` points into it.
struct RoutePlan {
  RoutePlan() = default;
  RoutePlan(const RoutePlan&) = delete;
  RoutePlan& operator=(const RoutePlan&) = delete;

  RouteNode root;
  std::vector<const RouteNode*> targets;  // all targets, in order
  // The operator wrote it: its hosts are allowed, its keys are the gateway's, and requests cannot direct it
  // to other hosts.
  bool from_operator = false;
  bool reads_params = false;            // a condition looks at the request's body
  std::vector<std::string> ignored;     // the paths of members that are known but have no effect
  size_t checks = 0;                    // in its guardrails
  std::vector<std::string> middleware;  // of the root: that of every target
};

// The middleware that configs may name.
using MiddlewareNames = std::set<std::string, std::less<>>;

// Compiles a config. Fails with 400 invalid_config and the path and reason
// (`config.targets[1].retry.attempts: must be between 0 and 5`). `guardrails` and `middleware` are those that
// it may name; `registry` must outlive the plan. REQUIRES: out->from_operator is set, if it is to be.
std::optional<Error> CompileRoute(const v1::RouteConfig& config, const providers::Registry& registry,
                                  const guardrails::NamedGuardrails& guardrails, RoutePlan* out,
                                  const MiddlewareNames& middleware = {});

// The plan of a call without a config: one target, which leaves everything open.
std::unique_ptr<const RoutePlan> NewOpenRoute();

}  // namespace portolan::routing
