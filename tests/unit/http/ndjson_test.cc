#include "server/http/ndjson.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace portolan::http {
namespace {

using Result = EventReader::Result;

struct Outcome {
  std::vector<std::string> lines;  // that hold something
  std::string raw;
  std::string last;
  size_t pending = 0;
  Result end = Result::kNeedMore;
};

// Reads `text` in pieces of `size` bytes, each in memory of its own.
Outcome Read(const std::string& text, size_t size, size_t limit = 1000) {
  Outcome out;
  NdjsonReader reader(limit);
  for (size_t at = 0; at < text.size() && out.end == Result::kNeedMore; at += size) {
    const auto piece = std::make_unique<std::string>(text.substr(at, size));
    reader.Push(*piece);
    StreamEvent event;
    while ((out.end = reader.Next(&event)) == Result::kEvent) {
      EXPECT_TRUE(event.name.empty());
      EXPECT_EQ(event.has_data, !event.data.empty());
      out.raw += event.raw;
      if (event.has_data) out.lines.emplace_back(event.data);
    }
  }
  if (out.end != Result::kNeedMore) return out;
  out.pending = reader.pending();
  StreamEvent last;
  EXPECT_EQ(reader.TakeLast(&last), out.pending != 0);
  out.last = last.data;
  EXPECT_EQ(out.raw + std::string(last.raw), text);
  EXPECT_EQ(reader.pending(), 0u);
  return out;
}

// https://github.com/ndjson/ndjson-spec: a line ends in LF, CR before it does not count, and neither do empty
// lines.
TEST(Ndjson, LinesAreEventsHoweverTheyAreCut) {
  const std::string text = "{\"a\":1}\n\n{\"b\":\"\\n\"}\r\n \t\r\n  [2] \n\xEF\xBC\x8E\n";
  for (size_t size = 1; size <= text.size(); ++size) {
    SCOPED_TRACE(size);
    const Outcome out = Read(text, size);
    EXPECT_EQ(out.lines, (std::vector<std::string>{"{\"a\":1}", "{\"b\":\"\\n\"}", "[2]", "\xEF\xBC\x8E"}));
    EXPECT_EQ(out.raw, text);
    EXPECT_EQ(out.pending, 0u);
  }
}

TEST(Ndjson, TheLastLineMayLackItsEnd) {
  for (const size_t size : {size_t{1}, size_t{3}, size_t{100}}) {
    const Outcome out = Read("{}\n{\"a\":2}", size);
    EXPECT_EQ(out.lines, std::vector<std::string>{"{}"});
    EXPECT_EQ(out.pending, 7u);
    EXPECT_EQ(out.last, "{\"a\":2}");
  }
}

TEST(Ndjson, ALineIsBounded) {
  for (const size_t size : {size_t{1}, size_t{4}, size_t{100}}) {
    EXPECT_EQ(Read("1234567\n", size, 8).end, Result::kNeedMore);
    EXPECT_EQ(Read("12345678\n", size, 8).end, Result::kTooLarge);
    EXPECT_EQ(Read("1\n123456789", size, 8).end, Result::kTooLarge);
  }
}

}  // namespace
}  // namespace portolan::http
