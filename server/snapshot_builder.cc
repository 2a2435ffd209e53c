#include "server/snapshot_builder.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "providers/key_auth.h"
#include "server/config/exposure.h"
#include "server/guardrails/guardrail_list.h"
#include "server/guardrails/json_schema.h"

namespace portolan {
namespace {

using config::FileSettings;

class Builder {
 public:
  Builder(const Settings& settings, const providers::Catalog& catalog)
      : catalog_(catalog), options_(settings.options), file_(settings.file) {
    snapshot_->timeouts = {options_.connect_timeout, options_.first_byte_timeout, options_.idle_timeout};
    snapshot_->count_streams = options_.count_streams;
  }

  absl::StatusOr<std::shared_ptr<const core::Snapshot>> Build(
      const EnvironmentProviderKeys& environment_keys) {
    auto registry = std::make_unique<providers::Registry>(catalog_);
    if (file_) AddProviders(registry.get());
    if (!options_.default_provider.empty() && registry->Find(options_.default_provider) == nullptr) {
      return absl::InvalidArgumentError("--default-provider: " +
                                        registry->NoProvider(options_.default_provider));
    }
    TakeKeys(environment_keys);
    for (const auto& [name, key] : snapshot_->provider_keys) {
      const std::string problem = registry->Find(name)->auth->ProblemOf(key.Reveal());
      if (!problem.empty()) return absl::InvalidArgumentError("the key of " + name + ": " + problem);
    }
    snapshot_->registry = std::move(registry);
    SetPolicy();
    snapshot_->callers = routing::CallerKeys(options_.caller_keys);
    if (file_) {
      if (absl::Status status = AddGuardrails(); !status.ok()) return status;
      AddMiddleware();
      if (absl::Status status = AddCallers(); !status.ok()) return status;
      if (absl::Status status = AddRoutes(); !status.ok()) return status;
    }
    if (absl::Status status = config::CheckExposure(options_, held_, snapshot_->callers.configured());
        !status.ok()) {
      return status;
    }
    return snapshot_;
  }

 private:
  // One that the file gives another address takes the place of the built-in one, once all are made: a dialect
  // is that of a built-in provider, whatever the file says of its name.
  void AddProviders(providers::Registry* registry) {
    std::vector<std::pair<providers::Provider, std::unique_ptr<const providers::Auth>>> own;
    for (const config::ProviderSettings& provider : file_->providers) {
      if (provider.base_url.empty()) continue;
      std::unique_ptr<const providers::Auth> auth;
      if (!provider.key_header.empty()) auth = std::make_unique<providers::KeyHeader>(provider.key_header);
      own.emplace_back(providers::NamedProvider(*registry->Find(provider.dialect), provider.name,
                                                provider.base_url, provider.stream_usage),
                       std::move(auth));
    }
    for (auto& [provider, auth] : own) registry->Add(std::move(provider), std::move(auth));
  }

  // A key of the environment is for the provider's own address, and gives way to one of the file.
  void TakeKeys(const EnvironmentProviderKeys& environment_keys) {
    for (const auto& [provider, held] : environment_keys) {
      const config::ProviderSettings* said = Said(provider);
      if (said != nullptr && (!said->api_key.empty() || !said->base_url.empty())) continue;
      snapshot_->provider_keys.emplace(provider, held.key);
      held_.push_back(held.variable);
    }
    if (!file_) return;
    for (const config::ProviderSettings& provider : file_->providers) {
      if (provider.api_key.empty()) continue;
      snapshot_->provider_keys.emplace(provider.name, provider.api_key);
      held_.push_back("the key of providers." + provider.name);
    }
  }

  const config::ProviderSettings* Said(std::string_view name) const {
    if (!file_) return nullptr;
    const auto found = std::find_if(file_->providers.begin(), file_->providers.end(),
                                    [&](const auto& provider) { return provider.name == name; });
    return found == file_->providers.end() ? nullptr : &*found;
  }

  void SetPolicy() {
    routing::RoutePolicy& policy = snapshot_->routing;
    policy.registry = snapshot_->registry.get();
    policy.default_provider = options_.default_provider;
    policy.direct_keys = options_.direct_keys;
    policy.gateway_key = [keys = &snapshot_->provider_keys](std::string_view provider) -> const Secret* {
      const auto found = keys->find(provider);
      return found == keys->end() ? nullptr : &found->second;
    };
  }

