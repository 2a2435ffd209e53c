#pragma once

// Memory of coroutine frames, used again by the thread that freed it. Inline, because a frame's size is known
// where it is made, and a call makes nearly a dozen of them.

#include <cstddef>

#include "server/base/recycler.h"

// Under sanitizers every frame comes from malloc, so that they see each use after free.
#if PORTOLAN_SANITIZED
#define PORTOLAN_RECYCLE_FRAMES 0
#else
#define PORTOLAN_RECYCLE_FRAMES 1
#endif

namespace portolan::net {

namespace internal {

using FrameRecycler = Recycler<64, 4096, 4 << 20>;
extern constinit thread_local FrameRecycler frame_recycler;

// Straight from and to the heap.
void* NewFrame(std::size_t size);
void DeleteFrame(void* frame) noexcept;

constexpr bool IsRecycled(std::size_t size) {
  return PORTOLAN_RECYCLE_FRAMES != 0 && FrameRecycler::Serves(size);
}

}  // namespace internal

// While this object exists, its thread uses the frames freed on it again. At most one per thread at a time;
// without one, frames come from the heap.
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
  // Fetch what the next call of this kind will be given: where many calls are under way, it has left the
  // cache since it was freed.
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
