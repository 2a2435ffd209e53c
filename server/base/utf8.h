#pragma once

// UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF). Long texts are checked by
// codec/utf8.h, which is faster.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace portolan {

// The most bytes that a character takes.
inline constexpr size_t kMaxUtf8Bytes = 4;

// Whether a byte continues a character.
constexpr bool IsUtf8Tail(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// How many bytes the character takes that `text` begins with; 0 if it begins with none. REQUIRES: text is
// not empty.
size_t Utf8Length(std::string_view text);

bool IsUtf8(std::string_view text);

// The number of characters (code points) of a UTF-8 text.
int64_t CountUtf8(std::string_view text);

// The longest beginning of `text` of at most `limit` bytes that does not end within a character. What is no
// UTF-8 may be cut anywhere.
std::string_view CutUtf8(std::string_view text, size_t limit);

// The text without the beginning of a character that it ends in. What is no UTF-8 stays.
std::string_view WholeUtf8(std::string_view text);

// Appends a character. A surrogate comes out as three bytes that are no UTF-8. REQUIRES: code is at most
// U+10FFFF.
void AppendUtf8(char32_t code, std::string* out);

}  // namespace portolan
