// The program's operator new and delete, which are those of this test as well.

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/heap/recycling.h"

namespace portolan {
namespace {

using heap::RecycledBlocks;

constexpr size_t kLargest = 2048;

// What mallinfo2 counts are the blocks of the first arena.
const int one_arena = mallopt(M_ARENA_MAX, 1);

TEST(NewDelete, BlocksOfAllSizesAreWritableAlignedAndDistinct) {
  const RecycledBlocks recycled;
  std::vector<std::pair<unsigned char*, size_t>> blocks;
  for (int round = 0; round < 3; ++round) {
    for (size_t size = 0; size <= kLargest + 100; ++size) {
      auto* const block = static_cast<unsigned char*>(::operator new(size));
      ASSERT_EQ(reinterpret_cast<uintptr_t>(block) % __STDCPP_DEFAULT_NEW_ALIGNMENT__, 0u);
      std::memset(block, static_cast<int>(size % 251), size);
      blocks.emplace_back(block, size);
    }
    for (const auto& [block, size] : blocks) {
      for (size_t i = 0; i < size; ++i) ASSERT_EQ(block[i], size % 251);
    }
    // Each way to delete, with the size and without.
    for (const auto& [block, size] : blocks) {
      if (size % 3 == 0) {
        ::operator delete(block);
      } else {
        ::operator delete(block, size);
      }
    }
    blocks.clear();
  }
}

TEST(NewDelete, GivesAgainWhatWasDeletedLast) {
  const RecycledBlocks recycled;
  // More than glibc itself gives again in this order.
  std::array<void*, 20> blocks;
  for (void*& block : blocks) block = ::operator new(100);
  for (void* block : blocks) ::operator delete(block, 100);
  std::array<void*, 20> again;
  for (void*& block : again) block = ::operator new(110);  // rounded as 100 is
  EXPECT_TRUE(std::equal(again.begin(), again.end(), blocks.rbegin()));
  for (void* block : again) ::operator delete(block, 110);
}

TEST(NewDelete, TakesWhatAnotherThreadHasAllocated) {
  const RecycledBlocks recycled;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::unique_ptr<std::string>> texts;
    for (size_t i = 0; i < 2000; ++i) texts.push_back(std::make_unique<std::string>(i % 3000, 'x'));
    std::thread([&texts] {
      const RecycledBlocks recycled_there;
      texts.clear();
      for (size_t i = 0; i < 2000; ++i) texts.push_back(std::make_unique<std::string>(i % 3000, 'y'));
    }).join();
    for (const auto& text : texts) EXPECT_EQ(text->find_first_not_of('y'), std::string::npos);
  }
}

// Deletes after the end of the lists, too.
struct LeftToTheEnd {
  std::string text = std::string(500, 'x');
  ~LeftToTheEnd() { text = std::string(700, 'y'); }
};

TEST(NewDelete, ThreadsLeaveNothingBehind) {
  ASSERT_EQ(one_arena, 1);
  const auto work = [] {
    thread_local LeftToTheEnd left;
    const RecycledBlocks recycled;
    EXPECT_EQ(left.text.size(), 500u);
    const std::vector<std::string> blocks(1000, std::string(800, 'x'));
  };
  for (int i = 0; i < 20; ++i) std::thread(work).join();
  const size_t before = mallinfo2().uordblks;
  for (int i = 0; i < 200; ++i) std::thread(work).join();
  // Kept by each thread, it would be 160 MB.
  EXPECT_LT(mallinfo2().uordblks, before + (4 << 20));
}

TEST(NewDelete, AThreadKeepsNoneUnasked) {
  ASSERT_EQ(one_arena, 1);
  std::thread([] {
    const size_t before = mallinfo2().uordblks;
    std::vector<std::string>(5000, std::string(kLargest / 2, 'x'));
    EXPECT_LT(mallinfo2().uordblks, before + (64 << 10));
  }).join();
}

TEST(NewDelete, AThreadThatOnlyDeletesKeepsNone) {
  ASSERT_EQ(one_arena, 1);
  std::vector<std::string> texts;
  texts.reserve(5000);
  const size_t before = mallinfo2().uordblks;
  for (size_t i = 0; i < 5000; ++i) texts.emplace_back(kLargest / 2, 'x');
  ASSERT_GT(mallinfo2().uordblks, before + (5 << 20));
  std::thread([&] {
    const RecycledBlocks recycled;
    texts.clear();
    EXPECT_LT(mallinfo2().uordblks, before + (64 << 10));
  }).join();
}

TEST(NewDelete, WhatIsTooLargeThrows) {
  volatile size_t size = SIZE_MAX / 2;
  EXPECT_THROW(static_cast<void>(::operator new(size)), std::bad_alloc);
}

}  // namespace
}  // namespace portolan
