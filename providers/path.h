#pragma once

#include <string>
#include <string_view>

namespace portolan::providers {

// Appends `text` as one path segment: everything but RFC 3986's unreserved characters is percent-encoded, `/`
// too unless keep_slash (ids such as `org/model` that providers take as they are).
void AppendPathSegment(std::string_view text, bool keep_slash, std::string* out);

// Appends a query, if there is one, behind `?`, or behind `&` where `path` has a query already.
void AppendQuery(std::string_view query, std::string* path);

}  // namespace portolan::providers
