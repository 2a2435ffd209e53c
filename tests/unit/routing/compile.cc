#include "tests/unit/routing/compile.h"

#include <gtest/gtest.h>

#include "portolan/v1/route_config.pb.h"
#include "providers/registry.h"
#include "server/routing/plan_cache.h"

namespace portolan::routing {

const codec::Codec& TestCodec() {
  static const std::unique_ptr<codec::Codec> codec = [] {
    const google::protobuf::Descriptor* root = v1::RouteConfig::descriptor();
    return *codec::Codec::Compile({&root, 1});
  }();
  return *codec;
}

std::optional<Error> Compile(std::string_view json, std::shared_ptr<const RoutePlan>* out) {
  return Compile(json, {}, out);
}

std::optional<Error> Compile(std::string_view json, const guardrails::NamedGuardrails& guardrails,
                             std::shared_ptr<const RoutePlan>* out) {
  static const std::unique_ptr<providers::Registry> registry = providers::Registry::BuiltIn();
  static const MiddlewareNames middleware = {"audit", "pii"};
  PlanCache cache(*TestCodec().Find(v1::RouteConfig::descriptor()), *registry, guardrails, middleware);
  return cache.FromText(json, out);
}

std::shared_ptr<const RoutePlan> Compiled(std::string_view json) {
  std::shared_ptr<const RoutePlan> plan = NewOpenRoute();
  const std::optional<Error> error = Compile(json, &plan);
  EXPECT_FALSE(error) << json << ": " << error->message;
  return plan;
}

}  // namespace portolan::routing
