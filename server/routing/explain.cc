#include "server/routing/explain.h"

#include <algorithm>
#include <string>

#include "portolan/v1/explanation.pb.h"
#include "server/base/url_origin.h"
#include "server/guardrails/guardrail_list.h"

namespace portolan::routing {
namespace {

// How a node relates to what the engine has chosen.
enum class State { kChosen, kStandby, kFailed, kUnused };

std::string_view ToString(State state) {
  switch (state) {
    case State::kChosen:
      return "chosen";
    case State::kStandby:
      return "standby";
    case State::kFailed:
      return "failed";
    case State::kUnused:
      return "unused";
  }
  return {};
}

std::string NameOf(const guardrails::Guardrail& guardrail, std::string_view side, size_t place) {
  const std::string_view name = guardrails::CalledName(guardrail);
  return name.empty() ? std::string(side) + "[" + std::to_string(place) + "]" : std::string(name);
}

// `place`: what the names of those without one begin with.
void TellGuardrails(const guardrails::Hooks* hooks, const std::string& place, v1::Candidate* out) {
  if (hooks == nullptr) return;
  for (size_t i = 0; i < hooks->input.size(); ++i)
    out->add_input_guardrails(NameOf(*hooks->input[i], place + "input", i));
  for (size_t i = 0; i < hooks->output.size(); ++i)
    out->add_output_guardrails(NameOf(*hooks->output[i], place + "output", i));
}

// Each once, where it stands first.
void TellMiddleware(const std::vector<std::string>& names, v1::Candidate* out) {
  for (const std::string& name : names) {
    const auto& told = out->middleware();
    if (std::find(told.begin(), told.end(), name) == told.end()) out->add_middleware(name);
  }
}

std::string Target(size_t child) { return "targets[" + std::to_string(child) + "]"; }

class Explainer {
 public:
  Explainer(const RoutePolicy& policy, const RouteRequest& request, const RoutePlan& plan,
            const Engine& engine, const CallWideHooks& hooks, v1::Explanation* out)
      : policy_(policy),
        request_(request),
        plan_(plan),
        frames_(engine.explained()),
        hooks_(hooks),
        out_(*out) {}

  void Run() { Walk(plan_.root, State::kChosen, "the only target", 0); }

 private:
  // `depth`: how many strategies are above the node.
  void Walk(const RouteNode& node, State state, const std::string& reason, size_t depth) {
    if (node.kind == RouteNode::Kind::kTarget) {
      Tell(node, state, reason);
      return;
    }
    // Below the chosen one, the frames say what was chosen there.
    const bool decided = state == State::kChosen && depth < frames_.size();
    for (size_t i = 0; i < node.children.size(); ++i) {
      const auto [child_state, child_reason] =
          decided ? Decided(node, i, frames_[depth].child) : Open(node, i, state, reason);
      Walk(*node.children[i], child_state, child_reason, depth + 1);
    }
  }

  using Standing = std::pair<State, std::string>;

  Standing Decided(const RouteNode& node, size_t child, size_t chosen) const {
    switch (node.kind) {
      case RouteNode::Kind::kFallback:
        if (child < chosen) return {State::kFailed, "tried before " + Target(chosen)};
        if (child > chosen) return {State::kStandby, "if " + Target(child - 1) + " fails"};
        return {State::kChosen, child == 0 ? "the first" : "after " + Target(child - 1) + " failed"};
      case RouteNode::Kind::kLoadBalance:
        return child == chosen ? Standing{State::kChosen, "drawn by weight"}
                               : Standing{State::kUnused, "not drawn"};
      case RouteNode::Kind::kConditional:
        return child == chosen ? Standing{State::kChosen, "by its condition, or as the default"}
                               : Standing{State::kUnused, "the conditions lead elsewhere"};
      default:
        return child == chosen ? Standing{State::kChosen, "the first"}
                               : Standing{State::kUnused, "single takes the first"};
    }
  }

  // Among targets of a strategy that the call has not come to.
  Standing Open(const RouteNode& node, size_t child, State state, const std::string& reason) const {
    // Started, and no condition matched: nobody is called.
    if (state == State::kChosen) return {State::kUnused, "no condition matches"};
    if (state != State::kStandby) return {state, reason};
    switch (node.kind) {
      case RouteNode::Kind::kFallback:
        return {state, child == 0 ? reason : reason + ", then if " + Target(child - 1) + " fails"};
      case RouteNode::Kind::kLoadBalance:
        return {state, reason + ", and it is drawn"};
      case RouteNode::Kind::kConditional:
        return {state, reason + ", and the conditions lead here"};
      default:
        return child == 0 ? Standing{state, reason} : Standing{State::kUnused, "single takes the first"};
    }
  }

  void Tell(const RouteNode& node, State state, const std::string& reason) {
    v1::Candidate& candidate = *out_.add_candidates();
    candidate.set_path(node.path);
    candidate.set_state(std::string(ToString(state)));
    candidate.set_reason(reason);
    TellGuardrails(node.target.hooks.get(), "", &candidate);
    TellGuardrails(hooks_.headers, "headers.", &candidate);
    TellGuardrails(hooks_.caller, "", &candidate);
    TellGuardrails(hooks_.gateway, "", &candidate);
    TellMiddleware(hooks_.middleware, &candidate);
    TellMiddleware(node.target.middleware, &candidate);
    if (state == State::kChosen) out_.set_chosen(node.path);
    Route route;
    const std::optional<Error> error = ResolveTarget(policy_, request_, plan_, node, &route);
    if (error) candidate.set_problem(error->code + ": " + error->message);
    if (!route.model.empty()) candidate.set_model(route.model);
    const providers::Target& target = route.target;
    if (target.provider == nullptr) return;
    candidate.set_provider(target.provider->name);
    if (target.provider->local != nullptr) return;
    const std::string_view origin = OriginOf(target.base_url);
    if (!origin.empty()) candidate.set_host(std::string(origin));
    candidate.set_key(std::string(KeySource(node.target, target)));
  }

  const RoutePolicy& policy_;
  const RouteRequest& request_;
  const RoutePlan& plan_;
  const std::vector<Engine::Frame>& frames_;
  const CallWideHooks& hooks_;
  v1::Explanation& out_;
};

}  // namespace

std::string_view KeySource(const TargetSpec& spec, const providers::Target& target) {
  if (!target.authorization.empty()) return "caller";
  if (target.api_key.empty()) return "none";
  if (!spec.api_key.empty()) return "config";
  return target.key_from_caller ? "caller" : "gateway";
}

void ExplainRoute(const RoutePolicy& policy, const RouteRequest& request, const RoutePlan& plan,
                  const Engine& engine, const CallWideHooks& hooks, v1::Explanation* out) {
  Explainer(policy, request, plan, engine, hooks, out).Run();
  for (const Decision& decision : engine.decisions()) {
    v1::Decision& told = *out->add_decisions();
    told.set_path(decision.node->path);
    told.set_what(decision.what);
  }
}

}  // namespace portolan::routing
