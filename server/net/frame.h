#pragma once

// The recycler behind coroutine frames: size classes of 64 bytes up to 4 KiB, bounded, one per thread. In
// line, because frames' sizes are known where they are made, and a call makes a dozen of them.

#include <array>
#include <cstddef>
#include <new>

// Under sanitizers every frame comes from malloc, so that they see each use after free.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PORTOLAN_RECYCLE_FRAMES 0
#else
#define PORTOLAN_RECYCLE_FRAMES 1
#endif

namespace portolan::net {

namespace internal {

inline constexpr std::size_t kFrameClassBytes = 64;
inline constexpr std::size_t kLargestFrame = 4096;
inline constexpr std::size_t kMaxKeptFrameBytes = 4 << 20;  // a thread

// Frames freed on a thread join that thread's lists, wherever they were allocated.
struct FrameLists {
  struct Node {
    Node* next;
  };
  std::array<Node*, kLargestFrame / kFrameClassBytes> heads{};
  std::size_t kept_bytes = 0;
  bool closed = false;  // the thread is ending
};
// Trivially destroyed, so that reading it takes no look whether it is there yet.
extern constinit thread_local FrameLists frame_lists;

// From and to the heap.
void* NewFrame(std::size_t size);
void DeleteFrame(void* frame) noexcept;
// Sees to it that what the thread's lists keep is freed when it ends.
void FreeAtExit() noexcept;

constexpr bool IsRecycled(std::size_t size) {
  return PORTOLAN_RECYCLE_FRAMES != 0 && size != 0 && size <= kLargestFrame;
}
constexpr std::size_t FrameClass(std::size_t size) { return (size - 1) / kFrameClassBytes; }

}  // namespace internal

inline void* AllocateFrame(std::size_t size) {
  using namespace internal;
  if (!IsRecycled(size)) return NewFrame(size);
  const std::size_t index = FrameClass(size);
  const std::size_t rounded = (index + 1) * kFrameClassBytes;
  FrameLists::Node* const node = frame_lists.heads[index];
  if (node == nullptr) return NewFrame(rounded);
  FrameLists::Node* const next = node->next;
  frame_lists.heads[index] = next;
  frame_lists.kept_bytes -= rounded;
  // The next call's frame of this kind, which has left the cache since it was freed where many are under way.
  for (std::size_t at = 0; next != nullptr && at < rounded; at += 64) {
    __builtin_prefetch(reinterpret_cast<const char*>(next) + at, /*rw=*/1);
  }
  return node;
}

inline void FreeFrame(void* frame, std::size_t size) noexcept {
  using namespace internal;
  if (!IsRecycled(size)) return DeleteFrame(frame);
  const std::size_t index = FrameClass(size);
  const std::size_t rounded = (index + 1) * kFrameClassBytes;
  if (frame_lists.closed || frame_lists.kept_bytes + rounded > kMaxKeptFrameBytes) return DeleteFrame(frame);
  if (frame_lists.kept_bytes == 0) FreeAtExit();
  frame_lists.heads[index] = ::new (frame) FrameLists::Node{frame_lists.heads[index]};
  frame_lists.kept_bytes += rounded;
}

}  // namespace portolan::net
