#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace portolan::http {

enum class GunzipResult { kOk, kCorrupt, kTooLarge };

// Inflates gzip (RFC 1952, one or more members) into *out, which gets at most `limit` bytes whatever the
// input. Anything but whole members with the right checksums is kCorrupt.
GunzipResult Gunzip(std::string_view compressed, size_t limit, std::string* out);

}  // namespace portolan::http
