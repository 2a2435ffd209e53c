// The engine against an interpreter of the rules that is as plain as can be: it follows the config's JSON by
// recursion, and knows nothing of plans. Both are given thousands of configs made by chance, and must make
// the same attempts at the same times.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/rounds.h"
#include "tests/unit/routing/compile.h"
#include "tests/unit/routing/walk.h"

namespace portolan::routing {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// What one call meets.
struct World {
  std::vector<Happening> happenings;
  int chance = 0;  // in 64ths, the same each time it is asked for
  int64_t budget = INT64_MAX;
};

class Oracle {
 public:
  explicit Oracle(const World& world) : world_(world) {}

  Walked Run(const json& config) {
    Follow(config, "config", json());
    result_.last_status = result_.attempts.empty() ? 0 : last_.status;
    return result_;
  }

 private:
  static bool Lists(const json& list, int status) {
    return std::find(list.begin(), list.end(), status) != list.end();
  }

  static bool Means(const json& list, const Outcome& outcome) {
    if (Lists(list, outcome.status) || (outcome.status == 529 && Lists(list, 503))) return true;
    return outcome.transport &&
           (Lists(list, 500) || Lists(list, 502) || Lists(list, 503) || Lists(list, 504));
  }

  bool Good() const { return !last_.transport && last_.status >= 200 && last_.status <= 299; }

  // Leaves in last_ what the node came to. A condition without a match ends the call.
  void Follow(const json& node, const std::string& path, json retry) {
    if (node.contains("retry")) retry = node["retry"];
    if (!node.contains("strategy")) return Leaf(path, retry);
    const json& strategy = node["strategy"];
    const json& targets = node["targets"];
    const auto follow = [&](size_t i) {
      Follow(targets[i], path + ".targets[" + std::to_string(i) + "]", retry);
    };
    if (strategy["mode"] == "single") return follow(0);
    if (strategy["mode"] == "loadbalance") return follow(Drawn(targets));
    if (strategy["mode"] == "conditional") {
      const std::string name = NameChosen(strategy);
      for (size_t i = 0; i < targets.size(); ++i) {
        if (targets[i].value("name", "") == name) return follow(i);
      }
      result_.no_target = true;
      return;
    }
    for (size_t i = 0; i < targets.size(); ++i) {
      if (now_ >= world_.budget) return;
      follow(i);
      if (result_.no_target) return;
      if (last_.unsupported) continue;
      if (strategy.contains("on_status_codes") ? !Means(strategy["on_status_codes"], last_) : Good()) return;
    }
  }

  size_t Drawn(const json& targets) const {
    double sum = 0;
    for (const json& target : targets) sum += WeightOf(target);
    double rest = world_.chance / 64.0 * sum;
    for (size_t i = 0; i < targets.size(); ++i) {
      const double weight = WeightOf(targets[i]);
      if (rest < weight) return i;
      rest -= weight;
    }
    return targets.size() - 1;
  }

  static double WeightOf(const json& target) { return target.value("weight", 1.0); }

  static std::string NameChosen(const json& strategy) {
    for (const json& condition : strategy["conditions"]) {
      if (condition["query"]["metadata.plan"] == "paid") return condition["then"];
    }
    return strategy.value("default", "nobody");
  }

  void Leaf(const std::string& path, const json& retry) {
    const int attempts = retry.is_null() ? 0 : retry.value("attempts", 0);
    const json list =
        retry.is_null() ? json() : retry.value("on_status_codes", json{429, 500, 502, 503, 504});
    int64_t asked = 0;
    int64_t delay = 0;
    for (int made = 0;; ++made) {
      Attempt(path, delay);
      result_.retry_count = made;
      if (attempts == 0 || Good() || last_.local) return;
      if (!last_.transport && !Means(list, last_)) return;
      if (made == attempts) {
        result_.retry_count = -1;
        return;
      }
      int64_t whole = retry.value("base_ms", 1000);
      for (int i = 0; i < made; ++i) whole *= 2;
      whole = std::min<int64_t>(whole, retry.value("cap_ms", 16000));
      delay = whole * (64 + world_.chance) / 128;
      if (retry.value("use_retry_after_header", false) && last_.retry_after &&
          (last_.status == 429 || last_.status == 503)) {
        delay = last_.retry_after->count();
        if (delay >= 60'000 || asked + delay > 60'000) {
          result_.retry_count = -1;
          return;
        }
        if (now_ + delay < world_.budget) asked += delay;
      }
      if (now_ + delay >= world_.budget) return;
    }
  }

  void Attempt(const std::string& path, int64_t delay) {
    now_ += delay;
    const std::string shown = path == "config" ? path : path.substr(7);
    result_.attempts.push_back({shown, milliseconds(delay), milliseconds(now_)});
    const Happening& happening =
        world_.happenings[std::min(result_.attempts.size(), world_.happenings.size()) - 1];
    now_ = std::min(now_ + happening.takes.count(), world_.budget);
    last_ = happening.outcome;
  }

