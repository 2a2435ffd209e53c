#pragma once

// Keeps freed memory of recurring sizes: what was freed last is given out first, while it is still in the
// cache. Each thread has its own, constinit and thread_local.

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace portolan {

// Lists of free blocks, one list for each size from `kGrain` to `kLargest` bytes in steps of `kGrain`. A list
// keeps a block only in return for one that its thread took, so never more blocks than were in use at one
// time: a thread that frees what others allocate keeps none of it. At most `kMaxKept` bytes are kept in all.
// The owner allocates the blocks and releases them. Starts closed. It has no constructor or destructor to
// run, so that access needs no check whether it exists yet. Not thread-safe.
template <std::size_t kGrain, std::size_t kLargest, std::size_t kMaxKept>
class Recycler {
 public:
  static constexpr bool Serves(std::size_t size) { return size - 1 < kLargest; }  // false for 0
  // The bytes of a block for `size`. This and the functions below: REQUIRES: Serves(size).
  static constexpr std::size_t Rounded(std::size_t size) { return (ListOf(size) + 1) * kGrain; }

  // A block of Rounded(size) bytes; null if there is none: then allocate one.
  void* Take(std::size_t size) noexcept {
    List& list = lists_[ListOf(size)];
    ++list.taken;
    Node* const node = list.head;
    if (node == nullptr) return nullptr;
    list.head = node->next;
    kept_ -= Rounded(size);
    return node;
  }

  // The block that Take would return now.
  const void* Next(std::size_t size) const noexcept { return lists_[ListOf(size)].head; }

  // Keeps a block of Rounded(size) bytes, or passes it to `release`. When kMaxKept is reached, everything
  // kept is released first: lists full of sizes no longer asked for would leave no room for those that are.
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

  // Starts keeping blocks. REQUIRES: closed. Close must follow before the thread ends.
  void Open() noexcept { kept_ = 0; }

  // Passes every block kept to `release`, and from now on Give() does so with each block.
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
    std::size_t taken = 0;  // blocks taken and not yet given back
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
