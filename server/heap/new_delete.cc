// The program's operator new and delete. On threads that ask for it (recycling.h), blocks of up to 2 KiB that
// were freed last are used again first. An allocator works through a page of blocks before it uses one again,
// which by then has left the cache; a call makes a dozen small allocations, a translated one three dozen,
// nearly all of them freed before the next call.
//
// A block comes from malloc in any case, rounded up to its list's size, and so may go to free() whichever
// thread deletes it, with its size or without.

#include <cstddef>
#include <cstdlib>
#include <new>

#include "server/heap/recycling.h"

namespace {

using portolan::heap::internal::block_recycler;
using portolan::heap::internal::BlockRecycler;

void* FromHeap(std::size_t size) {
  for (;;) {
    if (void* const block = std::malloc(size)) return block;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

}  // namespace

void* operator new(std::size_t size) {
  if (!BlockRecycler::Serves(size)) return FromHeap(size == 0 ? 1 : size);
  void* const block = block_recycler.Take(size);
  return block != nullptr ? block : FromHeap(BlockRecycler::Rounded(size));
}

void operator delete(void* block, std::size_t size) noexcept {
  if (block == nullptr || !BlockRecycler::Serves(size)) return std::free(block);
  block_recycler.Give(block, size, std::free);
}

void operator delete(void* block) noexcept { std::free(block); }

void* operator new[](std::size_t size) { return operator new(size); }
void operator delete[](void* block, std::size_t size) noexcept { operator delete(block, size); }
void operator delete[](void* block) noexcept { std::free(block); }
