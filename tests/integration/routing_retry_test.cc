// Retries at one target: how many, after what, how long the wait is, and what the caller is told of them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using std::chrono::milliseconds;
using ::testing::Each;
using ::testing::SizeIs;

// Answers with these statuses, one after the other; 200 is an answer, 0 a reset. Then with 200.
class Sequence {
 public:
  explicit Sequence(std::vector<int> statuses, Headers headers = {})
      : statuses_(std::move(statuses)), headers_(std::move(headers)) {}

  std::vector<TestClock::time_point> times() const {
    const std::lock_guard lock(mutex_);
    return times_;
  }
  size_t asked() const { return times().size(); }
  std::string Target(const std::string& retry, const std::string& provider = "openai") const {
    return TargetOf(upstream_, provider, R"(,"retry":)" + retry);
  }
  const FakeUpstream& upstream() const { return upstream_; }

 private:
  Script Next(const SeenRequest& request) {
    const std::lock_guard lock(mutex_);
    times_.push_back(TestClock::now());
    const int status = times_.size() > statuses_.size() ? 200 : statuses_[times_.size() - 1];
    if (status == 0) return Script().Reset();
    return status == 200 ? Answering(request, "yes") : Failing(request, status, headers_);
  }

  const std::vector<int> statuses_;
  const Headers headers_;
  mutable std::mutex mutex_;
  std::vector<TestClock::time_point> times_;
  FakeUpstream upstream_{[this](const SeenRequest& request) { return Next(request); }};
};

class RoutingRetry : public ::testing::Test {
 protected:
  GatewayFixture gateway_;
  RouteCaller caller_{gateway_};
};

TEST_F(RoutingRetry, FollowsItsListOfStatuses) {
  struct Case {
    std::vector<int> statuses;
    const char* retry;
    size_t asked;
    int status;
    const char* count;
  };
  const std::vector<Case> cases = {
      {{429, 500, 502, 503, 504}, R"({"attempts":5,"base_ms":1})", 6, 200, "5"},
      {{500, 500}, R"({"count":2,"base_ms":1})", 3, 200, "2"},
      {{0, 0}, R"({"attempts":2,"base_ms":1})", 3, 200, "2"},
      {{0, 0}, R"({"attempts":2,"base_ms":1,"on_status_codes":[]})", 3, 200, "2"},
      {{400}, R"({"attempts":2,"base_ms":1})", 1, 400, "0"},
      {{501}, R"({"attempts":2,"base_ms":1})", 1, 501, "0"},
      {{529}, R"({"attempts":2,"base_ms":1})", 2, 200, "1"},
      {{418, 418}, R"({"attempts":2,"base_ms":1,"on_status_codes":[418]})", 3, 200, "2"},
      {{500}, R"({"attempts":2,"base_ms":1,"on_status_codes":[418]})", 1, 500, "0"},
      {{500}, R"({"attempts":2,"base_ms":1,"on_status_codes":[]})", 1, 500, "0"},
      {{500}, R"({"attempts":0})", 1, 500, "0"},
      {{500, 500, 500}, R"({"attempts":2,"base_ms":1})", 3, 500, "-1"},
      {{500, 400}, R"({"attempts":2,"base_ms":1})", 2, 400, "1"},
  };
  for (const Case& test : cases) {
    for (const char* provider : {"openai", "anthropic"}) {
      for (const RouteCall& shape : AtBothDoors({})) {
        const Sequence upstream(test.statuses);
        RouteCall call = shape;
        call.config = upstream.Target(test.retry, provider);
        SCOPED_TRACE(Describe(call));
        const RouteAnswer answer = caller_.Call(call);
        EXPECT_EQ(answer.status, test.status);
        EXPECT_EQ(answer.text, test.status == 200 ? "yes" : "");
        EXPECT_EQ(upstream.asked(), test.asked);
        EXPECT_EQ(answer.Header("x-portolan-retry-attempt-count"), test.count);
        // Only where the gateway tried again need the caller's SDK not.
        EXPECT_EQ(answer.Header("x-should-retry"), test.status != 200 && test.asked > 1 ? "false" : "");
        if (test.status != 200) {
          EXPECT_EQ(answer.attempts, static_cast<int>(test.asked));
          EXPECT_THAT(answer.tried, SizeIs(test.asked - 1));
        }
        const auto requests = upstream.upstream().requests();
        std::vector<std::string> bodies;
        for (const SeenRequest& request : requests) bodies.push_back(request.body);
        if (!bodies.empty()) {
          EXPECT_THAT(bodies, Each(bodies[0]));
        }
      }
    }
  }
}

