// Configs from a hostile world, and calls that meet anything on the route. The input is a config, a zero
// byte, and bytes that say what happens. Properties: a config is refused with 400 and a path, or makes a plan
// whose paths lead to its targets, and the same one when it comes back or comes typed; a walk tries targets
// in their order, each as often as it may, waits no longer than the longest wait, and begins nothing when the
// time is over.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "portolan/v1/route_config.pb.h"
#include "providers/registry.h"
#include "server/codec/codec.h"
#include "server/routing/engine.h"
#include "server/routing/plan_cache.h"

namespace {

using namespace portolan;
using namespace portolan::routing;
using std::chrono::milliseconds;

void Require(bool holds) {
  if (!holds) std::abort();
}

struct Tools {
  Tools() {
    const google::protobuf::Descriptor* root = v1::RouteConfig::descriptor();
    codec = *codec::Codec::Compile({&root, 1});
    registry = providers::Registry::BuiltIn();
  }
  std::unique_ptr<codec::Codec> codec;
  std::unique_ptr<const providers::Registry> registry;
};

// The bytes that say what happens; zeros when they are used up.
class Fate {
 public:
  explicit Fate(std::string_view bytes) : bytes_(bytes) {}
  uint8_t Next() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(bytes_[0]);
    bytes_.remove_prefix(1);
    return byte;
  }

 private:
  std::string_view bytes_;
};

// Follows `config.targets[1].targets[0]`; nullptr if it leads nowhere.
const RouteNode* Find(const RouteNode& root, std::string_view path) {
  constexpr std::string_view kStep = ".targets[";
  if (!path.starts_with("config")) return nullptr;
  path.remove_prefix(6);
  const RouteNode* node = &root;
  while (!path.empty()) {
    if (!path.starts_with(kStep)) return nullptr;
    path.remove_prefix(kStep.size());
    const size_t end = path.find(']');
    const size_t child = std::stoul(std::string(path.substr(0, end)));
    if (child >= node->children.size()) return nullptr;
    node = node->children[child].get();
    path.remove_prefix(end + 1);
  }
  return node;
}

void CheckPlan(const RoutePlan& plan) {
  Require(!plan.targets.empty() && plan.targets.size() <= 256);
  for (const RouteNode* target : plan.targets) {
    Require(target->kind == RouteNode::Kind::kTarget);
    Require(Find(plan.root, target->path) == target);
    Require(target->target.retry.attempts >= 0 && target->target.retry.attempts <= RetryPolicy::kMaxAttempts);
  }
}

// A typed config makes the same plan as its text.
void CheckTyped(PlanCache& cache, const codec::MessagePlan& type, std::string_view json,
                const RoutePlan& plan) {
  v1::RouteConfig config;
  codec::DecodeError problem;
  Require(codec::Decode(type, json, {.max_depth = 96}, &config, &problem));
  std::shared_ptr<const RoutePlan> typed;
  Require(!cache.FromMessage(config, &typed));
  Require(typed->targets.size() == plan.targets.size());
  Require(typed->ignored == plan.ignored && typed->reads_params == plan.reads_params);
  for (size_t i = 0; i < plan.targets.size(); ++i) {
    Require(typed->targets[i]->path == plan.targets[i]->path);
    Require(typed->targets[i]->target.provider == plan.targets[i]->target.provider);
    const auto& hooks = plan.targets[i]->target.hooks;
    const auto& typed_hooks = typed->targets[i]->target.hooks;
    Require((typed_hooks ? typed_hooks->input.size() : 0) == (hooks ? hooks->input.size() : 0));
    Require((typed_hooks ? typed_hooks->output.size() : 0) == (hooks ? hooks->output.size() : 0));
  }
}

Outcome Happens(Fate& fate) {
  constexpr int kStatuses[] = {200, 204, 246, 400, 401, 408, 418, 429,
                               429, 500, 500, 502, 503, 504, 529, 599};
  const uint8_t byte = fate.Next();
  Outcome outcome;
  outcome.status = kStatuses[byte & 15];
  outcome.transport = (byte & 0x30) == 0x10 && outcome.status >= 500;
  outcome.local = (byte & 0x30) == 0x20;
  outcome.unsupported = outcome.local && (byte & 0x40) != 0;
  if ((byte & 0x80) != 0) outcome.retry_after = milliseconds(int64_t{fate.Next()} * 300);
  return outcome;
}

size_t Position(const RoutePlan& plan, const RouteNode* target) {
  return static_cast<size_t>(std::find(plan.targets.begin(), plan.targets.end(), target) -
                             plan.targets.begin());
}

void Walk(const RoutePlan& plan, Fate fate) {
  constexpr milliseconds kLongest(600'000);
  const uint8_t plain = fate.Next();
  ConditionFacts facts;
  if ((plain & 1) != 0) facts.metadata = R"({"plan":"paid","n":"7"})";
  if ((plain & 2) != 0) facts.params = R"({"model":"m","messages":[{"role":"user"}]})";
  facts.pathname = "/v1/chat/completions";
  TimePoint now(std::chrono::hours(1));
  const TimePoint deadline = (plain & 4) != 0 ? now + std::chrono::seconds(fate.Next()) : TimePoint::max();
  const Engine::Random random = [&] { return fate.Next() / 256.0; };

  Engine engine(plan, facts, random);
  if ((plain & 8) != 0) engine.Explain();
  size_t last = std::numeric_limits<size_t>::max();
  int tries = 0;
  Step step = engine.Start();
  while (step.kind == Step::Kind::kTry) {
    const size_t at = Position(plan, step.target);
    Require(at < plan.targets.size());
    Require(step.delay >= milliseconds(0) && step.delay <= kLongest);
    now += step.delay;
    Require(last == std::numeric_limits<size_t>::max() || now < deadline);
    if (at == last) {
      ++tries;
      Require(tries <= 1 + step.target->target.retry.attempts);
    } else {
      Require(last == std::numeric_limits<size_t>::max() || at > last);
      Require(step.delay == milliseconds(0));
      last = at;
      tries = 1;
    }
    const Outcome outcome = Happens(fate);
    const bool good = !outcome.transport && !outcome.local && outcome.status < 300;
    if (good && !engine.Rejects(outcome.status)) break;
    now += milliseconds(fate.Next());
    const bool may_go_on = engine.MayGoOn();
    step = engine.Next(outcome, now, deadline);
    Require(may_go_on || step.kind == Step::Kind::kDone);
    Require(engine.retry_count() >= -1 && engine.retry_count() <= RetryPolicy::kMaxAttempts);
  }
  for (const Decision& decision : engine.decisions())
    Require(decision.node != nullptr && !decision.what.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Tools tools;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(input.find('\0'), size);
  const std::string_view json = input.substr(0, end);
  const codec::MessagePlan& type = *tools.codec->Find(v1::RouteConfig::descriptor());
  const guardrails::NamedGuardrails no_guardrails;
  static const MiddlewareNames middleware = {"audit", "pii"};
  PlanCache cache(type, *tools.registry, no_guardrails, middleware);

  std::shared_ptr<const RoutePlan> plan;
  if (const std::optional<Error> error = cache.FromText(json, &plan)) {
    Require(error->http_status == 400 && error->code == "invalid_config");
    Require(error->message.starts_with("config"));
    return 0;
  }
  std::shared_ptr<const RoutePlan> again;
  Require(!cache.FromText(json, &again) && again == plan);
  CheckPlan(*plan);
  CheckTyped(cache, type, json, *plan);
  Walk(*plan, Fate(input.substr(std::min(end + 1, size))));
  return 0;
}
