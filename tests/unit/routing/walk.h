#pragma once

// A route walked with a clock and a chance of the test's own.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "server/routing/engine.h"

namespace portolan::routing {

// What an attempt comes to, and how long that takes.
struct Happening {
  Outcome outcome;
  std::chrono::milliseconds takes{0};
};

// `503`, a failed connection (`502!`), a refusal of the gateway's own (`401 local`), of an operation that the
// provider does not have (`400 unsupported`), an answer that asks for a wait (`429 after 1500`).
Happening Happens(std::string_view text);
std::vector<Happening> AllHappen(const std::vector<std::string>& texts);

struct Attempt {
  std::string path;  // of the target, without `config.`; `config` for a config that is a target itself
  std::chrono::milliseconds delay{0};   // before it
  std::chrono::milliseconds begins{0};  // on the clock of the walk
  bool operator==(const Attempt&) const = default;
};

struct Walked {
  std::vector<Attempt> attempts;
  int last_status = 0;  // of the last attempt; 0: there was none
  int retry_count = 0;
  bool went_on = false;
  bool no_target = false;  // ended where no condition leads on
};

struct WalkOptions {
  ConditionFacts facts;
  Engine::Random random = [] { return 0.0; };  // each wait is half of what it could be
  std::chrono::milliseconds budget =
      std::chrono::milliseconds::max();  // of the whole call, which begins at 0
};

// Walks a plan as the driver does. What happens is in order; the last goes on for ever.
Walked Walk(const RoutePlan& plan, const std::vector<Happening>& happenings, const WalkOptions& options = {});

// `targets[0], targets[0] after 500, targets[1]`
std::string Told(const std::vector<Attempt>& attempts);

}  // namespace portolan::routing
