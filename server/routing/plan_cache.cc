#include "server/routing/plan_cache.h"

#include <google/protobuf/arena.h>

#include <utility>

#include "portolan/v1/route_config.pb.h"

namespace portolan::routing {
namespace {

// More text than this means that configs do not come back: all are dropped, and the cache begins anew.
constexpr size_t kMaxBytes = 4 << 20;
// Brackets within brackets; the compiler's own limit on levels is told first where it is the config that is
// deep.
constexpr int kMaxDepth = 96;

Error Invalid(std::string problem) {
  return Error::InvalidRequest("invalid_config", std::move(problem), "x-portolan-config");
}

}  // namespace

std::shared_ptr<const RoutePlan> PlanCache::Find(std::string_view key) const {
  const auto found = plans_.find(key);
  return found == plans_.end() ? nullptr : found->second;
}

void PlanCache::Keep(std::string key, std::shared_ptr<const RoutePlan> plan) {
  const size_t bytes = key.size() + plan->checks * HookCache::kBytesOfCheck;
  if (bytes_ + bytes > kMaxBytes) {
    plans_.clear();
    bytes_ = 0;
  }
  bytes_ += bytes;
  plans_.emplace(std::move(key), std::move(plan));
}

std::optional<Error> PlanCache::FromText(std::string_view json, std::shared_ptr<const RoutePlan>* out) {
  if ((*out = Find(json)) != nullptr) return std::nullopt;
  auto plan = std::make_shared<RoutePlan>();
  if (auto error = Parse(json, plan.get())) return error;
  *out = plan;
  Keep(std::string(json), std::move(plan));
  return std::nullopt;
}

std::optional<Error> PlanCache::Parse(std::string_view json, RoutePlan* out) const {
  if (json.starts_with("[object ")) {
    return Invalid("config: the header holds the text of a JavaScript object; send JSON.stringify(config)");
  }
  google::protobuf::Arena arena;
  auto* config = google::protobuf::Arena::CreateMessage<v1::RouteConfig>(&arena);
  codec::DecodeError problem;
  if (!codec::Decode(config_type_, json, {.max_depth = kMaxDepth}, config, &problem)) {
    std::string where = problem.path.empty() ? "config" : "config." + problem.path;
    if (problem.not_json && problem.path.empty()) {
      return Invalid(std::move(where) + ": not a JSON text (" + problem.problem +
                     "); send the config as JSON");
    }
    return Invalid(std::move(where) + ": " + problem.problem);
  }
  return CompileRoute(*config, registry_, guardrails_, out, middleware_);
}

std::optional<Error> PlanCache::FromMessage(const v1::RouteConfig& config,
                                            std::shared_ptr<const RoutePlan>* out) {
  // No JSON text begins with this byte.
  std::string key(1, '\0');
  if (!config.AppendToString(&key)) return Invalid("config: is too large");
  if ((*out = Find(key)) != nullptr) return std::nullopt;
  auto plan = std::make_shared<RoutePlan>();
  if (auto error = CompileRoute(config, registry_, guardrails_, plan.get(), middleware_)) return error;
  *out = plan;
  Keep(std::move(key), std::move(plan));
  return std::nullopt;
}

}  // namespace portolan::routing
