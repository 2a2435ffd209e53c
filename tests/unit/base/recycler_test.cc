#include "server/base/recycler.h"

#include <gtest/gtest.h>

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

Block Make(size_t size) { return Block(std::malloc(Small::Rounded(size))); }

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

TEST(Recycler, GivesWhatCameLastOfTheSameRoundedSize) {
  Small recycler;
  const Block first = Make(20), second = Make(32), other = Make(33);
  EXPECT_TRUE(recycler.empty());
  EXPECT_EQ(recycler.Take(20), nullptr);
  EXPECT_TRUE(recycler.Give(first.get(), 20));
  EXPECT_TRUE(recycler.Give(second.get(), 32));
  EXPECT_TRUE(recycler.Give(other.get(), 33));
  EXPECT_FALSE(recycler.empty());
  EXPECT_EQ(recycler.Next(17), second.get());
  EXPECT_EQ(recycler.Take(17), second.get());
  EXPECT_EQ(recycler.Take(32), first.get());
  EXPECT_EQ(recycler.Take(32), nullptr);
  EXPECT_EQ(recycler.Take(48), other.get());
  EXPECT_TRUE(recycler.empty());
}

TEST(Recycler, KeepsNoMoreThanItsBound) {
  Small recycler;
  std::vector<Block> blocks;
  for (int i = 0; i < 4; ++i) blocks.push_back(Make(64));
  for (const Block& block : blocks) EXPECT_TRUE(recycler.Give(block.get(), 64));
  const Block more = Make(1);
  EXPECT_FALSE(recycler.Give(more.get(), 1));
  EXPECT_NE(recycler.Take(64), nullptr);
  EXPECT_TRUE(recycler.Give(more.get(), 1));
}

TEST(Recycler, ReleasesEachBlockOnceAndKeepsNoneWhenClosed) {
  Small recycler;
  std::vector<void*> released;
  Block one = Make(1), two = Make(16), three = Make(64);
  for (const Block* block : {&one, &two}) ASSERT_TRUE(recycler.Give(block->get(), 16));
  ASSERT_TRUE(recycler.Give(three.get(), 64));
  recycler.Close([&](void* block) { released.push_back(block); });
  EXPECT_EQ(released, (std::vector<void*>{two.get(), one.get(), three.get()}));
  EXPECT_FALSE(recycler.Give(one.get(), 16));
  EXPECT_EQ(recycler.Take(16), nullptr);
  EXPECT_FALSE(recycler.empty());
}

}  // namespace
}  // namespace portolan
