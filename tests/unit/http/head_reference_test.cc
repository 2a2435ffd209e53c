// The head parsers beside a plain reading of the same bytes, one by one: whatever is read ahead, or sixteen
// bytes at a time, must come to the same.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "server/base/text.h"
#include "server/http/head_fields.h"
#include "server/http/message.h"
#include "server/http/text.h"
#include "tests/support/rounds.h"

namespace portolan::http {
namespace {

char* Data(std::string* text) { return text->data(); }

// Bytes that decide something, more often than their share.
constexpr std::string_view kTelling =
    ":: \t\t\r\n\x7f\x1f\x80\xff"
    "AZaz@[`{_^-#?/*,;09";

TEST(HeadReference, FindsWhatMayNotStandInAValueAtEveryOffset) {
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t size = 1; size < 50; ++size) {
      for (size_t at = 0; at < size; ++at) {
        std::string text(size, at % 3 == 0 ? '\t' : 'v');
        text[at] = static_cast<char>(byte);
        const size_t expected = text::IsValueByte(text[at]) ? size : at;
        const char* const end = text.data() + size;
        ASSERT_EQ(text::FindNonValue(text.data(), end) - text.data(), static_cast<ptrdiff_t>(expected))
            << "byte " << byte << " at " << at << " of " << size;
      }
    }
  }
}

TEST(HeadReference, FoldsATokenAndNothingBehindItAtEveryOffset) {
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t size = 1; size < 50; ++size) {
      for (size_t at = 0; at < size; ++at) {
        std::string text(size, 'Q');
        text[at] = static_cast<char>(byte);
        const size_t expected = text::IsToken(text[at]) ? size : at;
        std::string folded = text;
        for (size_t i = 0; i < expected; ++i) folded[i] = text::TokenLower(text[i]);
        char* const end = text::FoldToken(Data(&text), text.data() + size);
        ASSERT_EQ(end - text.data(), static_cast<ptrdiff_t>(expected))
            << byte << " at " << at << " of " << size;
        ASSERT_EQ(text, folded);
      }
    }
  }
}

template <typename Head>
std::string Outcome(const ParseResult& result, const Head& head) {
  std::string out = std::to_string(static_cast<int>(result.state)) + " " + std::to_string(result.consumed) +
                    " " + std::to_string(result.status) + " " + result.problem + "\n";
  if (result.state != ParseState::kDone) return out;
  for (const HeaderView& field : head.headers) {
    out.append(field.name).append("|").append(field.value).append("\n");
  }
  out += std::to_string(static_cast<int>(head.framing)) + " " + std::to_string(head.content_length) + " " +
         std::to_string(head.keep_alive) + " " + std::to_string(head.minor_version);
  return out;
}

// One head as it was parsed. `ahead`: as a text that is looked at for the first time; else as one whose first
// byte was there before.
std::string RequestOutcome(std::string text, bool ahead) {
  RequestHead head;
  size_t scanned = ahead ? 0 : 1;
  const ParseResult result = ParseRequestHead({text.data(), text.size()}, &scanned, &head);
  std::string out = Outcome(result, head);
  if (result.state == ParseState::kDone) {
    out.append("\n").append(head.method).append(" ").append(head.path).append("?").append(head.query);
    out.append(" ").append(head.host).append(head.expect_continue ? " expects" : "");
  }
  return out;
}

std::string AnswerOutcome(std::string text, bool ahead) {
  ResponseHead head;
  size_t scanned = ahead ? 0 : 1;
  const ParseResult result = ParseResponseHead({text.data(), text.size()}, &scanned, "POST", &head);
  return Outcome(result, head) + std::to_string(head.status);
}

// The fields of a head, and how reading them ends, byte by byte. A head that ends before its blank line comes
// to "?".
std::string PlainFields(std::string_view text, LineEnds line_ends) {
  std::string out;
  size_t at = 0;
  while (true) {
    const size_t lf = text.find('\n', at);
    if (lf == std::string_view::npos) return "?";
    std::string_view line = text.substr(at, lf - at);
    const bool cr = line.ends_with('\r');
    if (cr) line.remove_suffix(1);
    if (!cr && line_ends == LineEnds::kCrLfOnly) return "bad";
    at = lf + 1;
    if (line.empty()) return out + "end " + std::to_string(at);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !IsHeaderName(line.substr(0, colon))) return "bad";
    std::string_view value = line.substr(colon + 1);
    for (const char c : value) {
      if (!text::IsValueByte(c)) return "bad";
    }
    value = TrimBlanks(value);
    for (const char c : line.substr(0, colon)) out += text::TokenLower(c);
    out.append("|").append(value).append("\n");
  }
}

std::string ReadOutcome(std::string text, LineEnds line_ends) {
  std::vector<HeaderView> fields;
  const FieldsEnd read = ReadFields(Data(&text), Data(&text) + text.size(), line_ends, &fields);
  if (read.state != FieldsEnd::State::kBlankLine) return "bad";
  std::string out;
  for (const HeaderView& field : fields) {
    out.append(field.name).append("|").append(field.value).append("\n");
  }
  return out + "end " + std::to_string(read.end - text.data());
}

