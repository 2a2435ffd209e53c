#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace portolan {

// A number as text, to pass to TextBuffer::Append.
class Digits {
 public:
  explicit Digits(uint64_t number, int base = 10)
      : end_(std::to_chars(text_, text_ + sizeof text_, number, base).ptr) {}
  Digits(const Digits&) = delete;
  Digits& operator=(const Digits&) = delete;
  // NOLINTNEXTLINE(google-explicit-constructor): stands where a text does.
  operator std::string_view() const { return {text_, end_}; }

 private:
  char text_[20];
  const char* end_;
};

// Text that grows at its end. Unlike std::string it makes room once for everything that one call appends,
// which is most of the cost of putting heads together from short texts.
class TextBuffer {
 public:
  TextBuffer() = default;
  TextBuffer(TextBuffer&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  TextBuffer& operator=(TextBuffer&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  // Appends the texts in order. An array is taken to be a string literal. None may be part of this buffer.
  template <typename... Texts>
  void Append(const Texts&... texts) {
    const size_t size = (SizeOf(texts) + ...);
    if (size > capacity_ - size_) [[unlikely]]
      Grow(size_ + size);
    char* at = bytes_.get() + size_;
    ((at = Put(texts, at)), ...);
    size_ += size;
  }
  void Reserve(size_t capacity) {
    if (capacity > capacity_) Grow(capacity);
  }
  void clear() { size_ = 0; }
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  static size_t SizeOf(std::string_view text) { return text.size(); }
  template <size_t N>
  static constexpr size_t SizeOf(const char (&)[N]) {
    return N - 1;
  }
  static char* Put(std::string_view text, char* at) { return std::copy(text.begin(), text.end(), at); }
  template <size_t N>
  static char* Put(const char (&literal)[N], char* at) {
    return std::copy_n(literal, N - 1, at);
  }
  void Grow(size_t wanted) {
    const size_t capacity = std::max(wanted, capacity_ * 2);
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
    std::copy_n(bytes_.get(), size_, bytes.get());
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace portolan
