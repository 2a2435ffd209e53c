#include "server/net/frame.h"

#include <cstdlib>
#include <utility>

namespace portolan::net::internal {
namespace {

// Frees what a thread has kept when it ends.
struct Closer {
  ~Closer() {
    frame_lists.closed = true;
    for (FrameLists::Node*& head : frame_lists.heads) {
      while (head != nullptr) std::free(std::exchange(head, head->next));
    }
  }
  bool armed = false;
};

thread_local Closer closer;

}  // namespace

constinit thread_local FrameLists frame_lists;

void* NewFrame(std::size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}

void DeleteFrame(void* frame) noexcept { std::free(frame); }

// The first use of `closer` makes it part of the thread.
void FreeAtExit() noexcept { closer.armed = true; }

}  // namespace portolan::net::internal
