#include "server/routing/engine.h"

#include <algorithm>

namespace portolan::routing {
namespace {

using std::chrono::milliseconds;

// A provider that asks for a wait of this length, or for more in all its answers to one call, is not waited
// for.
constexpr milliseconds kLongestRetryAfter = std::chrono::seconds(60);

bool IsSuccess(const Outcome& outcome) {
  return !outcome.transport && outcome.status >= 200 && outcome.status < 300;
}

// Whether a list of statuses covers this outcome.
bool Lists(const StatusSet& statuses, const Outcome& outcome) {
  if (statuses.Contains(outcome.status)) return true;
  if (outcome.status == 529 && statuses.Contains(503)) return true;
  constexpr int kOfTransport[] = {500, 502, 503, 504};
  return outcome.transport && std::any_of(std::begin(kOfTransport), std::end(kOfTransport),
                                          [&](int status) { return statuses.Contains(status); });
}

bool FallsBack(const RouteNode& node, const Outcome& outcome) {
  if (outcome.unsupported) return true;
  return node.on_status_codes ? Lists(*node.on_status_codes, outcome) : !IsSuccess(outcome);
}

std::string Told(const Outcome& outcome) {
  std::string text = std::to_string(outcome.status);
  if (outcome.transport) text += ", a failed connection";
  if (outcome.limit) {
    text.append(", ").append(outcome.limit->name).append(" of ");
    text.append(std::to_string(outcome.limit->length.count())).append(" ms (set by the ");
    text.append(outcome.limit->owner).append(") ran out");
  }
  return text;
}

// A number with a few digits: for people.
std::string Short(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

void Engine::Note(const RouteNode& node, std::string what) {
  if (explain_) decisions_.push_back({&node, std::move(what)});
}

Step Engine::Start() { return Descend(&plan_.root); }

Step Engine::Descend(const RouteNode* node) {
  while (node->kind != RouteNode::Kind::kTarget) {
    const std::optional<size_t> child = Choose(*node);
    if (!child) return {Step::Kind::kNoTarget};
    frames_.push_back({node, *child});
    node = node->children[*child].get();
  }
  target_ = node;
  if (explain_) explained_ = frames_;
  retries_ = 0;
  retry_count_ = 0;
  asked_ = milliseconds(0);
  return {Step::Kind::kTry, node, milliseconds(0)};
}

std::optional<size_t> Engine::Choose(const RouteNode& node) {
  switch (node.kind) {
    case RouteNode::Kind::kLoadBalance:
      return Draw(node);
    case RouteNode::Kind::kConditional:
      return Match(node);
    default:
      return 0;
  }
}

size_t Engine::Draw(const RouteNode& node) {
  double sum = 0;
  for (const double weight : node.weights) sum += weight;
  const double drawn = random_() * sum;
  double below = 0;
  size_t chosen = 0;
  for (size_t i = 0; i < node.weights.size(); ++i) {
    // The last that has a weight takes what rounding leaves over.
    if (node.weights[i] > 0) chosen = i;
    below += node.weights[i];
    if (drawn < below) break;
  }
  if (explain_) {
    Note(node, "drew " + Short(drawn) + " of " + Short(sum) + ": targets[" + std::to_string(chosen) + "]");
  }
  return chosen;
}

std::optional<size_t> Engine::Match(const RouteNode& node) {
  for (size_t i = 0; i < node.branches.size(); ++i) {
    if (!node.branches[i].condition.Matches(facts_)) continue;
    if (explain_) {
      Note(node, "conditions[" + std::to_string(i) + "] matches: targets[" +
                     std::to_string(node.branches[i].child) + "]");
    }
    return node.branches[i].child;
  }
  Note(node, node.otherwise ? "no condition matches: the default"
                            : "no condition matches, and there is no default");
  return node.otherwise;
}

std::optional<milliseconds> Engine::Retry(const Outcome& outcome, TimePoint now, TimePoint deadline) {
  const RetryPolicy& policy = target_->target.retry;
  const bool good = IsSuccess(outcome) && outcome.status != kHooksFailed;
  if (policy.attempts == 0 || outcome.local || outcome.unsupported || good) return std::nullopt;
  if (!outcome.transport && !Lists(policy.on_status_codes, outcome)) return std::nullopt;
  if (retries_ == policy.attempts) {
    retry_count_ = -1;
    Note(*target_, Told(outcome) + ": all retries are made");
    return std::nullopt;
  }
  milliseconds delay =
      std::min(policy.cap, milliseconds(policy.base.count() * (int64_t{1} << std::min(retries_, 10))));
  delay = milliseconds(static_cast<int64_t>(static_cast<double>(delay.count()) * (0.5 + random_() / 2)));
  const bool may_ask = outcome.status == 429 || outcome.status == 503;
  const bool asked = policy.use_retry_after && may_ask && outcome.retry_after;
  if (asked) {
    delay = *outcome.retry_after;
    if (delay >= kLongestRetryAfter || delay > kLongestRetryAfter - asked_) {
      retry_count_ = -1;
      Note(*target_, Told(outcome) + ": asks for a wait that is too long");
      return std::nullopt;
    }
  }
  if (deadline != TimePoint::max() && deadline - now <= delay) {
    Note(*target_, Told(outcome) + ": no time is left for another attempt");
    return std::nullopt;
  }
  if (asked) asked_ += delay;
  return delay;
}

Step Engine::Next(const Outcome& outcome, TimePoint now, TimePoint deadline) {
  if (const std::optional<milliseconds> delay = Retry(outcome, now, deadline)) {
    retry_count_ = ++retries_;
    went_on_ = true;
    Note(*target_, Told(outcome) + ": retry " + std::to_string(retries_) + " after " +
                       std::to_string(delay->count()) + " ms");
    return {Step::Kind::kTry, target_, *delay};
  }
  if (now >= deadline) return {};
  const Step step = GoOn(outcome);
  if (step.kind == Step::Kind::kTry) went_on_ = true;
  return step;
}

Step Engine::GoOn(const Outcome& outcome) {
  while (!frames_.empty()) {
    const Frame frame = frames_.back();
    frames_.pop_back();
    if (frame.node->kind != RouteNode::Kind::kFallback || frame.child + 1 == frame.node->children.size())
      continue;
    if (!FallsBack(*frame.node, outcome)) continue;
    const size_t child = frame.child + 1;
    Note(*frame.node, Told(outcome) + ": falls back to targets[" + std::to_string(child) + "]");
    frames_.push_back({frame.node, child});
    return Descend(frame.node->children[child].get());
  }
  return {};
}

bool Engine::Rejects(int good_status) const {
  if (good_status == kHooksFailed && target_ != nullptr && retries_ < target_->target.retry.attempts &&
      target_->target.retry.on_status_codes.Contains(good_status)) {
    return true;
  }
  return std::any_of(frames_.begin(), frames_.end(), [&](const Frame& frame) {
    return frame.node->kind == RouteNode::Kind::kFallback && frame.child + 1 < frame.node->children.size() &&
           frame.node->on_status_codes && frame.node->on_status_codes->Contains(good_status);
  });
}

bool Engine::MayGoOn() const {
  if (target_ != nullptr && retries_ < target_->target.retry.attempts) return true;
  return std::any_of(frames_.begin(), frames_.end(), [](const Frame& frame) {
    return frame.node->kind == RouteNode::Kind::kFallback && frame.child + 1 < frame.node->children.size();
  });
}

}  // namespace portolan::routing
