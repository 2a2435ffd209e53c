#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/http/message.h"

namespace portolan::http {
namespace {

using ::testing::HasSubstr;

struct Parsed {
  std::string text;  // the views of `head` point in here
  RequestHead head;
  ParseResult result;
};

std::unique_ptr<Parsed> Parse(std::string_view text) {
  auto parsed = std::make_unique<Parsed>();
  parsed->text = text;
  size_t scanned = 0;
  parsed->result = ParseRequestHead({parsed->text.data(), parsed->text.size()}, &scanned, &parsed->head);
  return parsed;
}

TEST(RequestHead, GivesTheParts) {
  const std::string text =
      "POST /v1/chat/completions?a=1&b HTTP/1.1\r\nHost: "
      "Gateway.example:8787\r\nContent-Type:\tapplication/json \r\n"
      "X-Empty:\r\nContent-Length: 12\r\n\r\n{\"model\":1}";
  const auto parsed = Parse(text);
  const RequestHead& head = parsed->head;
  ASSERT_EQ(parsed->result.state, ParseState::kDone) << parsed->result.problem;
  EXPECT_EQ(parsed->result.consumed, text.find("\r\n\r\n") + 4);
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/v1/chat/completions?a=1&b");
  EXPECT_EQ(head.path, "/v1/chat/completions");
  EXPECT_EQ(head.query, "a=1&b");
  EXPECT_EQ(head.host, "Gateway.example:8787");
  EXPECT_EQ(head.minor_version, 1);
  ASSERT_EQ(head.headers.size(), 4u);
  EXPECT_EQ(head.headers[0].name, "host");
  EXPECT_EQ(head.headers[0].value, "Gateway.example:8787");
  EXPECT_EQ(head.headers[1].name, "content-type");
  EXPECT_EQ(head.headers[1].value, "application/json");
  EXPECT_EQ(head.headers[2].value, "");
  EXPECT_EQ(head.framing, BodyFraming::kLength);
  EXPECT_EQ(head.content_length, 12u);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.expect_continue);
}

struct Refusal {
  const char* name;
  std::string text;
  int status;
  const char* problem;  // a part of it
};

std::string WithFields(std::string_view fields) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n\r\n";
}
std::string WithLine(std::string_view line) { return std::string(line) + "\r\nHost: a\r\n\r\n"; }
std::string WithHost(std::string_view host) {
  return "GET / HTTP/1.1\r\nHost:" + std::string(host) + "\r\n\r\n";
}

class RefusedRequestHead : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusedRequestHead, HasStatusAndProblem) {
  const auto parsed = Parse(GetParam().text);
  ASSERT_EQ(parsed->result.state, ParseState::kError);
  EXPECT_EQ(parsed->result.status, GetParam().status) << parsed->result.problem;
  EXPECT_THAT(parsed->result.problem, HasSubstr(GetParam().problem));
}

using std::string_literals::operator""s;

