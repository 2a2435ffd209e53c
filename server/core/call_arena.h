#pragma once

#include <google/protobuf/arena.h>

#include <optional>
#include <utility>

#include "server/base/block_pool.h"

namespace portolan::core {

// The arena of one call's messages, made with the first of them: most calls are relayed and have none. Begins
// in a block of `blocks`, which must outlive it.
class CallArena {
 public:
  explicit CallArena(BlockPool& blocks) : blocks_(blocks) {}
  CallArena(const CallArena&) = delete;
  CallArena& operator=(const CallArena&) = delete;
  ~CallArena() { Clear(); }

  google::protobuf::Arena& get() {
    if (!arena_) {
      block_ = blocks_.Take();
      arena_.emplace(block_.get(), BlockPool::kBlockBytes);
    }
    return *arena_;
  }

  // Frees every message that was made.
  void Clear() {
    if (!arena_) return;
    arena_.reset();
    blocks_.Give(std::move(block_));
  }

 private:
  BlockPool& blocks_;
  BlockPool::Block block_;
  std::optional<google::protobuf::Arena> arena_;
};

}  // namespace portolan::core