class Mutator {
 public:
  // `text` with a few bytes changed, put in, taken out or cut off.
  std::string Change(std::string text) {
    for (size_t count = Below(4); count > 0 && !text.empty(); --count) {
      const size_t at = Below(text.size());
      switch (Below(5)) {
        case 0:
          text[at] = Telling();
          break;
        case 1:
          text.insert(at, 1, Telling());
          break;
        case 2:
          text.erase(at, 1 + Below(2));
          break;
        case 3:
          text.insert(at, Below(20), 'P');
          break;
        default:
          if (Below(8) == 0) text.resize(at);
      }
    }
    return text;
  }
  size_t Below(size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random_); }

 private:
  char Telling() { return Below(6) == 0 ? static_cast<char>(Below(256)) : kTelling[Below(kTelling.size())]; }

  std::mt19937 random_{20261127};
};

const std::vector<std::string> kFieldSeeds = {
    "Host: a\r\nContent-Length: 3\r\nX-Sixteen-Letter: b\r\n\r\nabc",
    "Host:a:80\r\nTransfer-Encoding: chunked\r\nConnection: close, Keep-Alive \r\n\r\n",
    "host: \t a.example\t \r\nx-portolan-custom-host: http://127.0.0.1:1/v1\r\nE:\r\nF: "
    "\r\n\r\n{\"a\":\"b\"}",
    "Host: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\nX: \x80\xff tab\there\r\n\r\n",
    "Host: a\nX: b\n\nbody",
};

TEST(HeadReference, FieldsAreReadAsByteByByte) {
  Mutator mutator;
  for (int round = 0; round < test::Rounds(200'000); ++round) {
    const std::string text = mutator.Change(kFieldSeeds[mutator.Below(kFieldSeeds.size())]);
    for (const LineEnds line_ends : {LineEnds::kCrLfOnly, LineEnds::kLfToo}) {
      std::string expected = PlainFields(text, line_ends);
      if (expected == "?") expected = "bad";
      ASSERT_EQ(ReadOutcome(text, line_ends), expected) << ::testing::PrintToString(text);
    }
  }
}

TEST(HeadReference, ReadingAheadChangesNothing) {
  Mutator mutator;
  const std::vector<std::string> request_lines = {
      "POST /v1/chat/completions?a=b HTTP/1.1\r\n", "GET http://b.example?q HTTP/1.1\r\n",
      "OPTIONS * HTTP/1.0\r\n", "\r\nGET / HTTP/1.1\r\n", "GET / HTTP/1.1\n"};
  const std::vector<std::string> status_lines = {"HTTP/1.1 200 OK\r\n", "HTTP/1.0 204\r\n",
                                                 "HTTP/1.1 404 Not Found\n", "HTTP/1.1 100 \r\n"};
  for (int round = 0; round < test::Rounds(200'000); ++round) {
    const std::string& fields = kFieldSeeds[mutator.Below(kFieldSeeds.size())];
    const std::string request = mutator.Change(request_lines[mutator.Below(request_lines.size())] + fields);
    if (request.starts_with('\n')) continue;  // refused for that byte alone
    ASSERT_EQ(RequestOutcome(request, true), RequestOutcome(request, false))
        << ::testing::PrintToString(request);
    const std::string answer = mutator.Change(status_lines[mutator.Below(status_lines.size())] + fields);
    ASSERT_EQ(AnswerOutcome(answer, true), AnswerOutcome(answer, false)) << ::testing::PrintToString(answer);
  }
}

TEST(HeadReference, ReadingAheadKeepsTheLimits) {
  for (const size_t count : {254u, 255u, 256u, 257u}) {
    for (const char* last : {"x: y\r\n", "x: \x01\r\n", "Content-Length: z\r\n"}) {
      std::string fields = "Host: a\r\n";
      for (size_t i = 1; i < count; ++i) fields += "x: y\r\n";
      fields.append(last).append("\r\n");
      EXPECT_EQ(RequestOutcome("GET / HTTP/1.1\r\n" + fields, true),
                RequestOutcome("GET / HTTP/1.1\r\n" + fields, false));
      EXPECT_EQ(AnswerOutcome("HTTP/1.1 200 OK\r\n" + fields, true),
                AnswerOutcome("HTTP/1.1 200 OK\r\n" + fields, false));
    }
  }
  for (const size_t size : {kMaxHeadBytes - 1, kMaxHeadBytes, kMaxHeadBytes + 1}) {
    const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\nx: ";
    const std::string text = begin + std::string(size - begin.size() - 4, 'y') + "\r\n\r\n";
    EXPECT_EQ(RequestOutcome(text, true), RequestOutcome(text, false));
    EXPECT_EQ(RequestOutcome(text, true).starts_with("0 "), size <= kMaxHeadBytes);
  }
}

// A head that comes in two parts: the names of the first are folded already when it is read again.
TEST(HeadReference, AHeadInTwoPartsIsTheSame) {
  const std::string text = "GET http://b.example?q HTTP/1.1\r\n" + kFieldSeeds[0];
  for (size_t cut = 0; cut < text.size(); ++cut) {
    std::string part = text.substr(0, cut);
    RequestHead head;
    size_t scanned = 0;
    ParseResult result = ParseRequestHead({part.data(), part.size()}, &scanned, &head);
    if (result.state != ParseState::kNeedMore) break;
    part += text.substr(cut);
    result = ParseRequestHead({part.data(), part.size()}, &scanned, &head);
    ASSERT_EQ(result.state, ParseState::kDone) << cut << ": " << result.problem;
    EXPECT_EQ(head.target, "/?q");
    EXPECT_EQ(head.host, "b.example");
    ASSERT_EQ(head.headers.size(), 3u);
    EXPECT_EQ(head.headers[2].name, "x-sixteen-letter");
  }
}

}  // namespace
}  // namespace portolan::http
