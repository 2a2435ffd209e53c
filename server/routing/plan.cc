#include "server/routing/plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "portolan/v1/route_config.pb.h"
#include "server/base/header.h"
#include "server/base/json_text.h"
#include "server/base/text.h"
#include "server/codec/json_reader.h"
#include "server/routing/forward_headers.h"
#include "server/routing/plan_hooks.h"

namespace portolan::routing {
namespace {

constexpr int kMaxDepth = 32;
constexpr size_t kMaxTargets = 256;
constexpr int64_t kMaxTimeoutMs = 365LL * 24 * 3600 * 1000;
constexpr int32_t kMaxBackoffMs = 600'000;
constexpr size_t kMaxChecks = 256;  // a pattern may take up to 1 MB

constexpr std::array kWithoutEffect = {v1::RouteConfig::kVirtualKeyFieldNumber,
                                       v1::RouteConfig::kCacheFieldNumber,
                                       v1::RouteConfig::kOnStatusCodesFieldNumber,
                                       v1::RouteConfig::kMetadataFieldNumber,
                                       v1::RouteConfig::kIdFieldNumber,
                                       v1::RouteConfig::kCbConfigFieldNumber};

Error Wrong(const std::string& path, const std::string& problem) {
  return Error::InvalidRequest("invalid_config", path + ": " + problem, "x-portolan-config");
}

// What a node passes on to its targets.
struct Inherited {
  std::vector<codec::Edit> override_params;
  RetryPolicy retry;
  std::optional<std::chrono::milliseconds> request_timeout;
  TimeLimits limits;
  std::string custom_host;
  std::vector<std::string> forward_headers;
  std::optional<bool> strict_open_ai_compliance;
  InheritedHooks hooks;
  std::vector<std::string> middleware;
};

class Compiler {
 public:
  Compiler(const providers::Registry& registry, const guardrails::NamedGuardrails& guardrails,
           const MiddlewareNames& middleware, RoutePlan* out)
      : registry_(registry), guardrails_(guardrails), middleware_(middleware), out_(*out) {}

  std::optional<Error> Node(const v1::RouteConfig& config, const std::string& path, int depth,
                            Inherited inherited, RouteNode* node) {
    node->path = path;
    if (depth > kMaxDepth) return Wrong(path, "is nested more than 32 levels deep");
    if (auto error = Inherit(config, path, &inherited)) return error;
    if (depth == 1) out_.middleware = inherited.middleware;
    NameIgnored(config, path);
    const bool strategy = config.has_strategy() && config.strategy().has_mode();
    if (strategy && config.targets().empty()) {
      return Wrong(path + ".targets", "a strategy needs at least one target");
    }
    if (!strategy && (config.targets().empty() || config.has_provider())) {
      if (!config.targets().empty()) Ignore(path, "targets");
      return Target(config, path, std::move(inherited), node);
    }
    if (auto error = Strategy(config, path, node)) return error;
    for (int i = 0; i < config.targets_size(); ++i) {
      auto child = std::make_unique<RouteNode>();
      const std::string at = path + ".targets[" + std::to_string(i) + "]";
      if (auto error = Node(config.targets(i), at, depth + 1, inherited, child.get())) return error;
      if (child->kind == RouteNode::Kind::kTarget) out_.targets.push_back(child.get());
      node->children.push_back(std::move(child));
    }
    return std::nullopt;
  }

 private:
  std::optional<Error> Inherit(const v1::RouteConfig& config, const std::string& path, Inherited* inherited) {
    for (const v1::Param& param : config.override_params()) {
      // The caller has asked for the form of answer that it can read, and the gateway's own member is not
      // sent on.
      if (param.key() == "stream" || param.key() == "portolan") {
        Ignore(path + ".override_params", param.key());
        continue;
      }
      // An entry without a value is a null.
      const std::string json = param.has_value() ? param.value() : "null";
      auto& all = inherited->override_params;
      const auto same = std::find_if(all.begin(), all.end(),
                                     [&](const codec::Edit& edit) { return edit.name == param.key(); });
      if (same != all.end()) {
        same->json = json;
      } else {
        all.push_back({codec::Edit::Kind::kSet, param.key(), json});
      }
    }
    if (config.has_retry()) {
      if (auto error = Retry(config.retry(), path + ".retry", &inherited->retry)) return error;
    }
    if (auto error = Times(config, path, inherited)) return error;
    if (!config.custom_host().empty()) inherited->custom_host = config.custom_host();
    if (!config.forward_headers().empty() || IsEmptyList(config, "forward_headers")) {
      inherited->forward_headers.clear();
      for (int i = 0; i < config.forward_headers_size(); ++i) {
        std::string name = LowerCase(config.forward_headers(i));
        if (!MayForward(name)) {
          return Wrong(path + ".forward_headers[" + std::to_string(i) + "]",
                       JsonString(name) + " cannot be forwarded");
        }
        inherited->forward_headers.push_back(std::move(name));
      }
    }
    if (config.has_strict_open_ai_compliance()) {
      inherited->strict_open_ai_compliance = config.strict_open_ai_compliance();
    }
    if (auto error = Middleware(config, path, &inherited->middleware)) return error;
    return Hooks(config, path, &inherited->hooks);
  }

