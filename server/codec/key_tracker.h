#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"

namespace portolan::codec {

// Finds keys that stand twice in one object, for the nested objects of one text: a stack of keys, an open
// object owning those from its mark on. Time is n log n for n keys whatever the keys are; few keys cost no
// allocation.
class KeyTracker {
 public:
  struct Key {
    std::string_view text;
    size_t offset;  // of the key in the text, for the error
  };

  // Where the keys of an object that begins now will start.
  size_t Mark() const { return keys_.size(); }
  // Adds a key to the innermost object. `key` must stay valid until the object is closed, unless `copy` is
  // set. Returns the key, valid as long as the tracker or `key`.
  std::string_view Push(std::string_view key, size_t offset, bool copy);
  // Forgets the keys from `mark` on.
  void Truncate(size_t mark) { keys_.resize(mark); }
  // Closes the object that began at `mark`. True if a key stands twice; `*repeated`, if given, is then the
  // first that was already there, its text valid until the next Push.
  bool HasDuplicate(size_t mark, Key* repeated);

 private:
  absl::InlinedVector<Key, 24> keys_;
  std::vector<std::unique_ptr<std::string>> copies_;
};

}  // namespace portolan::codec
