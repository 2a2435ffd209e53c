#include "server/base/recycler.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <vector>

namespace portolan {
namespace {

using Small = Recycler<16, 64, 256>;

struct FreeBlock {
  void operator()(void* block) const { std::free(block); }
};
using Block = std::unique_ptr<void, FreeBlock>;

TEST(Recycler, ServesSizesUpToItsLargest) {
  EXPECT_FALSE(Small::Serves(0));
  EXPECT_TRUE(Small::Serves(1));
  EXPECT_TRUE(Small::Serves(64));
  EXPECT_FALSE(Small::Serves(65));
  EXPECT_FALSE(Small::Serves(SIZE_MAX));
  EXPECT_EQ(Small::Rounded(1), 16u);
  EXPECT_EQ(Small::Rounded(16), 16u);
  EXPECT_EQ(Small::Rounded(17), 32u);
  EXPECT_EQ(Small::Rounded(64), 64u);
}

// A recycler and what it has released, in that order.
struct Recycling {
  Small recycler;
  std::vector<void*> released;

  Recycling() { recycler.Open(); }

  // From the heap, as at first all are.
  Block Take(size_t size) {
    EXPECT_EQ(recycler.Take(size), nullptr);
    return Block(std::malloc(Small::Rounded(size)));
  }
  void Give(const Block& block, size_t size) {
    recycler.Give(block.get(), size, [this](void* freed) { released.push_back(freed); });
  }
};

TEST(Recycler, KeepsNothingUntilItIsOpen) {
  Small recycler;
  const Block block = Block(std::malloc(64));
  std::vector<void*> released;
  const auto release = [&](void* freed) { released.push_back(freed); };
  EXPECT_EQ(recycler.Take(64), nullptr);
  recycler.Give(block.get(), 64, release);
  EXPECT_EQ(released, (std::vector<void*>{block.get()}));
  recycler.Open();
  recycler.Give(block.get(), 64, release);
  EXPECT_EQ(released.size(), 1u);
  EXPECT_EQ(recycler.Take(64), block.get());
}

TEST(Recycler, GivesWhatCameLastOfTheSameRoundedSize) {
  Recycling test;
  Small& recycler = test.recycler;
  const Block first = test.Take(20), second = test.Take(32), other = test.Take(33);
  test.Give(first, 20);
  test.Give(second, 32);
  test.Give(other, 33);
  EXPECT_EQ(recycler.Next(17), second.get());
  EXPECT_EQ(recycler.Take(17), second.get());
  EXPECT_EQ(recycler.Take(32), first.get());
  EXPECT_EQ(recycler.Take(32), nullptr);
  EXPECT_EQ(recycler.Take(48), other.get());
  EXPECT_TRUE(test.released.empty());
}

TEST(Recycler, KeepsNoMoreOfASizeThanWereTaken) {
  Recycling test;
  const Block one = test.Take(64), two = test.Take(64), foreign = Block(std::malloc(64));
  test.Give(foreign, 64);
  test.Give(one, 64);
  EXPECT_TRUE(test.released.empty());
  test.Give(two, 64);
  EXPECT_EQ(test.released, (std::vector<void*>{two.get()}));
  test.Give(two, 48);  // none of that size was taken
  EXPECT_EQ(test.released.size(), 2u);
  // Taken again, they may come again, as often as one likes.
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(test.recycler.Take(64), one.get());
    test.Give(one, 64);
  }
  EXPECT_EQ(test.released.size(), 2u);
}

TEST(Recycler, AtItsBoundReleasesWhatItHasAndStartsAnew) {
  Recycling test;
  const std::array<Block, 4> blocks = {test.Take(64), test.Take(64), test.Take(64), test.Take(64)};
  const Block more = test.Take(1);
  for (const Block& block : blocks) test.Give(block, 64);
  EXPECT_TRUE(test.released.empty());
  test.Give(more, 1);
  EXPECT_EQ(test.released.size(), 4u);
  EXPECT_EQ(test.recycler.Take(64), nullptr);
  EXPECT_EQ(test.recycler.Take(1), more.get());
}

TEST(Recycler, ReleasesEachBlockOnceAndKeepsNoneWhenClosed) {
  Recycling test;
  const Block one = test.Take(1), two = test.Take(16), three = test.Take(64);
  test.Give(one, 1);
  test.Give(two, 16);
  test.Give(three, 64);
  test.recycler.Close([&](void* block) { test.released.push_back(block); });
  EXPECT_EQ(test.released, (std::vector<void*>{two.get(), one.get(), three.get()}));
  EXPECT_EQ(test.recycler.Take(16), nullptr);
  test.Give(one, 1);
  EXPECT_EQ(test.released.back(), one.get());
  EXPECT_EQ(test.recycler.Take(16), nullptr);
}

}  // namespace
}  // namespace portolan
