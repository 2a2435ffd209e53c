#pragma once

// Memory of sizes that come again and again: what was freed last is given out first, while it is still in the
// cache. One for each thread, constinit and thread_local.

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace portolan {

// Lists of free blocks, one for every `kGrain` bytes up to `kLargest`. A list keeps a block only in return
// for one that its thread took, so no more than were under way at one time: a thread that frees what others
// allocate keeps none of it. At most `kMaxKept` bytes in all. Where the blocks come from and go to at last is
// the owner's business. Closed at first. Trivially destroyed, so that reading it takes no look whether it is
// there yet. Not thread-safe.
template <std::size_t kGrain, std::size_t kLargest, std::size_t kMaxKept>
class Recycler {
 public:
  static constexpr bool Serves(std::size_t size) { return size - 1 < kLargest; }  // 0 is not served
  // What a block for `size` holds. REQUIRES, as the others: Serves(size).
  static constexpr std::size_t Rounded(std::size_t size) { return (ListOf(size) + 1) * kGrain; }

  // A block for `size`; null: there is none, allocate Rounded(size).
  void* Take(std::size_t size) noexcept {
    List& list = lists_[ListOf(size)];
    ++list.taken;
    Node* const node = list.head;
    if (node == nullptr) return nullptr;
    list.head = node->next;
    kept_ -= Rounded(size);
    return node;
  }

  // The block that Take would give now.
  const void* Next(std::size_t size) const noexcept { return lists_[ListOf(size)].head; }

  // Keeps a block of Rounded(size) bytes, or gives it to `release`. At the bound all that was kept goes there
  // first: lists full of sizes that are no longer asked for would leave no room for those that are.
  template <typename Release>
  void Give(void* block, std::size_t size, Release release) noexcept {
    List& list = lists_[ListOf(size)];
    if (list.taken == 0) return release(block);
    if (kept_ > kMaxKept - Rounded(size)) [[unlikely]] {
      if (kept_ == kClosed) return release(block);
      ReleaseAll(release);
    }
    --list.taken;
    list.head = ::new (block) Node{list.head};
    kept_ += Rounded(size);
  }

  // From now on blocks are kept. REQUIRES: it is closed; Close follows before the thread ends.
  void Open() noexcept { kept_ = 0; }

  // Gives every block to `release`, as from now on each that comes.
  template <typename Release>
  void Close(Release release) noexcept {
    ReleaseAll(release);
    kept_ = kClosed;
  }

 private:
  struct Node {
    Node* next;
  };
  struct List {
    Node* head = nullptr;
    std::size_t taken = 0;  // blocks that were not yet given in return
  };
  static_assert(kGrain >= sizeof(Node) && kLargest % kGrain == 0 && kLargest <= kMaxKept);

  static constexpr std::size_t ListOf(std::size_t size) { return (size - 1) / kGrain; }

  template <typename Release>
  [[gnu::noinline]] void ReleaseAll(Release release) noexcept {
    kept_ = 0;
    for (List& list : lists_) {
      while (list.head != nullptr) release(std::exchange(list.head, list.head->next));
    }
  }

  static constexpr std::size_t kClosed = SIZE_MAX;

  std::array<List, kLargest / kGrain> lists_{};
  std::size_t kept_ = kClosed;
};

}  // namespace portolan
