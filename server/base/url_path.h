#pragma once

#include <string_view>

namespace portolan {

// Whether a segment of a URL's path is `.` or `..`, however it is encoded: a server may take such a path for
// another one than whoever let it pass.
bool HasDotSegment(std::string_view path);

}  // namespace portolan