  absl::Status AddGuardrails() {
    guardrails::Problem problem;
    for (const config::GuardrailSettings& settings : file_->guardrails) {
      const std::string path = "guardrails." + settings.name;
      const auto json = guardrails::ParseJson(settings.json);
      auto guardrail = json ? guardrails::ReadNamedGuardrail(settings.name, *json, path, &problem) : nullptr;
      if (guardrail == nullptr) return Refusal(problem);
      snapshot_->guardrails.emplace(settings.name, std::move(guardrail));
    }
    return ReadHooks(file_->default_hooks, "default_", &snapshot_->default_hooks);
  }

  void AddMiddleware() {
    snapshot_->middleware = file_->middleware;
    for (const auto& settings : file_->middleware) snapshot_->middleware_names.insert(settings->name);
    snapshot_->default_middleware = file_->default_middleware;
  }

  absl::Status AddCallers() {
    for (const config::CallerSettings& settings : file_->callers) {
      routing::Caller caller{settings.name,   settings.sha256, settings.routes,
                             settings.models, nullptr,         settings.middleware};
      if (absl::Status status = ReadHooks(settings.hooks, "callers." + settings.name + ".", &caller.hooks);
          !status.ok()) {
        return status;
      }
      snapshot_->callers.Add(std::move(caller));
    }
    return absl::OkStatus();
  }

  // `place` and the lists' names are where they stand. Leaves *out null where there are none.
  absl::Status ReadHooks(const config::HookSettings& settings, const std::string& place,
                         std::shared_ptr<const guardrails::Hooks>* out) const {
    auto hooks = std::make_shared<guardrails::Hooks>();
    if (absl::Status status = ReadList(settings.input, place + "input_guardrails", &hooks->input);
        !status.ok())
      return status;
    if (absl::Status status = ReadList(settings.output, place + "output_guardrails", &hooks->output);
        !status.ok()) {
      return status;
    }
    if (!hooks->empty()) *out = std::move(hooks);
    return absl::OkStatus();
  }

  absl::Status ReadList(const std::string& text, const std::string& path,
                        guardrails::GuardrailList* list) const {
    guardrails::ListNotes notes;
    guardrails::Problem problem;
    const guardrails::ListRules rules = {.owner = guardrails::ListOwner::kOperator};
    if (ReadGuardrailList(text, path, rules, snapshot_->guardrails, list, &notes, &problem))
      return absl::OkStatus();
    return Refusal(problem);
  }

  static absl::Status Refusal(const guardrails::Problem& problem) {
    return absl::InvalidArgumentError(problem.path + ": " + problem.message);
  }

  // Also where options say it (`vertex_service_account_json`), to whichever provider they may go.
  bool HoldsKey(const routing::TargetSpec& spec) const {
    if (!spec.api_key.empty()) return true;
    if (spec.options.empty()) return false;
    providers::Target target;
    for (const auto& [name, value] : spec.options) target.options.push_back({name, value});
    const auto& all = snapshot_->registry->all();
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& provider) { return !provider->auth->KeyFromOptions(target).empty(); });
  }

  absl::Status AddRoutes() {
    for (const config::RouteSettings& route : file_->routes) {
      auto plan = std::make_shared<routing::RoutePlan>();
      plan->from_operator = true;
      if (auto error = routing::CompileRoute(route.config, *snapshot_->registry, snapshot_->guardrails,
                                             plan.get(), snapshot_->middleware_names)) {
        return absl::InvalidArgumentError("routes." + route.name + ": " + error->message);
      }
      const bool keyed = std::any_of(plan->targets.begin(), plan->targets.end(),
                                     [this](const auto* node) { return HoldsKey(node->target); });
      if (keyed) held_.push_back("the keys of routes." + route.name);
      snapshot_->routes.Add(route.name, std::move(plan));
    }
    for (const config::AliasSettings& alias : file_->aliases) {
      snapshot_->routes.AddAlias(alias.model, alias.route);
    }
    snapshot_->routes.SetDefault(file_->default_route);
    return absl::OkStatus();
  }

  const providers::Catalog& catalog_;
  const config::ServeOptions& options_;
  const std::optional<FileSettings>& file_;
  const std::shared_ptr<core::Snapshot> snapshot_ = std::make_shared<core::Snapshot>();
  std::vector<std::string> held_;  // where keys are held, for the operator
};

}  // namespace

absl::StatusOr<std::shared_ptr<const core::Snapshot>> BuildSnapshot(
    const Settings& settings, const EnvironmentProviderKeys& environment_keys,
    const providers::Catalog& catalog) {
  return Builder(settings, catalog).Build(environment_keys);
}

}  // namespace portolan
