#include "server/heap/recycling.h"

#include <cstdlib>

namespace portolan::heap {

constinit thread_local internal::BlockRecycler internal::block_recycler;

RecycledBlocks::RecycledBlocks() noexcept { internal::block_recycler.Open(); }
RecycledBlocks::~RecycledBlocks() { internal::block_recycler.Close(std::free); }

}  // namespace portolan::heap