  const World& world_;
  int64_t now_ = 0;
  Outcome last_;
  Walked result_;
};

// Configs and worlds by chance.
class Maker {
 public:
  explicit Maker(unsigned seed) : generator_(seed) {}

  json Config(int depth) {
    json node = json::object();
    if (Below(3) == 0) node["retry"] = Retry();
    if (depth == 0 || Below(4) == 0) {
      node["provider"] = "echo";
      return node;
    }
    constexpr const char* kModes[] = {"single", "fallback", "fallback", "loadbalance", "conditional"};
    json strategy = {{"mode", kModes[Below(5)]}};
    json targets = json::array();
    for (size_t i = 0, n = 1 + Below(4); i < n; ++i) {
      json target = Config(depth - 1);
      target["name"] = std::string(1, static_cast<char>('a' + i));
      if (Below(2) == 0) target["weight"] = Below(5);
      targets.push_back(std::move(target));
    }
    targets[Below(targets.size())]["weight"] = 1 + Below(3);
    if (strategy["mode"] == "fallback" && Below(2) == 0) strategy["on_status_codes"] = Statuses();
    if (strategy["mode"] == "conditional") {
      const auto name = [&] { return targets[Below(targets.size())]["name"]; };
      strategy["conditions"] = json::array();
      for (size_t i = 0, n = 1 + Below(2); i < n; ++i) {
        strategy["conditions"].push_back(
            {{"query", {{"metadata.plan", Below(3) == 0 ? "paid" : "free"}}}, {"then", name()}});
      }
      if (Below(3) != 0) strategy["default"] = name();
    }
    node["strategy"] = std::move(strategy);
    node["targets"] = std::move(targets);
    return node;
  }

  World MakeWorld() {
    World world;
    for (int i = 0; i < 40; ++i) world.happenings.push_back(MakeHappening());
    world.chance = static_cast<int>(Below(64));
    if (Below(2) == 0) world.budget = 1 + static_cast<int64_t>(Below(40'000));
    return world;
  }

 private:
  size_t Below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(generator_); }

  json Statuses() {
    json list = json::array();
    for (const int status : {200, 400, 408, 429, 500, 502, 503, 529}) {
      if (Below(3) == 0) list.push_back(status);
    }
    return list;
  }

  json Retry() {
    json retry = {{"attempts", Below(6)}};
    if (Below(3) == 0) retry["on_status_codes"] = Statuses();
    if (Below(2) == 0) retry["use_retry_after_header"] = Below(4) != 0;
    if (Below(3) == 0) retry["base_ms"] = Below(3000);
    if (Below(3) == 0) retry["cap_ms"] = Below(9000);
    return retry;
  }

  Happening MakeHappening() {
    constexpr const char* kKinds[] = {
        "200", "400", "401", "408", "429",  "429",  "500",       "500",
        "503", "503", "529", "246", "502!", "504!", "401 local", "400 unsupported"};
    Happening happening = Happens(kKinds[Below(std::size(kKinds))]);
    if (Below(3) == 0)
      happening.outcome.retry_after = milliseconds(Below(4) == 0 ? Below(90'000) : Below(9000));
    happening.takes = milliseconds(Below(3) == 0 ? 0 : Below(4000));
    return happening;
  }

  std::mt19937 generator_;
};

// As many attempts as a config can make: each target, and its retries.
size_t MostAttempts(const RoutePlan& plan) {
  size_t most = 0;
  for (const RouteNode* target : plan.targets) most += 1 + static_cast<size_t>(target->target.retry.attempts);
  return most;
}

TEST(Engine, DoesWhatAPlainInterpreterDoes) {
  size_t long_walks = 0;
  for (unsigned seed = 0; seed < unsigned{test::Rounds(4000)}; ++seed) {
    Maker maker(seed);
    const json config = maker.Config(3);
    const auto plan = Compiled(config.dump());
    for (int i = 0; i < 5; ++i) {
      const World world = maker.MakeWorld();
      WalkOptions options;
      options.facts.metadata = R"({"plan":"paid"})";
      options.random = [&] { return world.chance / 64.0; };
      if (world.budget != INT64_MAX) options.budget = milliseconds(world.budget);
      const Walked walked = Walk(*plan, world.happenings, options);
      const Walked expected = Oracle(world).Run(config);
      const std::string what =
          config.dump() + ", seed " + std::to_string(seed) + ", budget " + std::to_string(world.budget);
      ASSERT_EQ(Told(walked.attempts), Told(expected.attempts)) << what;
      ASSERT_TRUE(walked.attempts == expected.attempts) << "begin at other times: " << what;
      ASSERT_EQ(walked.retry_count, expected.retry_count) << what;
      ASSERT_EQ(walked.last_status, expected.last_status) << what;
      ASSERT_EQ(walked.no_target, expected.no_target) << what;
      ASSERT_LE(walked.attempts.size(), MostAttempts(*plan)) << what;
      long_walks += walked.attempts.size() > 5;
    }
  }
  // Chance does make walks worth following.
  EXPECT_GT(long_walks, size_t{test::Rounds(1000)});
}

}  // namespace
}  // namespace portolan::routing