  // Adds to what is inherited.
  std::optional<Error> Middleware(const v1::RouteConfig& config, const std::string& path,
                                  std::vector<std::string>* out) const {
    for (int i = 0; i < config.middleware_size(); ++i) {
      const std::string& name = config.middleware(i);
      if (!middleware_.contains(name)) {
        return Wrong(path + ".middleware[" + std::to_string(i) + "]",
                     "there is no middleware called " + JsonString(name));
      }
      if (std::find(out->begin(), out->end(), name) == out->end()) out->push_back(name);
    }
    return std::nullopt;
  }

  std::optional<Error> Hooks(const v1::RouteConfig& config, const std::string& path, InheritedHooks* hooks) {
    guardrails::Problem problem;
    guardrails::ListNotes notes;
    const auto owner = out_.from_operator ? guardrails::ListOwner::kOperator : guardrails::ListOwner::kCaller;
    if (!hooks->Take(config, path, owner, guardrails_, &notes, &problem))
      return Wrong(problem.path, problem.message);
    for (const std::string& member : notes.without_effect) Ignore(member);
    out_.checks += notes.checks;
    if (out_.checks > kMaxChecks) return Wrong(path, "a config holds at most 256 checks in its guardrails");
    return std::nullopt;
  }

  static std::optional<Error> Times(const v1::RouteConfig& config, const std::string& path,
                                    Inherited* inherited) {
    struct Row {
      const char* name;
      int64_t milliseconds;
      std::optional<std::chrono::milliseconds>* out;
    };
    const Row rows[] = {
        {".request_timeout", config.request_timeout(), &inherited->request_timeout},
        {".connect_timeout", config.connect_timeout(), &inherited->limits.connect},
        {".first_byte_timeout", config.first_byte_timeout(), &inherited->limits.first_byte},
        {".idle_timeout", config.idle_timeout(), &inherited->limits.idle},
    };
    for (const Row& row : rows) {
      if (row.milliseconds == 0) continue;
      if (row.milliseconds < 0 || row.milliseconds > kMaxTimeoutMs) {
        return Wrong(path + row.name, "must be a whole number of milliseconds, at most a year");
      }
      *row.out = std::chrono::milliseconds(row.milliseconds);
    }
    return std::nullopt;
  }

  // Replaces the parent's whole policy.
  static std::optional<Error> Retry(const v1::Retry& retry, const std::string& path, RetryPolicy* out) {
    *out = RetryPolicy();
    const bool old_name = !retry.has_attempts() && retry.has_count();
    const int attempts = old_name ? retry.count() : retry.attempts();
    if (attempts < 0 || attempts > RetryPolicy::kMaxAttempts) {
      return Wrong(path + (old_name ? ".count" : ".attempts"), "must be between 0 and 5");
    }
    out->attempts = attempts;
    out->use_retry_after = retry.use_retry_after_header() || retry.use_retry_after_headers();
    if (auto error = Backoff(retry, path, out)) return error;
    bool given = false;
    return Statuses(retry, path, &out->on_status_codes, &given);
  }

  static std::optional<Error> Backoff(const v1::Retry& retry, const std::string& path, RetryPolicy* out) {
    const auto fits = [](int32_t ms) { return ms >= 0 && ms <= kMaxBackoffMs; };
    if (!fits(retry.base_ms())) return Wrong(path + ".base_ms", "must be between 0 and 600000");
    if (!fits(retry.cap_ms())) return Wrong(path + ".cap_ms", "must be between 0 and 600000");
    if (retry.has_base_ms()) out->base = std::chrono::milliseconds(retry.base_ms());
    if (retry.has_cap_ms()) out->cap = std::chrono::milliseconds(retry.cap_ms());
    return std::nullopt;
  }

