#pragma once

#include <cstddef>
#include <string_view>

namespace portolan {

// The length of the UTF-8 sequence that starts `text`, 0 if there is none. RFC 3629: no surrogates, no
// overlong forms.
size_t Utf8Length(std::string_view text);

bool IsUtf8(std::string_view text);

}  // namespace portolan
