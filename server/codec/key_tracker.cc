#include "server/codec/key_tracker.h"

#include <algorithm>
#include <span>

namespace portolan::codec {
namespace {

using Key = KeyTracker::Key;

// Up to this many keys, comparing each with each is cheaper than sorting.
constexpr size_t kFew = 12;

const Key* FindAmongFew(std::span<const Key> keys) {
  for (size_t i = 1; i < keys.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (keys[i].text == keys[j].text) return &keys[i];
    }
  }
  return nullptr;
}

const Key* FindAmongMany(std::span<Key> keys) {
  std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) {
    const int order = a.text.compare(b.text);
    return order != 0 ? order < 0 : a.offset < b.offset;
  });
  const Key* first = nullptr;
  for (size_t i = 1; i < keys.size(); ++i) {
    if (keys[i].text != keys[i - 1].text) continue;
    if (first == nullptr || keys[i].offset < first->offset) first = &keys[i];
  }
  return first;
}

}  // namespace

std::string_view KeyTracker::Push(std::string_view key, size_t offset, bool copy) {
  if (copy) {
    copies_.push_back(std::make_unique<std::string>(key));
    key = *copies_.back();
  }
  keys_.push_back({key, offset});
  return key;
}

bool KeyTracker::HasDuplicate(size_t mark, Key* repeated) {
  const std::span<Key> keys(keys_.data() + mark, keys_.size() - mark);
  const Key* found = keys.size() <= kFew ? FindAmongFew(keys) : FindAmongMany(keys);
  const bool duplicate = found != nullptr;
  if (duplicate && repeated != nullptr) *repeated = *found;
  keys_.resize(mark);
  return duplicate;
}

}  // namespace portolan::codec