  // Whether a list was given, and is empty.
  template <typename Message>
  static bool IsEmptyList(const Message& from, std::string_view name) {
    return std::any_of(from.extra().begin(), from.extra().end(),
                       [&](const v1::Extra& extra) { return extra.name() == name && extra.json() == "[]"; });
  }

  // The list on_status_codes of a message; an empty one counts as well. Leaves *out as it is if there is
  // none.
  template <typename Message>
  static std::optional<Error> Statuses(const Message& from, const std::string& at, StatusSet* out,
                                       bool* given) {
    const auto& list = from.on_status_codes();
    const std::string path = at + ".on_status_codes";
    *given = !list.empty() || IsEmptyList(from, "on_status_codes");
    if (!*given) return std::nullopt;
    std::vector<int> statuses;
    for (int i = 0; i < list.size(); ++i) {
      if (list[i] < 100 || list[i] > 599) {
        return Wrong(path + "[" + std::to_string(i) + "]", "must be a status between 100 and 599");
      }
      statuses.push_back(list[i]);
    }
    *out = StatusSet(std::move(statuses));
    return std::nullopt;
  }

  std::optional<Error> Target(const v1::RouteConfig& config, const std::string& path, Inherited inherited,
                              RouteNode* node) {
    if (++targets_ > kMaxTargets) return Wrong(path, "a config holds at most 256 targets");
    node->kind = RouteNode::Kind::kTarget;
    TargetSpec& target = node->target;
    if (!config.provider().empty()) {
      target.provider = registry_.Find(config.provider());
      if (target.provider == nullptr) {
        return Wrong(path + ".provider", registry_.NoProvider(config.provider()));
      }
    }
    target.api_key = Secret(config.api_key());
    target.custom_host = std::move(inherited.custom_host);
    target.override_params = std::move(inherited.override_params);
    target.retry = std::move(inherited.retry);
    target.request_timeout = inherited.request_timeout;
    target.limits = inherited.limits;
    target.forward_headers = std::move(inherited.forward_headers);
    target.strict_open_ai_compliance = inherited.strict_open_ai_compliance;
    target.hooks = inherited.hooks.hooks();
    target.middleware = std::move(inherited.middleware);
    return Options(config, path, &target);
  }

  std::optional<Error> Options(const v1::RouteConfig& config, const std::string& path, TargetSpec* target) {
    for (const v1::Extra& extra : config.extra()) {
      codec::JsonReader reader(extra.json());
      const codec::JsonType type = reader.Peek();
      // Known members that are null, [] or {} stand here as well; they say nothing.
      if (type == codec::JsonType::kNull || extra.json() == "[]" || extra.json() == "{}") continue;
      std::string scratch;
      std::string_view value;
      if (type == codec::JsonType::kObject && IsJsonOption(extra.name())) {
        target->options.emplace_back(extra.name(), extra.json());
        continue;
      }
      if (type != codec::JsonType::kString || !reader.ReadString(&value, &scratch)) {
        return Wrong(path + "." + extra.name(), "is not a member of a config");
      }
      target->options.emplace_back(extra.name(), value);
    }
    return std::nullopt;
  }

  // Whether some provider has an option of this name that is an object.
  bool IsJsonOption(std::string_view name) const {
    return std::any_of(registry_.all().begin(), registry_.all().end(), [&](const auto& provider) {
      return std::any_of(provider->options.begin(), provider->options.end(),
                         [&](const auto& option) { return option.is_json && option.name == name; });
    });
  }

  // Portkey's members without effect here: accepted, and said so.
  void NameIgnored(const v1::RouteConfig& config, const std::string& path) {
    const auto* reflection = config.GetReflection();
    const auto* type = config.GetDescriptor();
    for (const int number : kWithoutEffect) {
      const auto* field = type->FindFieldByNumber(number);
      if (reflection->HasField(config, field)) Ignore(path, field->name());
    }
  }

  void Ignore(const std::string& path, const std::string& name) { Ignore(path + "." + name); }
  void Ignore(const std::string& path) {
    out_.ignored.push_back(path.substr(std::string_view("config.").size()));
  }

