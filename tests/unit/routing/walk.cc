#include "tests/unit/routing/walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>

namespace portolan::routing {
namespace {

using std::chrono::milliseconds;

// No clock of this machine's: any point will do.
constexpr TimePoint kBegin = TimePoint(std::chrono::hours(1000));

std::string PathOf(const RouteNode& node) {
  constexpr std::string_view kRoot = "config.";
  return node.path.starts_with(kRoot) ? node.path.substr(kRoot.size()) : node.path;
}

}  // namespace

Happening Happens(std::string_view text) {
  Happening happening;
  Outcome& outcome = happening.outcome;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), outcome.status);
  EXPECT_EQ(error, std::errc()) << text;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  outcome.transport = text.starts_with('!');
  outcome.unsupported = text == " unsupported";
  outcome.local = outcome.unsupported || text == " local";
  constexpr std::string_view kAfter = " after ";
  if (text.starts_with(kAfter)) {
    outcome.retry_after = milliseconds(std::stoll(std::string(text.substr(kAfter.size()))));
  }
  return happening;
}

std::vector<Happening> AllHappen(const std::vector<std::string>& texts) {
  std::vector<Happening> all;
  all.reserve(texts.size());
  for (const std::string& text : texts) all.push_back(Happens(text));
  return all;
}

Walked Walk(const RoutePlan& plan, const std::vector<Happening>& happenings, const WalkOptions& options) {
  const TimePoint deadline =
      options.budget == milliseconds::max() ? TimePoint::max() : kBegin + options.budget;
  TimePoint now = kBegin;
  Walked walked;
  Engine engine(plan, options.facts, options.random);
  Step step = engine.Start();
  while (step.kind == Step::Kind::kTry) {
    EXPECT_GE(step.delay.count(), 0);
    now += step.delay;
    EXPECT_LT(now, deadline) << "an attempt begins when the time is over";
    walked.attempts.push_back(
        {PathOf(*step.target), step.delay, std::chrono::duration_cast<milliseconds>(now - kBegin)});
    if (walked.attempts.size() > 10'000) {
      ADD_FAILURE() << "the walk does not end";
      break;
    }
    const Happening& happening = happenings[std::min(walked.attempts.size(), happenings.size()) - 1];
    now = std::min(now + happening.takes, std::max(now, deadline));
    walked.last_status = happening.outcome.status;
    const bool good = !happening.outcome.transport && walked.last_status >= 200 && walked.last_status < 300;
    if (good && !engine.Rejects(walked.last_status)) break;
    const bool may_go_on = engine.MayGoOn();
    step = engine.Next(happening.outcome, now, deadline);
    EXPECT_TRUE(may_go_on || step.kind == Step::Kind::kDone) << "goes on although it said that it would not";
  }
  walked.retry_count = engine.retry_count();
  walked.went_on = engine.went_on();
  walked.no_target = step.kind == Step::Kind::kNoTarget;
  return walked;
}

std::string Told(const std::vector<Attempt>& attempts) {
  std::string text;
  for (const Attempt& attempt : attempts) {
    text.append(text.empty() ? "" : ", ").append(attempt.path);
    if (attempt.delay.count() != 0) text.append(" after ").append(std::to_string(attempt.delay.count()));
  }
  return text;
}

}  // namespace portolan::routing
