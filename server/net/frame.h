#pragma once

// The recycler behind coroutine frames. In line, because frames' sizes are known where they are made, and a
// call makes nearly a dozen of them.

#include <cstddef>

#include "server/base/recycler.h"

// Under sanitizers every frame comes from malloc, so that they see each use after free.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PORTOLAN_RECYCLE_FRAMES 0
#else
#define PORTOLAN_RECYCLE_FRAMES 1
#endif

namespace portolan::net {

namespace internal {

using FrameRecycler = Recycler<64, 4096, 4 << 20>;
extern constinit thread_local FrameRecycler frame_recycler;

// From and to the heap.
void* NewFrame(std::size_t size);
void DeleteFrame(void* frame) noexcept;

constexpr bool IsRecycled(std::size_t size) {
  return PORTOLAN_RECYCLE_FRAMES != 0 && FrameRecycler::Serves(size);
}

}  // namespace internal

// While it exists, its thread uses frames again that were freed on it. One at a time for each thread.
class RecycledFrames {
 public:
  RecycledFrames() noexcept { internal::frame_recycler.Open(); }
  ~RecycledFrames() { internal::frame_recycler.Close(internal::DeleteFrame); }
  RecycledFrames(const RecycledFrames&) = delete;
  RecycledFrames& operator=(const RecycledFrames&) = delete;
};

inline void* AllocateFrame(std::size_t size) {
  using namespace internal;
  if (!IsRecycled(size)) return NewFrame(size);
  void* const frame = frame_recycler.Take(size);
  if (frame == nullptr) return NewFrame(FrameRecycler::Rounded(size));
  // The next call's frame of this kind, which has left the cache since it was freed where many are under way.
  if (const void* const next = frame_recycler.Next(size)) {
    for (std::size_t at = 0; at < size; at += 64) {
      __builtin_prefetch(static_cast<const char*>(next) + at, /*rw=*/1);
    }
  }
  return frame;
}

inline void FreeFrame(void* frame, std::size_t size) noexcept {
  using namespace internal;
  if (!IsRecycled(size)) return DeleteFrame(frame);
  frame_recycler.Give(frame, size, DeleteFrame);
}

}  // namespace portolan::net