  std::optional<Error> Strategy(const v1::RouteConfig& config, const std::string& path, RouteNode* node) {
    const std::string at = path + ".strategy";
    switch (config.strategy().mode()) {
      case v1::STRATEGY_MODE_UNSPECIFIED:
        if (config.targets_size() > 1) return Wrong(at + ".mode", "must say how to choose among the targets");
        [[fallthrough]];
      case v1::STRATEGY_MODE_SINGLE:
        node->kind = RouteNode::Kind::kSingle;
        return std::nullopt;
      case v1::STRATEGY_MODE_FALLBACK:
        node->kind = RouteNode::Kind::kFallback;
        return FallbackStatuses(config.strategy(), at, node);
      case v1::STRATEGY_MODE_LOADBALANCE:
        node->kind = RouteNode::Kind::kLoadBalance;
        return Weights(config, path, node);
      case v1::STRATEGY_MODE_CONDITIONAL:
        node->kind = RouteNode::Kind::kConditional;
        return Conditions(config, at, node);
      default:
        return Wrong(at + ".mode", "must be single, fallback, loadbalance or conditional");
    }
  }

  static std::optional<Error> FallbackStatuses(const v1::Strategy& strategy, const std::string& at,
                                               RouteNode* node) {
    StatusSet statuses;
    bool given = false;
    if (auto error = Statuses(strategy, at, &statuses, &given)) return error;
    if (given) node->on_status_codes = std::move(statuses);
    return std::nullopt;
  }

  static std::optional<Error> Weights(const v1::RouteConfig& config, const std::string& path,
                                      RouteNode* node) {
    double sum = 0;
    for (int i = 0; i < config.targets_size(); ++i) {
      const v1::Weight& weight = config.targets(i).weight();
      double value = 1;
      bool number = true;
      if (weight.has_number()) value = weight.number();
      if (weight.has_text()) {
        const std::string& text = weight.text();
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        number = error == std::errc() && end == text.data() + text.size();
      }
      if (!number || !std::isfinite(value) || value < 0) {
        return Wrong(path + ".targets[" + std::to_string(i) + "].weight", "must be a number, not negative");
      }
      node->weights.push_back(value);
      sum += value;
    }
    if (!(sum > 0) || !std::isfinite(sum)) return Wrong(path + ".targets", "the weights must not all be 0");
    return std::nullopt;
  }

  std::optional<Error> Conditions(const v1::RouteConfig& config, const std::string& at, RouteNode* node) {
    const v1::Strategy& strategy = config.strategy();
    if (strategy.conditions().empty()) return Wrong(at + ".conditions", "must hold at least one condition");
    for (int i = 0; i < strategy.conditions_size(); ++i) {
      const v1::Condition& from = strategy.conditions(i);
      const std::string place = at + ".conditions[" + std::to_string(i) + "]";
      std::string problem;
      std::optional<Condition> condition =
          Condition::Compile(from.has_query() ? from.query() : "null", &problem);
      if (!condition) return Wrong(place + ".query", problem);
      size_t child = 0;
      if (auto error = ChildNamed(config, from.then(), place + ".then", &child)) return error;
      out_.reads_params |= condition->reads_params();
      node->branches.push_back({*std::move(condition), child});
    }
    if (!strategy.has_default_()) return std::nullopt;
    return ChildNamed(config, strategy.default_(), at + ".default", &node->otherwise.emplace());
  }

  static std::optional<Error> ChildNamed(const v1::RouteConfig& config, const std::string& name,
                                         const std::string& at, size_t* child) {
    for (int i = 0; i < config.targets_size(); ++i) {
      if (config.targets(i).has_name() && config.targets(i).name() == name) {
        *child = static_cast<size_t>(i);
        return std::nullopt;
      }
    }
    return Wrong(at, "no target is called " + JsonString(name));
  }

  const providers::Registry& registry_;
  const guardrails::NamedGuardrails& guardrails_;
  const MiddlewareNames& middleware_;
  RoutePlan& out_;
  size_t targets_ = 0;
};

}  // namespace

bool StatusSet::Contains(int status) const {
  return std::find(statuses_.begin(), statuses_.end(), status) != statuses_.end();
}

std::optional<Error> CompileRoute(const v1::RouteConfig& config, const providers::Registry& registry,
                                  const guardrails::NamedGuardrails& guardrails, RoutePlan* out,
                                  const MiddlewareNames& middleware) {
  if (auto error = Compiler(registry, guardrails, middleware, out).Node(config, "config", 1, {}, &out->root))
    return error;
  if (out->root.kind == RouteNode::Kind::kTarget) out->targets.push_back(&out->root);
  return std::nullopt;
}

std::unique_ptr<const RoutePlan> NewOpenRoute() {
  auto plan = std::make_unique<RoutePlan>();
  plan->targets.push_back(&plan->root);
  return plan;
}

}  // namespace portolan::routing
