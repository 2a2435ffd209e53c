#pragma once

#include <cstddef>
#include <string_view>

namespace portolan::codec {

// The offset of the first byte that does not belong to well-formed UTF-8 (RFC 3629); npos if there is none.
size_t FindInvalidUtf8(std::string_view text);

}  // namespace portolan::codec
