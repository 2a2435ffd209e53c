#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/http/message.h"

namespace portolan::http {
namespace {

using ::testing::HasSubstr;
using std::string_literals::operator""s;

struct Parsed {
  std::string text;
  ResponseHead head;
  ParseResult result;
};

std::unique_ptr<Parsed> Parse(std::string_view text, std::string_view method = "POST") {
  auto parsed = std::make_unique<Parsed>();
  parsed->text = text;
  size_t scanned = 0;
  parsed->result =
      ParseResponseHead({parsed->text.data(), parsed->text.size()}, &scanned, method, &parsed->head);
  return parsed;
}

TEST(ResponseHead, GivesTheParts) {
  const auto parsed =
      Parse("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5");
  ASSERT_EQ(parsed->result.state, ParseState::kDone) << parsed->result.problem;
  EXPECT_EQ(parsed->result.consumed, parsed->text.size() - 1);
  EXPECT_EQ(parsed->head.status, 200);
  EXPECT_EQ(parsed->head.framing, BodyFraming::kChunked);
  EXPECT_EQ(FindHeader(parsed->head.headers, "content-type"), "text/event-stream");
  EXPECT_TRUE(parsed->head.keep_alive);
}

TEST(ResponseHead, TakesBareLineFeeds) {
  const auto parsed = Parse("HTTP/1.1 200 OK\nContent-Length: 2\nX: y\r\n\nok");
  ASSERT_EQ(parsed->result.state, ParseState::kDone) << parsed->result.problem;
  EXPECT_EQ(parsed->result.consumed, parsed->text.size() - 2);
  EXPECT_EQ(parsed->head.content_length, 2u);
  EXPECT_EQ(FindHeader(parsed->head.headers, "x"), "y");
}

TEST(ResponseHead, TakesStatusLinesWithoutReason) {
  EXPECT_EQ(Parse("HTTP/1.1 204\r\n\r\n")->head.status, 204);
  EXPECT_EQ(Parse("HTTP/1.1 204 \r\n\r\n")->head.status, 204);
  EXPECT_EQ(Parse("HTTP/1.0 529 Site is \xc3\xbcoverloaded\r\n\r\n")->head.status, 529);
}

struct FramingCase {
  const char* method;
  const char* text;
  BodyFraming framing;
  bool keep_alive;
};

TEST(ResponseHead, DecidesFramingAsRfc9112Section63Says) {
  const FramingCase cases[] = {
      {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", BodyFraming::kLength, true},
      {"GET", "HTTP/1.1 200 OK\r\n\r\n", BodyFraming::kUntilClose, false},
      {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", BodyFraming::kNone, true},
      {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", BodyFraming::kNone, true},
      {"GET", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", BodyFraming::kNone, true},
      {"GET", "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", BodyFraming::kNone, true},
      {"GET", "HTTP/1.1 100 Continue\r\n\r\n", BodyFraming::kNone, true},
      {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 05\r\nContent-Length: 5\r\n\r\n", BodyFraming::kLength,
       true},
      {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", BodyFraming::kLength,
       true},
      {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n", BodyFraming::kLength,
       false},
      {"GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", BodyFraming::kLength, false},
      {"GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n", BodyFraming::kLength,
       true},
  };
  for (const FramingCase& c : cases) {
    const auto parsed = Parse(c.text, c.method);
    ASSERT_EQ(parsed->result.state, ParseState::kDone) << c.text << parsed->result.problem;
    EXPECT_EQ(parsed->head.framing, c.framing) << c.text;
    EXPECT_EQ(parsed->head.keep_alive, c.keep_alive) << c.text;
  }
}

struct Garbage {
  std::string text;
  const char* problem;
};

TEST(ResponseHead, RefusesGarbage) {
  const Garbage cases[] = {
      {"x", "status line"},
      {"<html>", "status line"},
      {"HTTP/2.0 200 OK\r\n\r\n", "status line"},
      {"HTTP/1.1  200 OK\r\n\r\n", "status line"},
      {"HTTP/1.1 20 OK\r\n\r\n", "status line"},
      {"HTTP/1.1 099 OK\r\n\r\n", "status line"},
      {"HTTP/1.1 600 OK\r\n\r\n", "status line"},
      {"HTTP/1.1 2000 OK\r\n\r\n", "status line"},
      {"HTTP/1.1 200 O\0K\r\n\r\n"s, "status line"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "two different"},
      {"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n", "bad Content-Length"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "both"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "other than chunked"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "two Transfer"},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.0"},
      {"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "obs-fold"},
      {"HTTP/1.1 200 OK\r\nX : a\r\n\r\n", "before"},
      {"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"s, "control"},
      {"HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", "control"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(kMaxHeadBytes, 'a'), "too large"},
  };
  for (const Garbage& c : cases) {
    const auto parsed = Parse(c.text);
    ASSERT_EQ(parsed->result.state, ParseState::kError) << c.text;
    EXPECT_THAT(parsed->result.problem, HasSubstr(c.problem)) << c.text;
  }
}

TEST(ResponseHead, NeedsMoreAtEveryCut) {
  const std::string text = "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n";
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(Parse(text.substr(0, size))->result.state, ParseState::kNeedMore) << size;
  }
}

}  // namespace
}  // namespace portolan::http
