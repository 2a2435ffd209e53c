#include <array>
#include <cstdlib>
#include <new>

#include "server/net/task.h"

// Under sanitizers every frame comes from malloc, so that they see each use after free.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PORTOLAN_RECYCLE_FRAMES 0
#else
#define PORTOLAN_RECYCLE_FRAMES 1
#endif

namespace portolan::net {
namespace {

void* Allocate(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}

#if PORTOLAN_RECYCLE_FRAMES

constexpr std::size_t kClassBytes = 64;
constexpr std::size_t kLargest = 4096;
constexpr std::size_t kClasses = kLargest / kClassBytes;
constexpr std::size_t kMaxKeptBytes = 1 << 20;  // a thread

struct FreeNode {
  FreeNode* next;
};

// Frames freed on a thread join that thread's lists, wherever they were allocated.
struct Recycler {
  std::array<FreeNode*, kClasses> lists{};
  std::size_t kept_bytes = 0;
  bool closed = false;

  ~Recycler() {
    closed = true;
    for (FreeNode*& list : lists) {
      while (list != nullptr) std::free(std::exchange(list, list->next));
    }
  }
};

thread_local constinit Recycler recycler;

constexpr std::size_t ClassOf(std::size_t size) { return (size - 1) / kClassBytes; }

#endif

}  // namespace

#if PORTOLAN_RECYCLE_FRAMES

void* AllocateFrame(std::size_t size) {
  if (size == 0 || size > kLargest) return Allocate(size);
  const std::size_t index = ClassOf(size);
  const std::size_t rounded = (index + 1) * kClassBytes;
  FreeNode* node = recycler.lists[index];
  if (node == nullptr) return Allocate(rounded);
  recycler.lists[index] = node->next;
  recycler.kept_bytes -= rounded;
  return node;
}

void FreeFrame(void* frame, std::size_t size) noexcept {
  if (size == 0 || size > kLargest) return std::free(frame);
  const std::size_t index = ClassOf(size);
  const std::size_t rounded = (index + 1) * kClassBytes;
  if (recycler.closed || recycler.kept_bytes + rounded > kMaxKeptBytes) return std::free(frame);
  recycler.lists[index] = ::new (frame) FreeNode{recycler.lists[index]};
  recycler.kept_bytes += rounded;
}

#else

void* AllocateFrame(std::size_t size) { return Allocate(size); }
void FreeFrame(void* frame, std::size_t) noexcept { std::free(frame); }

#endif

}  // namespace portolan::net
