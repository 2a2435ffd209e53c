#include "server/net/frame.h"

#include <cstdlib>

namespace portolan::net::internal {

constinit thread_local FrameRecycler frame_recycler;

void* NewFrame(std::size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}

void DeleteFrame(void* frame) noexcept { std::free(frame); }

}  // namespace portolan::net::internal
