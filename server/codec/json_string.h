#pragma once

// The inside of JSON strings: finding their end, escapes both ways.

#include <cstdint>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace portolan::codec {

// The first byte at or after `p` that is `"`, `\` or a control character; `end` if there is none.
inline const char* FindStringStop(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1F);
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i stop =
        _mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    const auto mask = static_cast<uint32_t>(_mm_movemask_epi8(stop));
    if (mask != 0) return p + __builtin_ctz(mask);
  }
#endif
  while (p != end && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) >= 0x20) ++p;
  return p;
}

inline bool IsSurrogate(char32_t c) { return c >= 0xD800 && c <= 0xDFFF; }

// Reads the escape whose backslash stands at `p`, a surrogate pair as one, and returns what follows it;
// nullptr if it is not a valid escape. A surrogate without its partner is given as it is (see IsSurrogate).
const char* ReadEscape(const char* p, const char* end, char32_t* value);

// Appends `c`, which must not be a surrogate, as UTF-8.
void AppendUtf8(char32_t c, std::string* out);

// The shortest escape of a character that must be escaped in a JSON string. Static text.
std::string_view EscapeOf(char c);

// Appends `text` as a JSON string with its quotes. Only what must be escaped is.
void AppendQuoted(std::string_view text, std::string* out);

}  // namespace portolan::codec
