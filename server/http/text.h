#pragma once

// Character classes and scans that the parsers of this folder share. Internal to server/http.

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#if defined(__SSSE3__)
#include <tmmintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace portolan::http::text {

// For each byte: its lower case form if it may occur in a token (RFC 9110 section 5.6.2), else 0.
inline constexpr auto kTokenLower = [] {
  std::array<char, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = static_cast<char>(c);
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<size_t>(c)] = static_cast<char>(c - 'A' + 'a');
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = static_cast<char>(c);
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<uint8_t>(c)] = c;
  return table;
}();

inline char TokenLower(char c) { return kTokenLower[static_cast<uint8_t>(c)]; }
inline bool IsToken(char c) { return TokenLower(c) != 0; }
// May stand in a field value: visible, obs-text, space, tab.
inline bool IsValueByte(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

// The first byte in [p, end) that may not occur in a field value; `end` if there is none.
inline const char* FindNonValue(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i del = _mm_set1_epi8(0x7f);
  const auto controls = [&](__m128i v) {
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, last_control), v);  // byte <= 0x1f
    return static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(control, _mm_cmpeq_epi8(v, del))));
  };
  // A tab is the one control character that may occur in a value.
  const auto first = [&](uint32_t hits) -> const char* {
    for (; hits != 0; hits &= hits - 1) {
      const char* const hit = p + std::countr_zero(hits);
      if (*hit != '\t') return hit;
    }
    return nullptr;
  };
  for (; end - p >= 16; p += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    if (const char* const hit = first(controls(v))) return hit;
  }
  if (end - p >= 8) {
    const __m128i v = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
    if (const char* const hit = first(controls(v) & 0xff)) return hit;
    p += 8;
  }
#endif
  while (p < end && IsValueByte(*p)) ++p;
  return p;
}

// Folds the token at `p` to lower case in place and returns its end.
inline char* FoldToken(char* p, const char* end) {
#if defined(__SSSE3__)
  // Which ASCII characters are in tokens: a row for each low half of a byte, and in it a bit for each high
  // half.
  const __m128i rows = _mm_setr_epi8(
      static_cast<char>(0xe8), static_cast<char>(0xfc), static_cast<char>(0xf8), static_cast<char>(0xfc),
      static_cast<char>(0xfc), static_cast<char>(0xfc), static_cast<char>(0xfc), static_cast<char>(0xfc),
      static_cast<char>(0xf8), static_cast<char>(0xf8), static_cast<char>(0xf4), 0x54,
      static_cast<char>(0xd0), 0x54, static_cast<char>(0xf4), 0x70);
  const __m128i bits = _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, static_cast<char>(128), 0, 0, 0, 0, 0, 0, 0, 0);
  const __m128i half = _mm_set1_epi8(0x0f);
  // 16 bytes read at offset 16 - n begin with n bytes of 0x20, the bit that tells lower from upper case.
  alignas(32) static constexpr std::array<char, 32> kCaseBits = [] {
    std::array<char, 32> bytes{};
    for (size_t i = 0; i < 16; ++i) bytes[i] = 0x20;
    return bytes;
  }();
  while (end - p >= 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i row = _mm_shuffle_epi8(rows, _mm_and_si128(v, half));
    const __m128i bit = _mm_shuffle_epi8(bits, _mm_and_si128(_mm_srli_epi16(v, 4), half));
    const __m128i misses = _mm_cmpeq_epi8(_mm_and_si128(row, bit), _mm_setzero_si128());
    const auto stops = static_cast<uint32_t>(_mm_movemask_epi8(misses)) | 0x10000u;
    const int length = std::countr_zero(stops);
    const __m128i upper =
        _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('A' - 1)), _mm_cmplt_epi8(v, _mm_set1_epi8('Z' + 1)));
    const __m128i inside = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kCaseBits.data() + 16 - length));
    const __m128i fold = _mm_and_si128(upper, inside);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_or_si128(v, fold));
    p += length;
    if (length < 16) return p;
  }
#endif
  for (; p < end && IsToken(*p); ++p) *p = TokenLower(*p);
  return p;
}

// The first LF in [p, end); `end` if there is none.
inline const char* FindLf(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i lf = _mm_set1_epi8('\n');
  for (; end - p >= 16; p += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const auto hit = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(v, lf)));
    if (hit != 0) return p + std::countr_zero(hit);
  }
#endif
  while (p < end && *p != '\n') ++p;
  return p;
}

// The first LF or CR in [p, end); `end` if there is none.
inline const char* FindLineEnd(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i lf = _mm_set1_epi8('\n');
  const __m128i cr = _mm_set1_epi8('\r');
  for (; end - p >= 16; p += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i either = _mm_or_si128(_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, cr));
    const auto hit = static_cast<uint32_t>(_mm_movemask_epi8(either));
    if (hit != 0) return p + std::countr_zero(hit);
  }
#endif
  while (p < end && *p != '\n' && *p != '\r') ++p;
  return p;
}

}  // namespace portolan::http::text
