#pragma once

// Appends JSON text to a string. Its functions are inline, unlike std::string's, as most pieces are a few
// bytes long. Internal to the codec.

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "server/codec/json_string.h"
#include "server/codec/number.h"

namespace portolan::codec {

class JsonWriter {
 public:
  // `expected` is about how many bytes will be written. *out must outlive the writer, and is complete only
  // when the writer is gone.
  JsonWriter(size_t expected, std::string* out) : out_(*out), begin_(out->size()), size_(begin_) {
    out_.resize(size_ + expected + kSlack);
  }
  ~JsonWriter() { out_.resize(size_); }
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  size_t size() const { return size_; }
  // A byte that was written before.
  char& operator[](size_t at) { return out_[at]; }

  void Put(char c) {
    *Room(1) = c;
    ++size_;
  }
  void Put(std::string_view text) {
    if (!text.empty()) std::memcpy(Room(text.size()), text.data(), text.size());
    size_ += text.size();
  }

  void Number(std::integral auto value) {
    char* const at = Room(kLongestNumber);
    size_ += static_cast<size_t>(std::to_chars(at, at + kLongestNumber, value).ptr - at);
  }
  // REQUIRES: finite.
  void Number(std::floating_point auto value) {
    char* const at = Room(kLongestNumber);
    size_ += static_cast<size_t>(WriteReal(value, at) - at);
  }

  // Writes `text` as a JSON string with its quotes, escaping only what must be.
  void Quoted(std::string_view text) {
    const char* p = text.data();
    const char* const end = p + text.size();
    char* at = Room(text.size() + 2);
    *at++ = '"';
    while (p < end) {
      const auto left = static_cast<size_t>(end - p);
      const size_t plain = left >= kBlock ? CopyPlain(p, at) : CopyPlainEnd(p, left, at);
      at += plain;
      p += plain;
      if (p == end || plain == kBlock) continue;
      size_ = static_cast<size_t>(at - out_.data());
      Put(EscapeOf(*p++));
      at = Room(static_cast<size_t>(end - p) + 1);
    }
    *at++ = '"';
    size_ = static_cast<size_t>(at - out_.data());
  }

 private:
  static constexpr size_t kLongestNumber = 32;
  static constexpr size_t kBlock = 16;
  static constexpr size_t kSlack = 64;  // more than a block, so that a whole block can be stored at the end

  // Copies those of the kBlock bytes at `from` that come before the first escape, and returns their number.
  static size_t CopyPlain(const char* from, char* to) {
#if defined(__SSE2__)
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
    return static_cast<size_t>(__builtin_ctz(StringStops(bytes) | uint32_t{1} << kBlock));
#else
    size_t plain = 0;
    for (; plain < kBlock && !IsStringStop(from[plain]); ++plain) to[plain] = from[plain];
    return plain;
#endif
  }
  // The same for `size` bytes, fewer than kBlock.
  static size_t CopyPlainEnd(const char* from, size_t size, char* to) {
    // The memory behind the text may not be readable, so the text is copied first, by moves that overlap.
    char block[kBlock] = {};
    if (size >= 8) {
      std::memcpy(block, from, 8);
      std::memcpy(block + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
      std::memcpy(block, from, 4);
      std::memcpy(block + size - 4, from + size - 4, 4);
    } else {
      block[0] = from[0];
      block[size / 2] = from[size / 2];
      block[size - 1] = from[size - 1];
    }
    return std::min(CopyPlain(block, to), size);
  }

  // Makes room for `more` bytes and a block behind them, and returns where it begins.
  char* Room(size_t more) {
    if (out_.size() - size_ < more + kBlock) Grow(more);
    return out_.data() + size_;
  }
  // Grows by what this writer has written so far: the string may hold much else before that.
  [[gnu::noinline]] void Grow(size_t more) { out_.resize(out_.size() + (size_ - begin_) + more + kSlack); }

  std::string& out_;
  const size_t begin_;
  size_t size_;  // of what has been written; the string is longer
};

}  // namespace portolan::codec
