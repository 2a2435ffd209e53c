// Boost.Beast as an independent reader of heads: whatever our parser accepts, Beast must accept and read
// alike. (Not the other way round: ours refuses more.)

#include <gtest/gtest.h>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <random>
#include <string>

#include "server/http/message.h"

namespace portolan::http {
namespace {

namespace beast = boost::beast::http;

const char* const kSeeds[] = {
    "POST /v1/chat/completions?a=1 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 12\r\nAccept: */*\r\n\r\n",
    "POST /v1/x HTTP/1.1\r\nHost: [::1]:8787\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\nX-Stainless-Lang:  python \r\n\r\n",
    "GET /v1/models HTTP/1.1\r\nHost: b\r\nConnection: close, x\r\nX-Empty:\r\nX: \xc3\xa9\t y\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: b\r\nOrigin: http://c\r\n\r\n",
};

const char* const kResponses[] = {
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Request-Id: abc\r\n\r\n",
    "HTTP/1.0 503 Unavailable\r\nRetry-After: 3\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 529 \r\nX:  y \r\n\r\n",
};

// What a fuzzer would try first: bytes that mean something in a head.
std::string Mutate(std::string text, std::mt19937& random) {
  static constexpr char kText[] = "\r\n :,\t\0\x7f/?0123aAzZ-\"HTP\xff;";
  static constexpr std::string_view kBytes(kText, sizeof(kText) - 1);
  const auto pick = [&](size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random); };
  for (size_t n = 1 + pick(3); n > 0; --n) {
    const size_t at = pick(text.size());
    switch (pick(3)) {
      case 0:
        text[at] = kBytes[pick(kBytes.size())];
        break;
      case 1:
        text.insert(at, 1, kBytes[pick(kBytes.size())]);
        break;
      default:
        text.erase(at, 1 + pick(3));
        break;
    }
    if (text.empty()) text = "x";
  }
  return text;
}

template <typename Parser, typename Head>
void ExpectSameFields(const std::string& original, const Parser& parser, const Head& head) {
  auto theirs = parser.get().begin();
  for (const HeaderView& field : head.headers) {
    ASSERT_NE(theirs, parser.get().end()) << original;
    std::string name(theirs->name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    EXPECT_EQ(field.name, name) << original;
    EXPECT_EQ(field.value, std::string_view(theirs->value().data(), theirs->value().size())) << original;
    ++theirs;
  }
  EXPECT_EQ(theirs, parser.get().end()) << original;
  EXPECT_EQ(parser.get().version(), head.minor_version == 1 ? 11u : 10u) << original;
}

template <typename Parser>
boost::beast::error_code GiveToBeast(Parser& parser, const std::string& text) {
  parser.header_limit(100'000);
  parser.body_limit(boost::none);
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(text), error);
  if (error == beast::error::need_buffer) error = {};
  return error;
}

TEST(BeastOracle, ReadsWhatWeAcceptAsRequestsAlike) {
  std::mt19937 random(20261122);
  int accepted = 0;
  int refused = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string seed = kSeeds[static_cast<size_t>(i) % std::size(kSeeds)];
    const std::string original = i < 5 ? seed : Mutate(seed, random);
    std::string text = original;
    size_t scanned = 0;
    RequestHead head;
    const ParseResult result = ParseRequestHead({text.data(), text.size()}, &scanned, &head);
    if (result.state != ParseState::kDone) {
      ++refused;
      continue;
    }
    ++accepted;
    beast::request_parser<beast::empty_body> parser;
    // RFC 9112, section 2.2: an empty line before the request line is passed over. Beast does not.
    const size_t begin = original.starts_with("\r\n") ? 2 : 0;
    const auto error = GiveToBeast(parser, original.substr(begin, result.consumed - begin));
    if (error == beast::error::bad_value && FindHeader(head.headers, "connection")) {
      continue;  // Beast wants nothing but tokens in it, we look for two of them
    }
    ASSERT_FALSE(error) << error.message() << "\n" << original;
    const auto method = parser.get().method_string();
    EXPECT_EQ(head.method, std::string_view(method.data(), method.size()));
    const auto target = parser.get().target();
    EXPECT_EQ(head.target, std::string_view(target.data(), target.size())) << original;
    ExpectSameFields(original, parser, head);
    EXPECT_EQ(parser.keep_alive(), head.keep_alive) << original;
    EXPECT_EQ(parser.chunked(), head.framing == BodyFraming::kChunked) << original;
    EXPECT_EQ(head.framing == BodyFraming::kLength, parser.content_length().has_value()) << original;
    EXPECT_EQ(parser.content_length().value_or(0), head.content_length) << original;
  }
  // Both happen often enough to mean something.
  EXPECT_GT(accepted, 20'000);
  EXPECT_GT(refused, 20'000);
}

TEST(BeastOracle, ReadsWhatWeAcceptAsResponsesAlike) {
  std::mt19937 random(20261123);
  int accepted = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string seed = kResponses[static_cast<size_t>(i) % std::size(kResponses)];
    const std::string original = i < 4 ? seed : Mutate(seed, random);
    std::string text = original;
    size_t scanned = 0;
    ResponseHead head;
    const ParseResult result = ParseResponseHead({text.data(), text.size()}, &scanned, "GET", &head);
    if (result.state != ParseState::kDone) continue;
    const std::string whole = original.substr(0, result.consumed);
    bool bare_lf = whole[0] == '\n';
    for (size_t j = 1; j < whole.size(); ++j) bare_lf = bare_lf || (whole[j] == '\n' && whole[j - 1] != '\r');
    if (bare_lf) continue;  // Beast takes CR LF only
    ++accepted;
    beast::response_parser<beast::empty_body> parser;
    const auto error = GiveToBeast(parser, whole);
    if (error == beast::error::bad_value && FindHeader(head.headers, "connection")) continue;
    if (error == beast::error::bad_status && whole[12] == '\r') continue;  // no space before a missing reason
    ASSERT_FALSE(error) << error.message() << "\n" << original;
    EXPECT_EQ(parser.get().result_int(), static_cast<unsigned>(head.status)) << original;
    ExpectSameFields(original, parser, head);
    if (head.framing != BodyFraming::kNone) {
      EXPECT_EQ(parser.chunked(), head.framing == BodyFraming::kChunked) << original;
    }
    if (head.framing == BodyFraming::kLength) {
      EXPECT_EQ(parser.content_length().value_or(~0u), head.content_length) << original;
    }
  }
  EXPECT_GT(accepted, 20'000);
}

}  // namespace
}  // namespace portolan::http
