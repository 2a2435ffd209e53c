#pragma once

// For tests that depend on time. What another thread or process does in its own time is awaited, with a limit
// that only a fault exceeds. What must be quick is tried more than once, as a busy machine may delay
// anything.
//
//   EXPECT_TRUE(Eventually([&] { return server.active_requests(); }, 1u));
//   EXPECT_TRUE(Eventually([&] { return log.Text(); }, HasSubstr("draining")));
//   EXPECT_TRUE(BestWithin(milliseconds(50), [&] { ...; return how long it took; }));

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <type_traits>

namespace portolan::test {

// How long a test waits for something that takes milliseconds on a machine that is neither slow nor busy.
inline constexpr std::chrono::seconds kPatience{120};

// Calls `look` until it returns `wanted`, a value or a matcher. Once `patience` has run out, fails with what
// it returned last.
template <typename Look, typename Wanted>
::testing::AssertionResult Eventually(Look look, const Wanted& wanted,
                                      std::chrono::milliseconds patience = kPatience) {
  using Value = std::decay_t<decltype(look())>;
  const ::testing::Matcher<const Value&> matcher = ::testing::SafeMatcherCast<const Value&>(wanted);
  const auto limit = std::chrono::steady_clock::now() + patience;
  for (;;) {
    // In this order, so that the last look comes after the limit however long the thread was delayed.
    const bool last = std::chrono::steady_clock::now() >= limit;
    const Value value = look();
    if (matcher.Matches(value)) return ::testing::AssertionSuccess();
    if (last) {
      return ::testing::AssertionFailure()
             << "still " << ::testing::PrintToString(value) << " after " << patience.count()
             << " ms, nothing that " << ::testing::DescribeMatcher<const Value&>(matcher);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

template <typename Look>
::testing::AssertionResult Eventually(Look look) {
  return Eventually(look, true);
}

// Whether the quickest of up to 20 attempts, each of which returns how long it took, keeps within the limit.
// A busy machine is late now and then; a delay that is built in shows every time.
template <typename Attempt>
::testing::AssertionResult BestWithin(std::chrono::milliseconds limit, Attempt attempt) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  Milliseconds best = Milliseconds::max();
  for (int i = 0; i < 20 && best > limit; ++i) best = std::min(best, Milliseconds(attempt()));
  if (best <= limit) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "at best " << best.count() << " ms, not " << limit.count() << " ms";
}

// Calls `act` until it takes less than `limit`, and returns what it returned then. For a test that must have
// done its part before a limit of the code under test runs out.
template <typename Act>
auto DoneWithin(std::chrono::milliseconds limit, Act act) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const auto start = std::chrono::steady_clock::now();
    auto given = act();
    const auto end = std::chrono::steady_clock::now();
    if (end - start < limit || end > give_up) return given;
  }
}

}  // namespace portolan::test
