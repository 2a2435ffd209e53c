#pragma once

// Memory of sizes that come again and again: what was freed last is given out first, while it is still in the
// cache. One for each thread, constinit and thread_local; blocks freed on a thread join that thread's lists,
// wherever they were allocated.

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace portolan {

// Lists of free blocks, one for every `kGrain` bytes up to `kLargest`; at most `kMaxKept` bytes in all. Where
// the blocks come from and go to at last is the owner's business. Trivially destroyed, so that reading it
// takes no look whether it is there yet; the owner calls Close when the thread ends. Not thread-safe.
template <std::size_t kGrain, std::size_t kLargest, std::size_t kMaxKept>
class Recycler {
 public:
  static constexpr bool Serves(std::size_t size) { return size - 1 < kLargest; }  // 0 is not served
  // What a block for `size` holds. REQUIRES, as the others: Serves(size).
  static constexpr std::size_t Rounded(std::size_t size) { return (ListOf(size) + 1) * kGrain; }

  // A block for `size`; null: there is none, allocate Rounded(size).
  void* Take(std::size_t size) noexcept {
    Node*& head = lists_[ListOf(size)];
    Node* const node = head;
    if (node == nullptr) return nullptr;
    head = node->next;
    kept_ -= Rounded(size);
    return node;
  }

  // The block that Take would give now.
  const void* Next(std::size_t size) const noexcept { return lists_[ListOf(size)]; }

  // Keeps a block of Rounded(size) bytes. False: it is to be freed.
  bool Give(void* block, std::size_t size) noexcept {
    if (kept_ > kMaxKept - Rounded(size)) return false;
    Node*& head = lists_[ListOf(size)];
    head = ::new (block) Node{head};
    kept_ += Rounded(size);
    return true;
  }

  bool empty() const noexcept { return kept_ == 0; }

  // Gives every block to `release`. Nothing is kept from now on.
  template <typename Release>
  void Close(Release release) noexcept {
    kept_ = kMaxKept;
    for (Node*& head : lists_) {
      while (head != nullptr) release(std::exchange(head, head->next));
    }
  }

 private:
  struct Node {
    Node* next;
  };
  static_assert(kGrain >= sizeof(Node) && kLargest % kGrain == 0 && kLargest <= kMaxKept);

  static constexpr std::size_t ListOf(std::size_t size) { return (size - 1) / kGrain; }

  std::array<Node*, kLargest / kGrain> lists_{};
  std::size_t kept_ = 0;
};

}  // namespace portolan
