#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"

namespace portolan::codec {

// Finds keys that occur twice in one object, for the nested objects of one text. It is a stack of keys, of
// which each open object owns those from its mark on. n keys take n log n time, whatever they are; a few keys
// need no allocation. Not thread-safe.
class KeyTracker {
 public:
  struct Key {
    std::string_view text;
    size_t offset;  // of the key in the text, for the error
  };

  // The mark of an object that begins now.
  size_t Mark() const { return keys_.size(); }
  // Adds a key to the innermost object. Unless `copy` is set, `key` must stay valid until the object is
  // closed. Returns the key: `key` itself, or the tracker's copy.
  std::string_view Push(std::string_view key, size_t offset, bool copy);
  // Forgets the keys from `mark` on.
  void Truncate(size_t mark) { keys_.resize(mark); }
  // Closes the object that began at `mark`. True if a key occurs twice; `*repeated`, if given, is then the
  // first one that had been there before, its text valid until the next Push.
  bool HasDuplicate(size_t mark, Key* repeated);

 private:
  absl::InlinedVector<Key, 24> keys_;
  std::vector<std::unique_ptr<std::string>> copies_;
};

}  // namespace portolan::codec
