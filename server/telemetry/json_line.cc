#include "server/telemetry/json_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>

#include "server/base/utf8.h"
#endif

namespace portolan::telemetry {
namespace {

constexpr std::string_view kEllipsis = "\u2026";
constexpr std::string_view kReplacement = "\\ufffd";
constexpr size_t kLongestEscape = 6;  // `\u001f`
constexpr size_t kTail = 4;           // `"`, `}`, line feed and one to spare

// Whether none of 8 bytes needs a closer look: no control character, quote, backslash or byte beyond ASCII.
// Each term has the high bit of some byte set if (and, below the lowest hit, only if) that byte matches.
bool ArePlain(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHigh = 0x8080808080808080;
  const uint64_t quotes = word ^ (kOnes * '"');
  const uint64_t slashes = word ^ (kOnes * '\\');
  const uint64_t hits = (word - kOnes * 0x20) | (quotes - kOnes) | (slashes - kOnes) | word;
  return (hits & kHigh) == 0;
}

bool ArePlain(uint32_t word) { return ArePlain(word | uint64_t{0x2020202000000000}); }

#if defined(__SSE2__)
// The same of 16.
bool ArePlain(__m128i bytes) {
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i slashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  const __m128i hits = _mm_or_si128(_mm_or_si128(control, bytes), _mm_or_si128(quotes, slashes));
  return _mm_movemask_epi8(hits) == 0;
}
#endif

// Copies a piece of fixed size. Whether it is plain.
template <typename Block>
bool CopyBlock(const char* from, char* to) {
  Block block;
  std::memcpy(&block, from, sizeof block);
  std::memcpy(to, &block, sizeof block);
  return ArePlain(block);
}

// REQUIRES: text.size() >= sizeof(Block). The last piece overlaps the one before it.
template <typename Block>
bool CopyBlocks(std::string_view text, char* to) {
  const size_t last = text.size() - sizeof(Block);
  for (size_t at = 0; at < last; at += sizeof(Block)) {
    if (!CopyBlock<Block>(text.data() + at, to + at)) return false;
  }
  return CopyBlock<Block>(text.data() + last, to + last);
}

// Copies what can stay as it is, as nearly all texts can. False, with some of it copied, if this is not one.
bool CopyPlain(std::string_view text, char* to) {
#if defined(__SSE2__)
  if (text.size() >= 16) return CopyBlocks<__m128i>(text, to);
#endif
  if (text.size() >= 8) return CopyBlocks<uint64_t>(text, to);
  if (text.size() >= 4) return CopyBlocks<uint32_t>(text, to);
  bool plain = true;
  for (const char c : text) {
    plain &= ArePlain(static_cast<unsigned char>(c) | uint64_t{0x2020202020202000});
    *to++ = c;
  }
  return plain;
}

void PutDigits(int64_t value, int digits, char* out) {
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace

void TimestampFormatter::Format(std::chrono::system_clock::time_point time, char* out) {
  using namespace std::chrono;
  const auto second = floor<seconds>(time);
  if (second.time_since_epoch().count() != second_) {
    second_ = second.time_since_epoch().count();
    const auto day = floor<days>(second);
    const year_month_day date(day);
    const hh_mm_ss clock(second - day);
    std::memcpy(text_, "0000-00-00T00:00:00.000Z", kLength);
    PutDigits(int{date.year()}, 4, text_);
    PutDigits(unsigned{date.month()}, 2, text_ + 5);
    PutDigits(unsigned{date.day()}, 2, text_ + 8);
    PutDigits(clock.hours().count(), 2, text_ + 11);
    PutDigits(clock.minutes().count(), 2, text_ + 14);
    PutDigits(clock.seconds().count(), 2, text_ + 17);
  }
  PutDigits(duration_cast<milliseconds>(time - second).count(), 3, text_ + 20);
  std::memcpy(out, text_, kLength);
}

JsonLine::JsonLine(std::span<char> buffer, std::string_view timestamp, LogLevel level)
    : begin_(buffer.data()), at_(buffer.data()), end_(buffer.data() + buffer.size() - kTail) {
  Plain("ts", timestamp);
  *begin_ = '{';  // where the first key has its comma
  Plain("level", ToString(level));
}

inline bool JsonLine::Key(const JsonKey& key, size_t value_room) {
  if (room() < JsonKey::kWidth + value_room) return false;
  std::memcpy(at_, key.text_, JsonKey::kWidth);
  at_ += key.size_;
  return true;
}

void JsonLine::Escape(std::string_view value) {
  static constexpr char kHex[] = "0123456789abcdef";
  while (!value.empty() && room() >= 8) {
    const auto c = static_cast<unsigned char>(value.front());
    size_t length = 1;
    if (c >= 0x80) {
      length = Utf8Length(value);
      const std::string_view text = length == 0 ? kReplacement : value.substr(0, length);
      at_ = std::copy(text.begin(), text.end(), at_);
      length = std::max<size_t>(length, 1);
    } else if (c == '"' || c == '\\') {
      *at_++ = '\\';
      *at_++ = static_cast<char>(c);
    } else if (c < 0x20) {
      const char escaped[kLongestEscape] = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
      at_ = std::copy(std::begin(escaped), std::end(escaped), at_);
    } else {
      *at_++ = static_cast<char>(c);
    }
    value.remove_prefix(length);
  }
}

void JsonLine::Plain(const JsonKey& key, std::string_view value) {
  if (!Key(key, value.size() + 2)) return;
  *at_++ = '"';
  at_ = std::copy(value.begin(), value.end(), at_);
  *at_++ = '"';
}

void JsonLine::Text(const JsonKey& key, std::string_view value, size_t limit) {
  const bool fits = value.size() <= limit && value.size() + JsonKey::kWidth + 2 <= room();
  if (!Key(key, 2)) return;
  *at_++ = '"';
  if (fits && CopyPlain(value, at_)) {
    at_ += value.size();
    *at_++ = '"';
    return;
  }
  Escape(CutUtf8(value, limit));
  // A value cut by the limit shows it; one cut by the buffer's end has no room for that.
  if (value.size() > limit && room() > kEllipsis.size())
    at_ = std::copy(kEllipsis.begin(), kEllipsis.end(), at_);
  *at_++ = '"';
}

void JsonLine::Integer(const JsonKey& key, int64_t value) {
  if (Key(key, 20)) at_ = std::to_chars(at_, end_, value).ptr;
}

void JsonLine::Unsigned(const JsonKey& key, uint64_t value) {
  if (Key(key, 20)) at_ = std::to_chars(at_, end_, value).ptr;
}

void JsonLine::Bool(const JsonKey& key, bool value) {
  if (!Key(key, 5)) return;
  const std::string_view text = value ? "true" : "false";
  at_ = std::copy(text.begin(), text.end(), at_);
}

void JsonLine::Real(const JsonKey& key, double value) {
  if (!Key(key, 32)) return;
  if (std::isfinite(value)) {
    at_ = std::to_chars(at_, end_, value).ptr;
  } else {
    at_ = std::copy_n("null", 4, at_);
  }
}

void JsonLine::Millis(const JsonKey& key, std::chrono::nanoseconds value) {
  if (!Key(key, 24)) return;
  const int64_t micros = std::max<int64_t>(value.count(), 0) / 1000;
  at_ = std::to_chars(at_, end_, micros / 1000).ptr;
  *at_++ = '.';
  PutDigits(micros % 1000, 3, at_);
  at_ += 3;
}

std::string_view JsonLine::Finish() {
  *at_++ = '}';
  *at_++ = '\n';
  return {begin_, static_cast<size_t>(at_ - begin_)};
}

}  // namespace portolan::telemetry
