#pragma once

// Decides what to do next on a route: a state machine over the plan and what has happened so far. Pure: time
// and chance are passed in, and it calls nobody. One engine per call, with at most one attempt under way; not
// thread-safe.
//
//   Engine engine(plan, facts, random);
//   for (Step step = engine.Start(); step.kind == Step::Kind::kTry;) {
//     ... wait step.delay, try step.target ...
//     step = engine.Next(outcome, now, deadline);
//   }
//   // kDone: the outcome of the last attempt is the answer

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/routing/condition.h"
#include "server/routing/plan.h"

namespace portolan::routing {

using TimePoint = std::chrono::steady_clock::time_point;

// The status of a good answer of which some guardrail that does not deny has failed.
inline constexpr int kHooksFailed = 246;

// How one attempt ended.
struct Outcome {
  int status = 0;  // of HTTP; for a failure, the one that the caller would get
  // The provider did not answer properly: refused, reset, no such name, TLS, garbage. This deserves another
  // attempt wherever anything does, whatever the list of statuses says.
  bool transport = false;
  // The gateway itself refused to call: no key, or a host that is not allowed. Trying again would not help.
  bool local = false;
  // The provider does not have the operation; the next target may.
  bool unsupported = false;
  std::optional<std::chrono::milliseconds> retry_after;
  std::optional<TimeLimit> limit;  // that ran out
};

struct Step {
  enum class Kind : uint8_t {
    kTry,
    kDone,      // the outcome of the last attempt is the answer
    kNoTarget,  // no condition matches and there is no default: the call is refused
  };
  Kind kind = Kind::kDone;
  const RouteNode* target = nullptr;   // kTry
  std::chrono::milliseconds delay{0};  // kTry: how long to wait first
};

// One decision, for an explanation.
struct Decision {
  const RouteNode* node = nullptr;
  std::string what;
};

class Engine {
 public:
  // Returns a random number, uniform in [0, 1).
  using Random = std::function<double()>;

  // `plan`, `facts` and `random` must outlive the engine.
  Engine(const RoutePlan& plan, const ConditionFacts& facts, const Random& random)
      : plan_(plan), facts_(facts), random_(random) {}

  // The first step: kTry or kNoTarget.
  Step Start();
  // The step after an attempt. Never a step whose wait would not be over before `deadline`.
  Step Next(const Outcome& outcome, TimePoint now, TimePoint deadline);

  // Whether another attempt may follow if the one under way fails. While that is so, nothing is given to the
  // caller.
  bool MayGoOn() const;
  // Whether the route goes on after this status even though it is a good one, because a fallback lists it and
  // has another target.
  bool Rejects(int good_status) const;
  // How often the target in use was retried; -1 if the retries are used up and it still failed, or it asked
  // for too long a wait.
  int retry_count() const { return retry_count_; }
  // Whether there was another attempt after a failed one.
  bool went_on() const { return went_on_; }
  // Records decisions from now on.
  void Explain() { explain_ = true; }
  const std::vector<Decision>& decisions() const { return decisions_; }

  // A strategy on the way down to the target in use, and the index of its child on that way.
  struct Frame {
    const RouteNode* node;
    size_t child;
  };
  // The way from the root to the target in use, or to the last one used; empty if there was none. REQUIRES:
  // Explain() was called before Start().
  const std::vector<Frame>& explained() const { return explained_; }

 private:
  Step Descend(const RouteNode* node);
  // Moves on to the next target of the innermost fallback that continues after `outcome`.
  Step GoOn(const Outcome& outcome);
  std::optional<size_t> Choose(const RouteNode& node);
  size_t Draw(const RouteNode& node);
  std::optional<size_t> Match(const RouteNode& node);
  // The wait before another attempt at the same target; nullopt if there is to be none.
  std::optional<std::chrono::milliseconds> Retry(const Outcome& outcome, TimePoint now, TimePoint deadline);
  void Note(const RouteNode& node, std::string what);

  const RoutePlan& plan_;
  const ConditionFacts& facts_;
  const Random& random_;
  std::vector<Frame> frames_;
  const RouteNode* target_ = nullptr;
  int retries_ = 0;                     // made at target_
  std::chrono::milliseconds asked_{0};  // sum of the waits that target_ asked for
  int retry_count_ = 0;
  bool went_on_ = false;
  bool explain_ = false;
  std::vector<Decision> decisions_;
  std::vector<Frame> explained_;
};

}  // namespace portolan::routing
