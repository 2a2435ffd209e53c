#include "server/codec/utf8.h"

#include <simdjson.h>

#include <cstdint>
#include <cstring>

#include "server/base/utf8.h"

namespace portolan::codec {
namespace {

// Looking for bytes beyond ASCII first pays for texts shorter than this.
constexpr size_t kShort = 64;

bool IsAscii(std::string_view text) {
  const char* p = text.data();
  size_t left = text.size();
  for (uint64_t word; left >= sizeof(word); p += sizeof(word), left -= sizeof(word)) {
    std::memcpy(&word, p, sizeof(word));
    if ((word & 0x8080808080808080) != 0) return false;
  }
  unsigned char rest = 0;
  for (; left > 0; --left) rest |= static_cast<unsigned char>(*p++);
  return rest < 0x80;
}

}  // namespace

size_t FindInvalidUtf8(std::string_view text) {
  if (text.size() < kShort && IsAscii(text)) return std::string_view::npos;
  if (simdjson::validate_utf8(text.data(), text.size())) return std::string_view::npos;
  for (size_t at = 0; at < text.size();) {
    const size_t length = Utf8Length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace portolan::codec
