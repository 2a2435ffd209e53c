// What the engine leaves to chance: which target, and how long a wait.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "server/routing/engine.h"
#include "tests/unit/routing/compile.h"
#include "tests/unit/routing/config_text.h"
#include "tests/unit/routing/walk.h"

namespace portolan::routing {
namespace {

struct Weighting {
  std::vector<std::string> weights;  // as written
  std::vector<double> shares;
  double bound;  // of chi-square, at 0.999, for the degrees of freedom of those that are not 0
};

// Pearson's test; the draws are the same in each run.
TEST(Engine, DrawsByWeight) {
  const Weighting cases[] = {
      {{"1", "1"}, {0.5, 0.5}, 10.83},
      {{"0.9", "0.1"}, {0.9, 0.1}, 10.83},
      {{"\"0.7\"", "\"0.3\""}, {0.7, 0.3}, 10.83},
      {{"0", "1"}, {0, 1}, 0},
      {{"1", "0"}, {1, 0}, 0},
      {{"0", "3", "0", "1", "0"}, {0, 0.75, 0, 0.25, 0}, 10.83},
      {{"", "", ""}, {1 / 3.0, 1 / 3.0, 1 / 3.0}, 13.82},
      {{"", "2", ""}, {0.25, 0.5, 0.25}, 13.82},
      {{"5", "10", "25", "60"}, {0.05, 0.1, 0.25, 0.6}, 16.27},
      {{"1e-3", "1e-3"}, {0.5, 0.5}, 10.83},
      {{"1e300", "3e300"}, {0.25, 0.75}, 10.83},
      {{"1", "2", "3", "4", "5", "6", "7", "8"},
       {1 / 36.0, 2 / 36.0, 3 / 36.0, 4 / 36.0, 5 / 36.0, 6 / 36.0, 7 / 36.0, 8 / 36.0},
       24.32},
  };
  constexpr int kDraws = 20'000;
  const ConditionFacts facts;
  for (const Weighting& test : cases) {
    std::mt19937_64 generator(1);
    std::uniform_real_distribution<double> uniform(0, 1);
    const Engine::Random random = [&] { return uniform(generator); };
    std::vector<std::string> targets;
    for (const std::string& weight : test.weights) {
      targets.push_back(Leaf(weight.empty() ? "" : ",\"weight\":" + weight));
    }
    const auto plan = Compiled(Node("loadbalance", targets));
    std::vector<int> drawn(targets.size());
    for (int i = 0; i < kDraws; ++i) {
      Engine engine(*plan, facts, random);
      const Step step = engine.Start();
      ++drawn[static_cast<size_t>(std::find(plan->targets.begin(), plan->targets.end(), step.target) -
                                  plan->targets.begin())];
    }
    double chi_square = 0;
    for (size_t i = 0; i < targets.size(); ++i) {
      const double expected = test.shares[i] * kDraws;
      if (expected == 0) {
        EXPECT_EQ(drawn[i], 0) << "of weight 0";
      } else {
        chi_square += (drawn[i] - expected) * (drawn[i] - expected) / expected;
      }
    }
    EXPECT_LE(chi_square, test.bound) << targets.size() << " targets, the first " << targets[0];
  }
}

TEST(Engine, DrawsAtTheEdges) {
  const auto plan =
      Compiled(Node("loadbalance", {Leaf(R"(,"weight":0)"), Leaf(), Leaf(), Leaf(R"(,"weight":0)")}));
  const auto drawn = [&](double chance) {
    WalkOptions options;
    options.random = [chance] { return chance; };
    return Told(Walk(*plan, AllHappen({"200"}), options).attempts);
  };
  EXPECT_EQ(drawn(0), "targets[1]");
  EXPECT_EQ(drawn(std::nextafter(0.5, 0)), "targets[1]");
  EXPECT_EQ(drawn(0.5), "targets[2]");
  EXPECT_EQ(drawn(std::nextafter(1, 0)), "targets[2]");
  // Standard libraries have been known to round up to 1.
  EXPECT_EQ(drawn(1), "targets[2]");
}

struct Waiting {
  const char* members;
  std::vector<int64_t> whole;  // the waits before chance cuts them
};

TEST(Engine, WaitsBetweenHalfAndAllOfADoublingTimeUpToACap) {
  const Waiting cases[] = {
      {"", {1000, 2000, 4000, 8000, 16000}},
      {R"(,"cap_ms":3000)", {1000, 2000, 3000, 3000, 3000}},
      {R"(,"base_ms":100)", {100, 200, 400, 800, 1600}},
      {R"(,"base_ms":100,"cap_ms":50)", {50, 50, 50, 50, 50}},
      {R"(,"base_ms":0)", {0, 0, 0, 0, 0}},
      {R"(,"cap_ms":0)", {0, 0, 0, 0, 0}},
      {R"(,"base_ms":600000,"cap_ms":600000)", {600000, 600000, 600000, 600000, 600000}},
      {R"(,"base_ms":1,"cap_ms":600000)", {1, 2, 4, 8, 16}},
  };
  constexpr int kSeeds = 500;
  for (const Waiting& test : cases) {
    const auto plan = Compiled(Leaf(Retries(5, test.members)));
    std::vector<double> sum(5), least(5, 1e9), most(5);
    for (unsigned seed = 0; seed < kSeeds; ++seed) {
      std::mt19937_64 generator(seed);
      std::uniform_real_distribution<double> uniform(0, 1);
      WalkOptions options;
      options.random = [&] { return uniform(generator); };
      const Walked walked = Walk(*plan, AllHappen({"500"}), options);
      ASSERT_EQ(walked.attempts.size(), 6u);
      EXPECT_EQ(walked.retry_count, -1);
      for (size_t i = 0; i < 5; ++i) {
        const int64_t delay = walked.attempts[i + 1].delay.count();
        EXPECT_GE(delay, test.whole[i] / 2) << test.members;
        EXPECT_LE(delay, test.whole[i]) << test.members;
        sum[i] += static_cast<double>(delay);
        least[i] = std::min(least[i], static_cast<double>(delay));
        most[i] = std::max(most[i], static_cast<double>(delay));
      }
    }
    for (size_t i = 0; i < 5; ++i) {
      const auto whole = static_cast<double>(test.whole[i]);
      if (whole < 50) continue;
      // Chance does spread them over the whole of it.
      EXPECT_NEAR(sum[i] / kSeeds, 0.75 * whole, 0.03 * whole + 1) << test.members;
      EXPECT_LT(least[i], 0.52 * whole + 1) << test.members;
      EXPECT_GT(most[i], 0.98 * whole - 2) << test.members;
    }
  }
}

}  // namespace
}  // namespace portolan::routing
