#include "server/net/frame.h"

#include <cstdlib>

namespace portolan::net::internal {
namespace {

// Frees what a thread has kept when it ends.
struct Closer {
  ~Closer() { frame_recycler.Close(std::free); }
  bool armed = false;
};

thread_local Closer closer;

}  // namespace

constinit thread_local FrameRecycler frame_recycler;

void* NewFrame(std::size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}

void DeleteFrame(void* frame) noexcept { std::free(frame); }

// The first use of `closer` makes it part of the thread.
void FreeAtExit() noexcept { closer.armed = true; }

}  // namespace portolan::net::internal
