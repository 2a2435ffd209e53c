#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>
#include <vector>

#include "server/net/loop.h"
#include "server/net/task.h"

namespace portolan::net {
namespace {

TEST(Frames, OfAllSizesAreWritableAlignedAndDistinct) {
  const RecycledFrames recycled;
  std::vector<std::pair<char*, size_t>> frames;
  for (size_t size = 1; size <= 5000; size += 13) {
    auto* frame = static_cast<char*>(AllocateFrame(size));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(frame) % alignof(std::max_align_t), 0u);
    std::memset(frame, static_cast<int>(size % 251), size);
    frames.emplace_back(frame, size);
  }
  for (auto [frame, size] : frames) {
    for (size_t i = 0; i < size; ++i) ASSERT_EQ(static_cast<unsigned char>(frame[i]), size % 251);
    FreeFrame(frame, size);
  }
}

TEST(Frames, ALoopUsesAgainWhatWasFreedLast) {
  if (PORTOLAN_RECYCLE_FRAMES == 0) GTEST_SKIP() << "under sanitizers every frame comes from malloc";
  Loop loop;
  loop.Post([] {
    // More than glibc itself gives again in this order.
    std::array<void*, 20> frames;
    for (void*& frame : frames) frame = AllocateFrame(200);
    for (void* frame : frames) FreeFrame(frame, 200);
    std::array<void*, 20> again;
    for (void*& frame : again) frame = AllocateFrame(250);  // the same size class
    EXPECT_TRUE(std::equal(again.begin(), again.end(), frames.rbegin()));
    for (void* frame : again) FreeFrame(frame, 250);
  });
  loop.Stop();
  loop.Run();
}

TEST(Frames, MayBeFreedOnAnotherThread) {
  const RecycledFrames recycled;
  for (int round = 0; round < 3; ++round) {
    std::vector<void*> frames;
    for (int i = 0; i < 1000; ++i) frames.push_back(AllocateFrame(200));
    std::thread([&frames] {
      const RecycledFrames recycled_there;
      for (void* frame : frames) FreeFrame(frame, 200);
      for (void*& frame : frames) frame = AllocateFrame(250);  // the same size class
    }).join();
    for (void* frame : frames) FreeFrame(frame, 250);
  }
}

}  // namespace
}  // namespace portolan::net
