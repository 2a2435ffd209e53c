#pragma once

// The inside of JSON strings: finding their end, and escaping and unescaping.

#include <cstdint>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace portolan::codec {

// Whether `c` ends plain text inside a string: `"`, `\` and control characters do.
inline bool IsStringStop(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

#if defined(__SSE2__)
// A bit for each byte, set if the byte is a stop.
inline uint32_t StringStops(__m128i bytes) {
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash))));
}
#endif

// The first stop at or after `p`; `end` if there is none.
inline const char* FindStringStop(const char* p, const char* end) {
#if defined(__SSE2__)
  for (; end - p >= 16; p += 16) {
    const uint32_t stops = StringStops(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    if (stops != 0) return p + __builtin_ctz(stops);
  }
#endif
  while (p != end && !IsStringStop(*p)) ++p;
  return p;
}

inline bool IsSurrogate(char32_t c) { return c >= 0xD800 && c <= 0xDFFF; }

// Reads the escape whose backslash is at `p`, a surrogate pair as one character, and returns the place after
// it; nullptr if it is not a valid escape. A lone surrogate is given as it is (see IsSurrogate).
const char* ReadEscape(const char* p, const char* end, char32_t* value);

// Replaces each escape of a lone surrogate in a JSON text by that of U+FFFD, which is as long.
void ReplaceLoneSurrogates(std::string* json);

// The shortest escape of a character that must be escaped in a JSON string. Static text.
std::string_view EscapeOf(char c);

// Appends `text` as a JSON string with its quotes, escaping only what must be.
void AppendQuoted(std::string_view text, std::string* out);

}  // namespace portolan::codec
