#pragma once

#include <string>
#include <string_view>

namespace portolan::providers {

// Appends `text` as a path segment: everything but RFC 3986's unreserved characters, `:` and `@` is
// percent-encoded. So is `/`, unless `keep_slash` is set, for ids such as `org/model`, which providers take
// as they are.
void AppendPathSegment(std::string_view text, bool keep_slash, std::string* out);

// Appends a query, unless it is empty, after `?`, or after `&` if `path` has a query already.
void AppendQuery(std::string_view query, std::string* path);

}  // namespace portolan::providers
