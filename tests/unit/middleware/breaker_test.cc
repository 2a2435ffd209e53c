#include "server/middleware/breaker.h"

#include <gtest/gtest.h>

namespace portolan::middleware {
namespace {

TEST(Breaker, PausesAfterFiveFailuresInARow) {
  Breaker breaker;
  net::TimePoint now = net::TimePoint() + std::chrono::hours(1);
  for (int i = 0; i < 4; ++i) breaker.Fail(now);
  EXPECT_FALSE(breaker.open(now));
  // One success, and they are in a row no more.
  breaker.Succeed();
  for (int i = 0; i < 4; ++i) breaker.Fail(now);
  EXPECT_FALSE(breaker.open(now));
  breaker.Fail(now);
  EXPECT_TRUE(breaker.open(now));
  EXPECT_TRUE(breaker.open(now + std::chrono::milliseconds(999)));
  now += std::chrono::seconds(1);
  EXPECT_FALSE(breaker.open(now));
  // The first one after the pause shows whether it is over.
  breaker.Fail(now);
  EXPECT_TRUE(breaker.open(now));
  now += std::chrono::seconds(1);
  breaker.Succeed();
  breaker.Fail(now);
  EXPECT_FALSE(breaker.open(now));
}

}  // namespace
}  // namespace portolan::middleware
