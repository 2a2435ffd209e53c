#pragma once

// Gives out the small blocks that were freed last, before malloc is asked: in the program's operator new and
// delete (new_delete.cc), on threads that want it.

#include "server/base/recycler.h"

namespace portolan::heap {

namespace internal {

using BlockRecycler = Recycler<16, 2048, 1 << 20>;
extern constinit thread_local BlockRecycler block_recycler;

}  // namespace internal

// While this object exists, its thread uses the blocks deleted on it again. At most one per thread at a time,
// and only for threads that delete what they allocate. Has no effect if the program's operator new is not
// this one, as under sanitizers.
class RecycledBlocks {
 public:
  RecycledBlocks() noexcept;
  ~RecycledBlocks();
  RecycledBlocks(const RecycledBlocks&) = delete;
  RecycledBlocks& operator=(const RecycledBlocks&) = delete;
};

}  // namespace portolan::heap
