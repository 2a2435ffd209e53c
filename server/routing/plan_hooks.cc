#include "server/routing/plan_hooks.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "portolan/v1/route_config.pb.h"

namespace portolan::routing {

using guardrails::GuardrailList;
using guardrails::HoldsList;
using guardrails::Hooks;
using guardrails::ListKind;

struct InheritedHooks::Member {
  std::string_view name;
  const std::string& text;
};

// What a node may say of one side.
struct InheritedHooks::Members {
  Member hooks;  // the long form
  Member guardrails;
  Member mutators;
  Member defaults;

  bool any() const {
    return HoldsList(hooks.text) || HoldsList(guardrails.text) || HoldsList(mutators.text) ||
           HoldsList(defaults.text);
  }
};

class InheritedHooks::Reader {
 public:
  Reader(const std::string& path, guardrails::ListOwner owner, const guardrails::NamedGuardrails& named,
         guardrails::ListNotes* notes, guardrails::Problem* problem)
      : path_(path), owner_(owner), named_(named), notes_(*notes), problem_(*problem) {}

  bool Read(const Members& members, Side* side) const {
    if (!members.any()) return true;
    std::vector<Hook> own;
    if (!Add(members.hooks, Place::kHooks, &own)) return false;
    // An empty list takes away what is inherited; that of the long form, which may hold both, takes both.
    const bool none = HoldsList(members.hooks.text) && own.empty();
    if (!Add(members.guardrails, Place::kGuardrails, &own) ||
        !Add(members.mutators, Place::kMutators, &own) ||
        !List(members.defaults, ListKind::kGuardrails, &side->defaults)) {
      return false;
    }
    const bool guardrails = none || HoldsList(members.guardrails.text) || Has(own, /*mutator=*/false);
    const bool mutators = none || HoldsList(members.mutators.text) || Has(own, /*mutator=*/true);
    std::erase_if(side->hooks, [&](const Hook& hook) { return hook.mutator ? mutators : guardrails; });
    side->hooks.insert(side->hooks.end(), own.begin(), own.end());
    InOrder(&side->hooks);
    return true;
  }

 private:
  bool List(const Member& member, ListKind kind, GuardrailList* list) const {
    return ReadGuardrailList(member.text, path_ + "." + std::string(member.name), {kind, owner_}, named_,
                             list, &notes_, &problem_);
  }

  bool Add(const Member& member, Place place, std::vector<Hook>* own) const {
    GuardrailList list;
    const bool mutators = place == Place::kMutators;
    if (!List(member, mutators ? ListKind::kMutators : ListKind::kGuardrails, &list)) return false;
    for (auto& guardrail : list) {
      const bool mutator = place == Place::kHooks ? guardrail->mutator : mutators;
      own->push_back({std::move(guardrail), place, mutator});
    }
    return true;
  }

  // By place; within one, what is inherited stays first.
  static void InOrder(std::vector<Hook>* hooks) {
    std::vector<Hook> ordered;
    for (const Place place : {Place::kHooks, Place::kGuardrails, Place::kMutators}) {
      std::copy_if(hooks->begin(), hooks->end(), std::back_inserter(ordered),
                   [place](const Hook& hook) { return hook.place == place; });
    }
    *hooks = std::move(ordered);
  }

  static bool Has(const std::vector<Hook>& hooks, bool mutator) {
    return std::any_of(hooks.begin(), hooks.end(),
                       [mutator](const Hook& hook) { return hook.mutator == mutator; });
  }

  const std::string& path_;
  const guardrails::ListOwner owner_;
  const guardrails::NamedGuardrails& named_;
  guardrails::ListNotes& notes_;
  guardrails::Problem& problem_;
};

GuardrailList InheritedHooks::ListOf(const Side& side) {
  GuardrailList list;
  for (const Hook& hook : side.hooks) list.push_back(hook.guardrail);
  list.insert(list.end(), side.defaults.begin(), side.defaults.end());
  return list;
}

bool InheritedHooks::Take(const v1::RouteConfig& config, const std::string& path, guardrails::ListOwner owner,
                          const guardrails::NamedGuardrails& named, guardrails::ListNotes* notes,
                          guardrails::Problem* problem) {
  const Members input = {{"before_request_hooks", config.before_request_hooks()},
                         {"input_guardrails", config.input_guardrails()},
                         {"input_mutators", config.input_mutators()},
                         {"default_input_guardrails", config.default_input_guardrails()}};
  const Members output = {{"after_request_hooks", config.after_request_hooks()},
                          {"output_guardrails", config.output_guardrails()},
                          {"output_mutators", config.output_mutators()},
                          {"default_output_guardrails", config.default_output_guardrails()}};
  if (!input.any() && !output.any()) return true;
  const Reader reader(path, owner, named, notes, problem);
  if (!reader.Read(input, &input_) || !reader.Read(output, &output_)) return false;
  auto hooks = std::make_shared<const Hooks>(Hooks{ListOf(input_), ListOf(output_)});
  hooks_ = hooks->empty() ? nullptr : std::move(hooks);
  return true;
}

}  // namespace portolan::routing