TEST_F(RoutingRetry, TakesTheProvidersWordForShouldRetryWhereItDidNotTryAgain) {
  for (const char* retry : {R"({"attempts":0})", R"({"attempts":1,"base_ms":1})"}) {
    const Sequence upstream({500, 500}, {{"x-should-retry", "true"}});
    const RouteAnswer answer = caller_.Call({.config = upstream.Target(retry)});
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.Header("x-should-retry"), upstream.asked() == 1 ? "true" : "false");
  }
}

TEST_F(RoutingRetry, CountsAnewAtEachTarget) {
  const Sequence first({500, 500, 500});
  const Sequence second({503});
  const std::string config =
      R"({"retry":{"attempts":1,"base_ms":1},"strategy":{"mode":"fallback"},"targets":[)" +
      TargetOf(first.upstream()) + "," + TargetOf(second.upstream(), "anthropic") + "]}";
  const RouteAnswer answer = caller_.Call({.config = config});
  EXPECT_EQ(answer.text, "yes");
  EXPECT_EQ(first.asked(), 2u);
  EXPECT_EQ(second.asked(), 2u);
  EXPECT_EQ(answer.Header("x-portolan-retry-attempt-count"), "1");
  EXPECT_EQ(answer.Header("x-portolan-last-used-option-index"), "config.targets[1]");
}

TEST_F(RoutingRetry, WaitsLongerEachTimeUpToItsCap) {
  const Sequence upstream({500, 500, 500});
  EXPECT_EQ(caller_.Call({.config = upstream.Target(R"({"attempts":3,"base_ms":40,"cap_ms":100})")}).status,
            200);
  const auto times = upstream.times();
  ASSERT_THAT(times, SizeIs(4));
  // At least half of 40, 80 and 100; how much more depends on chance and on the machine.
  EXPECT_GE(times[1] - times[0], milliseconds(20));
  EXPECT_GE(times[2] - times[1], milliseconds(40));
  EXPECT_GE(times[3] - times[2], milliseconds(50));
}

TEST_F(RoutingRetry, WaitsAsLongAsTheProviderAsksFor) {
  for (const char* flag : {"use_retry_after_header", "use_retry_after_headers"}) {
    for (const int status : {429, 503}) {
      const Sequence upstream({status}, {{"retry-after-ms", "120"}});
      const std::string retry = R"({"attempts":1,"base_ms":1,")" + std::string(flag) + "\":true}";
      EXPECT_EQ(caller_.Call({.config = upstream.Target(retry)}).status, 200);
      const auto times = upstream.times();
      ASSERT_THAT(times, SizeIs(2));
      EXPECT_GE(times[1] - times[0], milliseconds(120));
    }
  }
  const Sequence seconds({429}, {{"Retry-After", "1"}});
  EXPECT_EQ(
      caller_.Call({.config = seconds.Target(R"({"attempts":1,"base_ms":1,"use_retry_after_header":true})")})
          .status,
      200);
  ASSERT_THAT(seconds.times(), SizeIs(2));
  EXPECT_GE(seconds.times()[1] - seconds.times()[0], milliseconds(1000));
}

// Each of these calls would take half a minute.
TEST_F(RoutingRetry, WaitsNoLongerForWhatItNeedNotHonour) {
  const auto begin = TestClock::now();
  const Sequence not_asked({429}, {{"Retry-After", "30"}});
  EXPECT_EQ(caller_.Call({.config = not_asked.Target(R"({"attempts":1,"base_ms":1})")}).status, 200);
  const Sequence other_status({500}, {{"Retry-After", "30"}});
  EXPECT_EQ(caller_
                .Call({.config = other_status.Target(
                           R"({"attempts":1,"base_ms":1,"use_retry_after_header":true})")})
                .status,
            200);
  EXPECT_LT(TestClock::now() - begin, std::chrono::seconds(30));
}

TEST_F(RoutingRetry, GivesUpWhereTheProviderAsksForAMinute) {
  for (const RouteCall& shape : AtBothDoors({})) {
    const Sequence upstream({429}, {{"Retry-After", "60"}});
    RouteCall call = shape;
    call.config = upstream.Target(R"({"attempts":3,"base_ms":1,"use_retry_after_header":true})");
    SCOPED_TRACE(Describe(call));
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.status, 429);
    EXPECT_EQ(upstream.asked(), 1u);
    EXPECT_EQ(answer.Header("x-portolan-retry-attempt-count"), "-1");
    EXPECT_EQ(answer.Header("x-should-retry"), "false");
    EXPECT_EQ(answer.Header("retry-after"), "60");
  }
}

}  // namespace
}  // namespace portolan::test
