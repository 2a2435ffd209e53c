#include "tests/support/eventually.h"

#include <atomic>
#include <memory>
#include <string>

namespace portolan::test {
namespace {

using std::chrono::milliseconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(Eventually, LooksUntilItIsSo) {
  int looks = 0;
  EXPECT_TRUE(Eventually([&] { return ++looks; }, 5));
  EXPECT_EQ(looks, 5);
  std::string text;
  EXPECT_TRUE(Eventually([&] { return text += "x"; }, HasSubstr("xxx")));
  EXPECT_TRUE(Eventually([&] { return text.size() == 3; }));
}

TEST(Eventually, SeesWhatAnotherThreadDoes) {
  std::atomic<bool> done = false;
  std::thread other([&] { done = true; });
  EXPECT_TRUE(Eventually([&] { return done.load(); }));
  other.join();
}

TEST(Eventually, SaysWhatItWasLast) {
  int looks = 0;
  const auto never = Eventually([&] { return 10 * ++looks; }, 7, milliseconds(5));
  EXPECT_FALSE(never);
  EXPECT_THAT(never.message(), HasSubstr("still " + std::to_string(10 * looks) + " after 5 ms"));
  EXPECT_THAT(never.message(), EndsWith("is equal to 7"));
}

TEST(Eventually, LooksAtLeastOnce) {
  EXPECT_TRUE(Eventually([] { return true; }, true, milliseconds(0)));
  EXPECT_TRUE(Eventually([] { return true; }, true, milliseconds(-5)));
}

TEST(BestWithin, TakesTheQuickestOfSeveralAttempts) {
  int attempts = 0;
  EXPECT_TRUE(BestWithin(milliseconds(50), [&] { return milliseconds(++attempts < 4 ? 60 : 50); }));
  EXPECT_EQ(attempts, 4);
  attempts = 0;
  const auto late = BestWithin(milliseconds(50), [&] { return milliseconds(++attempts == 2 ? 51 : 90); });
  EXPECT_FALSE(late);
  EXPECT_EQ(attempts, 20);
  EXPECT_STREQ(late.message(), "at best 51 ms, not 50 ms");
}

TEST(DoneWithin, DoesItAgainAsLongAsItTakesTooLong) {
  int times = 0;
  const auto given = DoneWithin(milliseconds(20), [&] {
    if (++times < 3) std::this_thread::sleep_for(milliseconds(25));
    return std::make_unique<int>(times);
  });
  EXPECT_GE(*given, 3);
}

}  // namespace
}  // namespace portolan::test
