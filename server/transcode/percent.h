#pragma once

// Percent-encoding of URLs (RFC 3986 section 2.1) and of HTML form queries.

#include <string>
#include <string_view>

namespace portolan::transcode {

enum class Plus : bool { kLiteral, kSpace };

// Appends the decoded text to *out. False, with *out of no use, on a `%` without two hex digits and on text
// that does not decode to UTF-8.
[[nodiscard]] bool PercentDecode(std::string_view text, Plus plus, std::string* out);

}  // namespace portolan::transcode
