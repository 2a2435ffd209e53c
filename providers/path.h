#pragma once

#include <string>
#include <string_view>

namespace portolan::providers {

// Appends `text` as one path segment: everything but RFC 3986's unreserved characters is percent-encoded, `/`
// too unless keep_slash (ids such as `org/model` that providers take as they are).
void AppendPathSegment(std::string_view text, bool keep_slash, std::string* out);

}  // namespace portolan::providers
