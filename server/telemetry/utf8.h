#pragma once

#include <cstddef>
#include <string_view>

namespace portolan::telemetry {

// The length of the UTF-8 sequence that `text` starts with, 0 if it starts with none (RFC 3629: no overlong
// forms, no surrogates, nothing above U+10FFFF). REQUIRES: text is not empty.
size_t Utf8SequenceLength(std::string_view text);

// The longest prefix of at most `limit` bytes that does not split a sequence.
std::string_view CutUtf8(std::string_view text, size_t limit);

}  // namespace portolan::telemetry
