#include "server/telemetry/json_line.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace portolan::telemetry {
namespace {

// What stands in a line for `text`.
std::string Escaped(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      out += "\\ufffd";
    } else if (byte < 0x20) {
      out.append("\\u00").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string Line(std::string_view text, size_t room) {
  std::string buffer(room, '#');
  JsonLine line(buffer, "now", LogLevel::kInfo);
  line.Text("key", text);
  line.Plain("last", "one");
  return std::string(line.Finish());
}

// Texts are looked at in pieces of several sizes: every byte must count wherever it stands.
TEST(JsonLine, EscapesEveryByteAtEveryOffset) {
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t size = 1; size < 50; ++size) {
      for (size_t at = 0; at < size; ++at) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(byte);
        ASSERT_EQ(Line(text, 1024),
                  R"({"ts":"now","level":"info","key":")" + Escaped(text) + "\",\"last\":\"one\"}\n")
            << "byte " << byte << " at " << at << " of " << size;
      }
    }
  }
}

// However little room there is, the line is whole, and what finds no room is cut or left out.
TEST(JsonLine, StaysWithinItsBuffer) {
  for (size_t room = 128; room < 320; ++room) {
    for (size_t size = 0; size < 200; size += 7) {
      const std::string line = Line(std::string(size, 'x'), room);
      ASSERT_LE(line.size(), room);
      ASSERT_TRUE(line.ends_with("\"}\n")) << line;
      const size_t begin = line.find("\"key\":\"");
      if (begin == std::string::npos) continue;
      const size_t end = line.find('"', begin + 7);
      ASSERT_LE(end - begin - 7, size);
      ASSERT_EQ(line.find_first_not_of('x', begin + 7), end);
    }
  }
}

}  // namespace
}  // namespace portolan::telemetry
