#include "server/base/byte_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

namespace portolan {
namespace {

TEST(ByteBudget, GivesWhatThereIsAndTakesItBack) {
  ByteBudget budget(1'000'000);
  ByteBudget::Lease first(&budget);
  ByteBudget::Lease second(&budget);
  EXPECT_TRUE(first.TryHold(600'000));
  EXPECT_TRUE(budget.HasRoomFor(400'000));
  EXPECT_FALSE(budget.HasRoomFor(400'001));
  EXPECT_FALSE(second.TryHold(400'001));
  EXPECT_EQ(second.bytes(), 0u);
  EXPECT_TRUE(second.TryHold(400'000));
  EXPECT_FALSE(first.TryHold(600'001));
  EXPECT_TRUE(first.TryHold(500'000));  // less than it holds
  EXPECT_EQ(budget.held(), 1'000'000u);
  second.Release();
  EXPECT_TRUE(first.TryHold(1'000'000));
}

TEST(ByteBudget, DoesNotCountWhatIsSmall) {
  ByteBudget budget(0);
  ByteBudget::Lease lease(&budget);
  EXPECT_TRUE(lease.TryHold(ByteBudget::kUncounted));
  EXPECT_FALSE(lease.TryHold(ByteBudget::kUncounted + 1));
  EXPECT_EQ(budget.held(), 0u);
}

TEST(ByteBudget, MayBeOverdrawnByWhatCannotBeRefused) {
  ByteBudget budget(100'000);
  {
    ByteBudget::Lease lease(&budget);
    lease.Hold(300'000);
    EXPECT_EQ(budget.held(), 300'000u);
    EXPECT_FALSE(budget.HasRoomFor(0));
    ByteBudget::Lease other(&budget);
    EXPECT_FALSE(other.TryHold(70'000));
  }
  EXPECT_EQ(budget.held(), 0u);
}

TEST(ByteBudget, MovesWithItsLease) {
  ByteBudget budget(1'000'000);
  ByteBudget::Lease lease(&budget);
  ASSERT_TRUE(lease.TryHold(200'000));
  ByteBudget::Lease moved(std::move(lease));
  EXPECT_EQ(moved.bytes(), 200'000u);
  ByteBudget::Lease assigned;
  assigned = std::move(moved);
  EXPECT_EQ(budget.held(), 200'000u);
  assigned.Release();
  EXPECT_EQ(budget.held(), 0u);
}

TEST(ByteBudget, WithoutOneThereIsAlwaysRoom) {
  ByteBudget::Lease lease;
  EXPECT_TRUE(lease.TryHold(uint64_t{1} << 50));
}

TEST(ByteBudget, IsNeverOverdrawnByManyAtOnce) {
  constexpr uint64_t kLimit = 1'000'000;
  ByteBudget budget(kLimit);
  std::atomic<bool> overdrawn{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        ByteBudget::Lease lease(&budget);
        lease.TryHold(400'000);
        if (budget.held() > kLimit) overdrawn = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(overdrawn);
  EXPECT_EQ(budget.held(), 0u);
}

}  // namespace
}  // namespace portolan
