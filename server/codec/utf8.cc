#include "server/codec/utf8.h"

#include <simdjson.h>

#include <cstdint>
#include <cstring>

namespace portolan::codec {
namespace {

// Length of the well-formed sequence at `text[at]`; 0 if there is none. The table is Unicode's 3-7.
size_t SequenceLength(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> uint32_t {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0;
  };
  const auto trails = [&](size_t i, uint32_t low = 0x80, uint32_t high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const uint32_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return trails(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const uint32_t low = lead == 0xE0 ? 0xA0 : 0x80;
    const uint32_t high = lead == 0xED ? 0x9F : 0xBF;
    return trails(1, low, high) && trails(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const uint32_t low = lead == 0xF0 ? 0x90 : 0x80;
    const uint32_t high = lead == 0xF4 ? 0x8F : 0xBF;
    return trails(1, low, high) && trails(2) && trails(3) ? 4 : 0;
  }
  return 0;
}

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
    const size_t length = SequenceLength(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace portolan::codec
