#pragma once

// A writer of protobuf's wire format (protobuf.dev/programming-guides/encoding). Internal to the codec.

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "server/codec/wire.h"

namespace portolan::codec {

class WireWriter {
 public:
  // `expected` is about how many bytes will be written.
  explicit WireWriter(size_t expected)
      : capacity_(expected + kSpare), bytes_(std::make_unique_for_overwrite<char[]>(capacity_)) {}

  size_t size() const { return size_; }
  std::string_view view() const { return {bytes_.get(), size_}; }
  // Forgets what was written after the first `size` bytes.
  void Truncate(size_t size) { size_ = size; }

  void Tag(uint32_t number, WireType type) { Varint((uint64_t{number} << 3) | static_cast<uint64_t>(type)); }

  void Varint(uint64_t value) {
    Reserve(kLongestVarint);
    size_ = static_cast<size_t>(PutVarint(value, bytes_.get() + size_) - bytes_.get());
  }

  template <std::unsigned_integral T>
  void Fixed(T value) {
    Reserve(sizeof(T));
    for (size_t i = 0; i < sizeof(T); ++i) {
      bytes_[size_ + i] = static_cast<char>(value >> (8 * i));  // compilers make this one store
    }
    size_ += sizeof(T);
  }

  // A field of type kLength.
  void Text(uint32_t number, std::string_view text) {
    Reserve(2 * kLongestVarint + text.size());
    char* at =
        PutVarint((uint64_t{number} << 3) | static_cast<uint64_t>(WireType::kLength), bytes_.get() + size_);
    at = PutVarint(text.size(), at);
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    size_ = static_cast<size_t>(at - bytes_.get()) + text.size();
  }

  void Append(std::string_view bytes) {
    Reserve(bytes.size());
    if (!bytes.empty()) std::memcpy(bytes_.get() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

  // What is written between Open() and Close(), which gets what Open() returned, is preceded by its length.
  // Pairs may be nested.
  size_t Open() {
    Reserve(1);
    return ++size_;
  }
  void Close(size_t open) {
    const size_t length = size_ - open;
    if (length < 0x80) {
      bytes_[open - 1] = static_cast<char>(length);
      return;
    }
    // The length takes more than the one byte that was left for it.
    size_t extra = 0;
    for (size_t rest = length >> 7; rest != 0; rest >>= 7) ++extra;
    Reserve(extra);
    std::memmove(bytes_.get() + open + extra, bytes_.get() + open, length);
    size_ = open - 1;
    Varint(length);
    size_ += length;
  }

 private:
  static constexpr size_t kLongestVarint = 10;
  static constexpr size_t kSpare = 64;

  static char* PutVarint(uint64_t value, char* at) {
    while (value >= 0x80) {
      *at++ = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    *at++ = static_cast<char>(value);
    return at;
  }

  void Reserve(size_t more) {
    if (capacity_ - size_ < more) Grow(more);
  }
  void Grow(size_t more) {
    capacity_ = 2 * capacity_ + more;
    auto larger = std::make_unique_for_overwrite<char[]>(capacity_);
    std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
  }

  size_t capacity_;
  size_t size_ = 0;
  std::unique_ptr<char[]> bytes_;
};

}  // namespace portolan::codec
