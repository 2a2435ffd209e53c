#pragma once

// Percent-encoding of URLs (RFC 3986 section 2.1) and of HTML form queries.

#include <string>
#include <string_view>

namespace portolan::transcode {

// Whether `+` means itself, as in a path, or a space, as in a query.
enum class Plus : bool { kLiteral, kSpace };

// Appends the decoded text to *out. False, with *out unspecified, if a `%` is not followed by two hexadecimal
// digits or the result is not UTF-8.
[[nodiscard]] bool PercentDecode(std::string_view text, Plus plus, std::string* out);

}  // namespace portolan::transcode
