#pragma once

// A reader of protobuf's wire format (protobuf.dev/programming-guides/encoding). For bytes that generated
// code has just serialised: well-formed, fields in the order of their numbers. Never reads past the end,
// whatever the bytes. Internal to the codec.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace portolan::codec {

enum class WireType : uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kLength = 2,
  kStartGroup = 3,
  kEndGroup = 4,
  kFixed32 = 5
};

constexpr uint32_t TagNumber(uint32_t tag) { return tag >> 3; }
constexpr WireType TagType(uint32_t tag) { return static_cast<WireType>(tag & 7); }
// The tag of a string or a message.
constexpr uint32_t LengthTag(uint32_t number) {
  return number << 3 | static_cast<uint32_t>(WireType::kLength);
}

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : cursor_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool done() const { return cursor_ == end_; }
  const char* cursor() const { return cursor_; }

  uint64_t Varint() {
    // Tags and lengths are nearly all of one byte.
    if (cursor_ != end_ && static_cast<unsigned char>(*cursor_) < 0x80)
      return static_cast<unsigned char>(*cursor_++);
    return LongVarint();
  }

  uint32_t Tag() { return static_cast<uint32_t>(Varint()); }

  // Consumes the next tag if it is `tag`.
  bool TakeTag(uint32_t tag) {
    const char* const start = cursor_;
    if (!done() && Tag() == tag) return true;
    cursor_ = start;
    return false;
  }

  template <typename T>
  T Fixed() {
    T value{};
    if (static_cast<size_t>(end_ - cursor_) >= sizeof(T)) std::memcpy(&value, cursor_, sizeof(T));
    Advance(sizeof(T));
    if constexpr (std::endian::native == std::endian::big) {
      char bytes[sizeof(T)];
      std::memcpy(bytes, &value, sizeof(T));
      for (size_t i = 0; i < sizeof(T); ++i) reinterpret_cast<char*>(&value)[i] = bytes[sizeof(T) - 1 - i];
    }
    return value;
  }

  std::string_view Bytes() {
    const uint64_t size = Varint();
    const char* const start = cursor_;
    Advance(size);
    return std::string_view(start, static_cast<size_t>(cursor_ - start));
  }

  void Skip(WireType type) {
    switch (type) {
      case WireType::kVarint:
        Varint();
        break;
      case WireType::kFixed64:
        Advance(8);
        break;
      case WireType::kFixed32:
        Advance(4);
        break;
      case WireType::kLength:
        Bytes();
        break;
      case WireType::kStartGroup:
      case WireType::kEndGroup:
        // No type that Compile accepts has groups; if an unknown field is one, reading ends there.
        cursor_ = end_;
        break;
    }
  }

 private:
  uint64_t LongVarint() {
    uint64_t value = 0;
    for (unsigned shift = 0; cursor_ != end_ && shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(*cursor_++);
      value |= uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) break;
    }
    return value;
  }

  void Advance(uint64_t size) {
    const auto left = static_cast<uint64_t>(end_ - cursor_);
    cursor_ += size < left ? size : left;
  }

  const char* cursor_;
  const char* end_;
};

}  // namespace portolan::codec
