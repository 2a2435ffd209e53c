#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/http/message.h"

namespace portolan::http {
namespace {

using ::testing::HasSubstr;
using std::string_literals::operator""s;

struct Decoded {
  ParseState state = ParseState::kNeedMore;
  std::string data;
  std::string problem;
  size_t left = 0;  // bytes after the end
};

// Feeds the pieces one after the other.
Decoded Decode(const std::vector<std::string>& pieces) {
  Decoded decoded;
  ChunkedDecoder decoder;
  for (size_t i = 0; i < pieces.size(); ++i) {
    std::string_view input = pieces[i];
    while (true) {
      const ChunkedDecoder::Piece piece = decoder.Next(&input);
      decoded.state = piece.state;
      decoded.data.append(piece.data);
      decoded.problem = piece.problem;
      if (piece.state == ParseState::kError) return decoded;
      if (piece.state == ParseState::kDone) {
        decoded.left = input.size();
        for (size_t j = i + 1; j < pieces.size(); ++j) decoded.left += pieces[j].size();
        return decoded;
      }
      if (piece.data.empty()) break;
    }
    EXPECT_TRUE(input.empty());
  }
  return decoded;
}

constexpr std::string_view kBody =
    "5\r\nhello\r\n0001 ; a=\"b\"\r\n \r\nA;x\r\n0123456789\r\n0;last\r\nX-Trailer: y\r\nZ:\r\n\r\nnext";

TEST(Chunked, DecodesAndStopsAtTheEnd) {
  const Decoded decoded = Decode({std::string(kBody)});
  EXPECT_EQ(decoded.state, ParseState::kDone);
  EXPECT_EQ(decoded.data, "hello 0123456789");
  EXPECT_EQ(decoded.left, 4u);
}

TEST(Chunked, DecodesTheSameAtEverySplit) {
  const std::string body(kBody);
  for (size_t i = 0; i <= body.size(); ++i) {
    for (size_t j = i; j <= body.size(); ++j) {
      const Decoded decoded = Decode({body.substr(0, i), body.substr(i, j - i), body.substr(j)});
      ASSERT_EQ(decoded.state, ParseState::kDone) << i << " " << j << " " << decoded.problem;
      ASSERT_EQ(decoded.data, "hello 0123456789");
      ASSERT_EQ(decoded.left, 4u);
    }
  }
}

TEST(Chunked, NeedsMoreAtEveryCut) {
  const std::string whole(kBody.substr(0, kBody.size() - 4));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(Decode({whole.substr(0, size)}).state, ParseState::kNeedMore) << size;
  }
}

TEST(Chunked, GivesLargeChunksAsTheyCome) {
  ChunkedDecoder decoder;
  std::string_view head = "40000000\r\n";
  EXPECT_EQ(decoder.Next(&head).state, ParseState::kNeedMore);
  const std::string block(1000, 'x');
  std::string_view input = block;
  const ChunkedDecoder::Piece piece = decoder.Next(&input);
  EXPECT_EQ(piece.data.data(), block.data());
  EXPECT_EQ(piece.data.size(), block.size());
}

struct Bad {
  std::string text;
  const char* problem;
};

TEST(Chunked, RefusesBadFramingAtEverySplit) {
  const Bad cases[] = {
      {"\r\n", "without a size"},
      {"g\r\n", "without a size"},
      {"-1\r\n", "without a size"},
      {"+1\r\n", "without a size"},
      {" 1\r\n", "without a size"},
      {";a\r\n", "without a size"},
      {"0x1\r\na\r\n", "bad character in a chunk's size"},
      {"1_0\r\n", "bad character in a chunk's size"},
      {"1\n", "bad character in a chunk's size"},
      {"1\0\r\n"s, "bad character in a chunk's size"},
      {"1 \r\na\r\n", "after a chunk's size"},
      {"1 2\r\n", "after a chunk's size"},
      {"1\ra\n", "does not end in CR LF"},
      {"10000000000000000\r\n", "too large"},
      {"ffffffffffffffff\r\n", "too large"},
      {"00000000000000001\r\n", "too large"},
      {"1;a\nb\r\n", "bad character in a chunk extension"},
      {"1;a\rb\r\n", "does not end in CR LF"},
      {"1;" + std::string(2000, 'a'), "too long"},
      {"1;a\0\r\n"s, "bad character in a chunk extension"},
      {"1;a:b\r\n", "bad character in a chunk extension"},
      {"1;a=\"b\r\n", "bad character in a chunk extension's text"},
      {"1;a=\"b\nc\"\r\n", "bad character in a chunk extension's text"},
      {"1;a=\"b\\\"\r\n", "bad character in a chunk extension's text"},
      {"1\r\nab\r\n", "longer than its size"},
      {"1\r\na\n", "longer than its size"},
      {"1\r\na\rb", "does not end in CR LF"},
      {"0\r\n\n", "bad trailer"},
      {"0\r\n fold\r\n\r\n", "bad trailer"},
      {"0\r\nX: a\nY: b\r\n\r\n", "control character in the trailer"},
      {"0\r\nX: a\rY", "bare CR"},
      {"0\r\n\rX", "does not end in CR LF"},
      {"0\r\nX: " + std::string(20000, 'a'), "too large"},
  };
  for (const Bad& c : cases) {
    const size_t step = c.text.size() > 100 ? 997 : 1;
    for (size_t cut = 0; cut <= c.text.size(); cut += step) {
      const Decoded decoded = Decode({c.text.substr(0, cut), c.text.substr(cut)});
      ASSERT_EQ(decoded.state, ParseState::kError) << c.text.substr(0, 40) << " at " << cut;
      EXPECT_THAT(decoded.problem, HasSubstr(c.problem)) << c.text.substr(0, 40);
    }
  }
}

}  // namespace
}  // namespace portolan::http
