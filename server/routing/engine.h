#pragma once

// What to do next on a route: a state machine over the plan and what has happened so far. Pure: time and
// chance come from outside, and it calls nobody. One call, one engine; at most one attempt is under way at a
// time.
//
//   Engine engine(plan, facts, random);
//   for (Step step = engine.Start(); step.kind == Step::Kind::kTry;) {
//     ... wait step.delay, try step.target ...
//     step = engine.Next(outcome, now, deadline);
//   }
//   // kDone: what the last attempt came to is the answer

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/routing/condition.h"
#include "server/routing/plan.h"

namespace portolan::routing {

using TimePoint = std::chrono::steady_clock::time_point;

// What one attempt came to.
struct Outcome {
  int status = 0;  // HTTP's; of a failure, what the caller would be told
  // The provider did not answer in good order: refused, reset, no such name, TLS, garbage. Worth another
  // attempt whatever the lists of statuses say, where any attempt is.
  bool transport = false;
  // The gateway itself refused to call: no key, a host that is not allowed. Trying again would change
  // nothing.
  bool local = false;
  // The provider has no such operation: the next target may.
  bool unsupported = false;
  std::optional<std::chrono::milliseconds> retry_after;
};

struct Step {
  enum class Kind : uint8_t {
    kTry,
    kDone,      // what the last attempt came to is the answer
    kNoTarget,  // no condition matches, and there is no default: the call is refused
  };
  Kind kind = Kind::kDone;
  const RouteNode* target = nullptr;   // kTry
  std::chrono::milliseconds delay{0};  // kTry: before it
};

// One decision, for those who ask why.
struct Decision {
  const RouteNode* node = nullptr;
  std::string what;
};

class Engine {
 public:
  // Chance: uniform in [0, 1).
  using Random = std::function<double()>;

  // `plan`, `facts` and `random` must outlive the engine.
  Engine(const RoutePlan& plan, const ConditionFacts& facts, const Random& random)
      : plan_(plan), facts_(facts), random_(random) {}

  // The first step: kTry or kNoTarget.
  Step Start();
  // The step after an attempt. No wait and no attempt begins that could not end before `deadline`.
  Step Next(const Outcome& outcome, TimePoint now, TimePoint deadline);

  // Whether another attempt may follow if the one under way fails: while it may, nothing is given to the
  // caller.
  bool MayGoOn() const;
  // Whether the route goes on after this status although it is a good one: a fallback lists it, and has
  // another target.
  bool Rejects(int good_status) const;
  // Retries made at the target in use; -1 when they are used up and it still failed, or when it asked for a
  // wait that is too long.
  int retry_count() const { return retry_count_; }
  // Whether an attempt was made after a failed one.
  bool went_on() const { return went_on_; }
  // Decisions are recorded from now on.
  void Explain() { explain_ = true; }
  const std::vector<Decision>& decisions() const { return decisions_; }

  // A strategy on the way down to the target in use, and which of its targets that goes by.
  struct Frame {
    const RouteNode* node;
    size_t child;
  };
  // From the root down to the target in use, or the last one that was; empty if there was none.
  // REQUIRES: Explain() was called at the start.
  const std::vector<Frame>& explained() const { return explained_; }

 private:
  Step Descend(const RouteNode* node);
  // To the next target of the innermost fallback that goes on after `outcome`.
  Step GoOn(const Outcome& outcome);
  std::optional<size_t> Choose(const RouteNode& node);
  size_t Draw(const RouteNode& node);
  std::optional<size_t> Match(const RouteNode& node);
  // The wait before another attempt at the same target; nullopt: there is none.
  std::optional<std::chrono::milliseconds> Retry(const Outcome& outcome, TimePoint now, TimePoint deadline);
  void Note(const RouteNode& node, std::string what);

  const RoutePlan& plan_;
  const ConditionFacts& facts_;
  const Random& random_;
  std::vector<Frame> frames_;
  const RouteNode* target_ = nullptr;
  int retries_ = 0;                     // made at target_
  std::chrono::milliseconds asked_{0};  // waits that target_ asked for
  int retry_count_ = 0;
  bool went_on_ = false;
  bool explain_ = false;
  std::vector<Decision> decisions_;
  std::vector<Frame> explained_;
};

}  // namespace portolan::routing
