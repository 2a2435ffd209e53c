#pragma once

// Which guardrails the targets of a config have: those of the node itself, and those that it inherits.

#include <memory>
#include <string>
#include <vector>

#include "server/guardrails/guardrail_list.h"
#include "server/guardrails/hooks.h"

namespace portolan::v1 {
class RouteConfig;
}

namespace portolan::routing {

// The guardrails and mutators that hold at one node, and that it hands on to its targets. What the node says
// itself takes the place of what it has inherited, guardrails and mutators each by themselves, and those of
// requests and of answers; default guardrails add up, behind all others. A value; copies share the hooks.
class InheritedHooks {
 public:
  // Adds what a node says, whose path is `path`, in a config of `owner`'s. False, with what is wrong in
  // *problem, if some of it makes no sense.
  bool Take(const v1::RouteConfig& config, const std::string& path, guardrails::ListOwner owner,
            const guardrails::NamedGuardrails& named, guardrails::ListNotes* notes,
            guardrails::Problem* problem);

  // What runs at this node, if it is a target; nullptr: nothing.
  const std::shared_ptr<const guardrails::Hooks>& hooks() const { return hooks_; }

 private:
  // In the order in which they run where one node says all of it.
  enum class Place : uint8_t { kHooks, kGuardrails, kMutators };
  struct Hook {
    std::shared_ptr<const guardrails::Guardrail> guardrail;
    Place place;
    bool mutator;  // by its list, and in the long form by its type
  };
  // Those of requests, or those of answers.
  struct Side {
    std::vector<Hook> hooks;
    guardrails::GuardrailList defaults;
  };
  struct Member;
  struct Members;
  class Reader;

  static guardrails::GuardrailList ListOf(const Side& side);

  Side input_;
  Side output_;
  std::shared_ptr<const guardrails::Hooks> hooks_;
};

}  // namespace portolan::routing
