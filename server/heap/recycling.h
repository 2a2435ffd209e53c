#pragma once

// Small blocks that were freed last are used again first, before malloc: by the program's operator new and
// delete (new_delete.cc), on the threads that ask for it.

#include "server/base/recycler.h"

namespace portolan::heap {

namespace internal {

using BlockRecycler = Recycler<16, 2048, 1 << 20>;
extern constinit thread_local BlockRecycler block_recycler;

}  // namespace internal

// While it exists, its thread uses blocks again that were deleted on it. One at a time for each thread; for
// threads that delete what they allocate. Without effect where new and delete are others, as under
// sanitizers.
class RecycledBlocks {
 public:
  RecycledBlocks() noexcept;
  ~RecycledBlocks();
  RecycledBlocks(const RecycledBlocks&) = delete;
  RecycledBlocks& operator=(const RecycledBlocks&) = delete;
};

}  // namespace portolan::heap
