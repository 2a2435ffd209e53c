#pragma once

// The routes that the operator has written, by name, by model alias and by default.

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "server/routing/plan.h"

namespace portolan::routing {

// Immutable once built, thread-safe.
class NamedRoutes {
 public:
  struct Named {
    std::string_view name;
    std::shared_ptr<const RoutePlan> plan;
  };

  void Add(std::string name, std::shared_ptr<const RoutePlan> plan) {
    routes_.emplace(std::move(name), std::move(plan));
  }
  // REQUIRES: `route` was added.
  void AddAlias(std::string model, std::string route) {
    aliases_.emplace(std::move(model), std::move(route));
  }
  void SetDefault(std::string route) { default_route_ = std::move(route); }

  // Each returns an empty Named if there is no such route. The name is valid as long as this.
  Named Find(std::string_view name) const {
    const auto found = routes_.find(name);
    return found == routes_.end() ? Named() : Named{found->first, found->second};
  }
  Named ForModel(std::string_view model) const {
    const auto found = aliases_.find(model);
    return found == aliases_.end() ? Named() : Find(found->second);
  }
  Named Default() const { return Find(default_route_); }

  const std::map<std::string, std::shared_ptr<const RoutePlan>, std::less<>>& routes() const {
    return routes_;
  }
  const std::map<std::string, std::string, std::less<>>& aliases() const { return aliases_; }

 private:
  std::map<std::string, std::shared_ptr<const RoutePlan>, std::less<>> routes_;
  std::map<std::string, std::string, std::less<>> aliases_;
  std::string default_route_;
};

}  // namespace portolan::routing