INSTANTIATE_TEST_SUITE_P(
    Smuggling, RefusedRequestHead,
    ::testing::Values(
        Refusal{"BothLengths", WithFields("Content-Length: 3\r\nTransfer-Encoding: chunked"), 400, "both"},
        Refusal{"BothLengthsOtherOrder", WithFields("Transfer-Encoding: chunked\r\nContent-Length: 3"), 400,
                "both"},
        Refusal{"TwoDifferentLengths", WithFields("Content-Length: 3\r\nContent-Length: 4"), 400,
                "two Content"},
        Refusal{"TwoEqualLengths", WithFields("Content-Length: 3\r\nContent-Length: 3"), 400, "two Content"},
        Refusal{"LengthList", WithFields("Content-Length: 3, 3"), 400, "bad Content-Length"},
        Refusal{"LengthWithPlus", WithFields("Content-Length: +3"), 400, "bad Content-Length"},
        Refusal{"LengthNegative", WithFields("Content-Length: -3"), 400, "bad Content-Length"},
        Refusal{"LengthHex", WithFields("Content-Length: 0x3"), 400, "bad Content-Length"},
        Refusal{"LengthEmpty", WithFields("Content-Length:"), 400, "bad Content-Length"},
        Refusal{"LengthWithSpace", WithFields("Content-Length: 1 2"), 400, "bad Content-Length"},
        Refusal{"LengthOverflow", WithFields("Content-Length: 18446744073709551617"), 400,
                "bad Content-Length"},
        Refusal{"TwoTransferEncodings",
                WithFields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400, "two Transfer"},
        Refusal{"TransferEncodingGzip", WithFields("Transfer-Encoding: gzip"), 501, "other than chunked"},
        Refusal{"TransferEncodingGzipChunked", WithFields("Transfer-Encoding: gzip, chunked"), 501,
                "other than"},
        Refusal{"TransferEncodingIdentity", WithFields("Transfer-Encoding: identity"), 501,
                "other than chunked"},
        Refusal{"TransferEncodingXchunked", WithFields("Transfer-Encoding: xchunked"), 501,
                "other than chunked"},
        Refusal{"TransferEncodingQuoted", WithFields("Transfer-Encoding: \"chunked\""), 501,
                "other than chunked"},
        Refusal{"TransferEncodingEmpty", WithFields("Transfer-Encoding:"), 501, "other than chunked"},
        Refusal{"TransferEncodingVerticalTab", WithFields("Transfer-Encoding: \vchunked"), 400, "control"},
        Refusal{"TransferEncodingInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
                "HTTP/1.0"},
        Refusal{"ObsFold", WithFields("X: a\r\n b"), 400, "obs-fold"},
        Refusal{"ObsFoldTab", WithFields("X: a\r\n\tb"), 400, "obs-fold"},
        Refusal{"ObsFoldFirst", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "obs-fold"},
        Refusal{"SpaceBeforeColon", WithFields("Content-Length : 3"), 400, "before"},
        Refusal{"TabBeforeColon", WithFields("Content-Length\t: 3"), 400, "before"},
        Refusal{"NoColon", WithFields("Content-Length"), 400, "bad character in a header's name"},
        Refusal{"EmptyName", WithFields(": 3"), 400, "without a name"},
        Refusal{"NonAsciiName", WithFields("X\xc3\xa9: 3"), 400, "bad character in a header's name"},
        Refusal{"NulInName", WithFields("X\0: 3"s), 400, "bad character in a header's name"},
        Refusal{"NulInValue", WithFields("X: a\0b"s), 400, "control"},
        Refusal{"DelInValue", WithFields("X: a\x7f"), 400, "control"},
        Refusal{"BareCrInValue", WithFields("X: a\rb"), 400, "control"},
        Refusal{"CrCrLf", WithFields("X: a\r\r\nY: b"), 400, "control"},
        Refusal{"BareCrInName", WithFields("X\rY: b"), 400, "bad character in a header's name"},
        Refusal{"BareCrAlone", WithFields("X: a\r\n\rY: b"), 400, "bare CR"},
        Refusal{"BareLfInHeaders", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400, "bare LF"},
        Refusal{"BareLfAfterRequestLine", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "bare LF"},
        Refusal{"BareLfEndsHead", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400, "bare LF"}),
    [](const auto& case_info) { return case_info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    RequestLine, RefusedRequestHead,
    ::testing::Values(
        Refusal{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/1.1"},
        Refusal{"Http12", WithLine("GET / HTTP/1.2"), 505, "HTTP/1.1"},
        Refusal{"Http3", WithLine("GET / HTTP/3.0"), 505, "HTTP/1.1"},
        Refusal{"Http09", "GET /\r\n\r\n", 400, "no HTTP version"},
        Refusal{"LowerCaseVersion", WithLine("GET / http/1.1"), 400, "HTTP version"},
        Refusal{"LongVersion", WithLine("GET / HTTP/1.10"), 400, "after the HTTP version"},
        Refusal{"SpaceAfterVersion", WithLine("GET / HTTP/1.1 "), 400, "after the HTTP version"},
        Refusal{"TwoSpaces", WithLine("GET  / HTTP/1.1"), 400, "HTTP version"},
        Refusal{"SpaceInTarget", WithLine("GET /a b HTTP/1.1"), 400, "HTTP version"},
        Refusal{"TabForSpace", WithLine("GET\t/ HTTP/1.1"), 400, "method"},
        Refusal{"LeadingSpace", WithLine(" GET / HTTP/1.1"), 400, "method"},
        Refusal{"MethodWithBrackets", WithLine("G[E]T / HTTP/1.1"), 400, "method"},
        Refusal{"LongMethod", WithLine(std::string(40, 'G') + " / HTTP/1.1"), 501, "method"},
        Refusal{"TlsHello", "\x16\x03\x01\x02", 400, "method"}, Refusal{"Nul", "\0\0"s, 400, "method"},
        Refusal{"TwoEmptyLines", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "method"},
        Refusal{"Connect", WithLine("CONNECT a.example:443 HTTP/1.1"), 501, "CONNECT"},
        Refusal{"AuthorityForm", WithLine("GET a.example:443 HTTP/1.1"), 400, "target"},
        Refusal{"StarForGet", WithLine("GET * HTTP/1.1"), 400, "OPTIONS"},
        Refusal{"StarWithMore", WithLine("OPTIONS *a HTTP/1.1"), 400, "OPTIONS"},
        Refusal{"RelativeTarget", WithLine("GET v1/models HTTP/1.1"), 400, "target"},
        Refusal{"OtherScheme", WithLine("GET ftp://a/ HTTP/1.1"), 400, "target"},
        Refusal{"AbsoluteWithoutHost", WithLine("GET http:///a HTTP/1.1"), 400, "host"},
        Refusal{"AbsoluteWithUser", WithLine("GET http://u:p@a/ HTTP/1.1"), 400, "host"},
        Refusal{"Fragment", WithLine("GET /a#b HTTP/1.1"), 400, "target"},
        Refusal{"NonAsciiTarget", WithLine("GET /\xc3\xa9 HTTP/1.1"), 400, "target"},
        Refusal{"ControlInTarget", WithLine("GET /\x01 HTTP/1.1"), 400, "target"},
        Refusal{"LongTarget", WithLine("GET /" + std::string(kMaxTargetBytes, 'a') + " HTTP/1.1"), 414,
                "too long"},
        Refusal{"LongTargetInAnUnfinishedHead",
                "GET /" + std::string(kMaxTargetBytes + 80, 'a') + " HTTP/1.1\r\n", 414, "too long"},
        Refusal{"EndlessTarget", "GET /" + std::string(2 * kMaxTargetBytes, 'a'), 414, "too long"},
        Refusal{"EndlessHeader", "GET / HTTP/1.1\r\nX: " + std::string(kMaxHeadBytes, 'a'), 431, "too large"},
        Refusal{"LargeHead", WithFields("X: " + std::string(kMaxHeadBytes, 'a')), 431, "too large"}),
    [](const auto& case_info) { return case_info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Host, RefusedRequestHead,
    ::testing::Values(Refusal{"Missing", "GET / HTTP/1.1\r\nX: a\r\n\r\n", 400, "without a Host"},
                      Refusal{"MissingWithAbsoluteTarget", "GET http://a/ HTTP/1.1\r\nX: a\r\n\r\n", 400,
                              "without"},
                      Refusal{"Two", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "two Host"},
                      Refusal{"TwoInHttp10", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400, "two Host"},
                      Refusal{"Empty", WithHost(" "), 400, "bad Host"},
                      Refusal{"WithUser", WithHost(" u@a"), 400, "bad Host"},
                      Refusal{"WithPath", WithHost(" a/b"), 400, "bad Host"},
                      Refusal{"List", WithHost(" a, b"), 400, "bad Host"},
                      Refusal{"WithSpace", WithHost(" a b"), 400, "bad Host"},
                      Refusal{"OnlyPort", WithHost(" :80"), 400, "bad Host"},
                      Refusal{"PortNotNumeric", WithHost(" a:8o"), 400, "bad Host"},
                      Refusal{"PortTooLarge", WithHost(" a:65536"), 400, "bad Host"},
                      Refusal{"TwoPorts", WithHost(" a:1:2"), 400, "bad Host"},
                      Refusal{"BracketOpen", WithHost(" [::1"), 400, "bad Host"},
                      Refusal{"BracketEmpty", WithHost(" []"), 400, "bad Host"},
                      Refusal{"BracketName", WithHost(" [abcx]"), 400, "bad Host"},
                      Refusal{"AfterBracket", WithHost(" [::1]a"), 400, "bad Host"},
                      Refusal{"NonAscii", WithHost(" \xc3\xa9"), 400, "bad Host"}),
    [](const auto& case_info) { return case_info.param.name; });

TEST(RequestHead, RefusesMoreThan256Headers) {
  std::string fields;
  for (size_t i = 1; i < kMaxHeaders; ++i) fields += "\r\nx: y";
  EXPECT_EQ(Parse("GET / HTTP/1.1\r\nHost: a" + fields + "\r\n\r\n")->result.state, ParseState::kDone);
  const auto parsed = Parse("GET / HTTP/1.1\r\nHost: a" + fields + "\r\nx: y\r\n\r\n");
  ASSERT_EQ(parsed->result.state, ParseState::kError);
  EXPECT_EQ(parsed->result.status, 431);
}

TEST(RequestHead, TakesAHeadOfExactly64KiB) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string text = start + std::string(kMaxHeadBytes - start.size() - 4, 'a') + "\r\n\r\n";
  ASSERT_EQ(text.size(), kMaxHeadBytes);
  EXPECT_EQ(Parse(text)->result.state, ParseState::kDone);
}

// However it is cut; the longest method that is known, and an empty line before it.
TEST(RequestHead, TakesATargetOfExactly16KiB) {
  const std::string line =
      "\r\n" + std::string(32, 'M') + " /" + std::string(kMaxTargetBytes - 1, 'a') + " HTTP/1.1\r";
  const std::string text = line + "\nHost: a\r\n\r\n";
  for (size_t size = line.size() - 40; size < text.size(); ++size) {
    ASSERT_EQ(Parse(text.substr(0, size))->result.state, ParseState::kNeedMore) << size;
  }
  const auto parsed = Parse(text);
  EXPECT_EQ(parsed->result.state, ParseState::kDone) << parsed->result.problem;
  EXPECT_EQ(parsed->head.target.size(), kMaxTargetBytes);
}

TEST(RequestHead, TakesHosts) {
  for (const char* host :
       {"a", "A.example", "127.0.0.1:80", "[::1]", "[2001:db8::1]:8787", "a_b-c.example:", "a:0"}) {
    const auto parsed = Parse("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    EXPECT_EQ(parsed->result.state, ParseState::kDone) << host << ": " << parsed->result.problem;
    EXPECT_EQ(parsed->head.host, host);
  }
}

struct Absolute {
  const char* target;
  const char* host;
  const char* reduced;
  const char* path;
  const char* query;
};

TEST(RequestHead, ReducesAnAbsoluteTargetAndTakesItsHost) {
  const Absolute cases[] = {
      {"http://b.example:80/v1/models?x=1", "b.example:80", "/v1/models?x=1", "/v1/models", "x=1"},
      {"HTTPS://[::1]/", "[::1]", "/", "/", ""},
      {"http://b", "b", "/", "/", ""},
      {"http://b?x=/y", "b", "/?x=/y", "/", "x=/y"},
      {"https://b.example?", "b.example", "/?", "/", ""},
  };
  for (const Absolute& c : cases) {
    const auto parsed = Parse("GET " + std::string(c.target) + " HTTP/1.1\r\nX: y\r\nHost: a\r\n\r\n");
    ASSERT_EQ(parsed->result.state, ParseState::kDone) << c.target << ": " << parsed->result.problem;
    EXPECT_EQ(parsed->head.host, c.host) << c.target;
    EXPECT_EQ(parsed->head.target, c.reduced) << c.target;
    EXPECT_EQ(parsed->head.path, c.path) << c.target;
    EXPECT_EQ(parsed->head.query, c.query) << c.target;
    EXPECT_EQ(FindHeader(parsed->head.headers, "host"), c.host) << c.target;
  }
}

TEST(RequestHead, TakesOptionsStar) {
  const auto parsed = Parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(parsed->result.state, ParseState::kDone);
  EXPECT_EQ(parsed->head.path, "*");
}

struct KeepAlive {
  const char* version;
  const char* connection;
  bool expected;
};

TEST(RequestHead, DecidesKeepAliveByVersionAndConnection) {
  const KeepAlive cases[] = {
      {"1.1", "x", true},
      {"1.1", "close", false},
      {"1.1", "Close", false},
      {"1.1", "x, close ,y", false},
      {"1.1", "keep-alive", true},
      {"1.1", "keep-alive, close", false},
      {"1.0", "x", false},
      {"1.0", "Keep-Alive", true},
      {"1.0", "keep-alive, close", false},
      {"1.1", "closed", true},
      {"1.1", "", true},
      {"1.1", ",,close", false},
  };
  for (const KeepAlive& c : cases) {
    const auto parsed = Parse("GET / HTTP/" + std::string(c.version) +
                              "\r\nHost: a\r\nConnection: " + c.connection + "\r\n\r\n");
    ASSERT_EQ(parsed->result.state, ParseState::kDone);
    EXPECT_EQ(parsed->head.keep_alive, c.expected) << c.version << " " << c.connection;
  }
  const auto two = Parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: a\r\nConnection: close\r\n\r\n");
  EXPECT_FALSE(two->head.keep_alive);
  const auto both = Parse("GET / HTTP/1.0\r\nConnection: keep-alive, x\r\nConnection: close\r\n\r\n");
  EXPECT_FALSE(both->head.keep_alive);
}

TEST(RequestHead, KnowsFramingAndExpectation) {
  EXPECT_EQ(Parse(WithFields("Transfer-Encoding: Chunked"))->head.framing, BodyFraming::kChunked);
  EXPECT_EQ(Parse(WithFields("Content-Length: 0"))->head.framing, BodyFraming::kLength);
  EXPECT_EQ(Parse(WithFields("Content-Length: 007"))->head.content_length, 7u);
  EXPECT_EQ(Parse(WithFields("X: y"))->head.framing, BodyFraming::kNone);
  EXPECT_TRUE(Parse(WithFields("Expect: 100-Continue"))->head.expect_continue);
  EXPECT_EQ(Parse(WithFields("Expect: tea"))->result.status, 417);
  EXPECT_FALSE(Parse("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n")->head.expect_continue);
}

TEST(RequestHead, PassesOverOneEmptyLine) {
  const auto parsed = Parse("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(parsed->result.state, ParseState::kDone) << parsed->result.problem;
  EXPECT_EQ(parsed->result.consumed, parsed->text.size());
  EXPECT_EQ(parsed->head.method, "GET");
}

TEST(RequestHead, NeedsMoreAtEveryCut) {
  const std::string text = "GET /a HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n";
  std::string grown;
  size_t scanned = 0;
  RequestHead head;
  for (size_t size = 0; size < text.size(); ++size) {
    std::string cut = text.substr(0, size);
    size_t fresh = 0;
    EXPECT_EQ(ParseRequestHead({cut.data(), cut.size()}, &fresh, &head).state, ParseState::kNeedMore) << size;
    grown.push_back(text[size]);
    const ParseResult result = ParseRequestHead({grown.data(), grown.size()}, &scanned, &head);
    EXPECT_EQ(result.state, size + 1 == text.size() ? ParseState::kDone : ParseState::kNeedMore) << size;
  }
  EXPECT_EQ(head.headers.size(), 2u);
}

TEST(RequestHead, ReusesTheHeadForTheNextRequest) {
  RequestHead head;
  std::string first =
      "POST http://x/a?b HTTP/1.0\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\nExpect: "
      "100-continue\r\n\r\n";
  std::string second = "GET /c HTTP/1.1\r\nHost: d\r\n\r\n";
  size_t scanned = 0;
  ASSERT_EQ(ParseRequestHead({first.data(), first.size()}, &scanned, &head).state, ParseState::kDone);
  scanned = 0;
  ASSERT_EQ(ParseRequestHead({second.data(), second.size()}, &scanned, &head).state, ParseState::kDone);
  EXPECT_EQ(head.host, "d");
  EXPECT_EQ(head.query, "");
  EXPECT_EQ(head.minor_version, 1);
  EXPECT_EQ(head.headers.size(), 1u);
  EXPECT_EQ(head.framing, BodyFraming::kNone);
  EXPECT_EQ(head.content_length, 0u);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.expect_continue);
}

}  // namespace
}  // namespace portolan::http
