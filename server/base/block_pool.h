#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace portolan {

// Memory blocks for the arenas of a shard's calls, kept to be used again. For the shard's thread.
class BlockPool {
 public:
  // Enough for a call of the usual size.
  static constexpr size_t kBlockBytes = 8 << 10;
  using Block = std::unique_ptr<char[]>;

  Block Take() {
    if (free_.empty()) return std::make_unique_for_overwrite<char[]>(kBlockBytes);
    Block block = std::move(free_.back());
    free_.pop_back();
    return block;
  }
  void Give(Block block) {
    if (free_.size() < kMaxFree) free_.push_back(std::move(block));
  }

 private:
#if PORTOLAN_SANITIZED
  static constexpr size_t kMaxFree = 0;  // so that every use after free is seen
#else
  static constexpr size_t kMaxFree = 64;
#endif
  std::vector<Block> free_;
};

}  // namespace portolan
