// Streams as compatible servers write them, within what the standard of server-sent events allows and a
// little beyond. https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

#include <gmock/gmock.h>

#include "tests/conformance/fidelity.h"
#include "tests/conformance/replay.h"
#include "tests/support/strict_json.h"

namespace portolan::conformance {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kFirst =
    R"({"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"Hé"}}]})";
const std::string kLast = R"({"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";

class StreamQuirks : public Fidelity {
 protected:
  // How the bytes of a stream are cut, and how its end is framed.
  enum class Framing { kChunked, kUntilClose };

  static Outcome Call(Way way, const std::string& stream, size_t piece, Framing framing) {
    std::vector<std::string> pieces;
    const size_t size = piece == 0 ? stream.size() : piece;
    for (size_t at = 0; at < stream.size(); at += size) pieces.push_back(stream.substr(at, size));
    const test::Headers headers = {{"content-type", "text/event-stream; charset=utf-8"}};
    const test::Script script = framing == Framing::kChunked ? test::RespondChunked(200, pieces, headers)
                                                             : test::RespondUntilClose(200, stream, headers);
    return ways().Call(way, {.body = R"({"model":"m","stream":true})", .stream = true}, script);
  }

  // Expects `stream` to reach a caller by REST as `relayed`, and by gRPC as the two messages, however it is
  // cut.
  static void ExpectWhole(const std::string& stream, const std::string& relayed) {
    for (const size_t piece : {0u, 1u, 2u, 7u}) {
      for (const Framing framing : {Framing::kChunked, Framing::kUntilClose}) {
        SCOPED_TRACE("pieces of " + std::to_string(piece) +
                     (framing == Framing::kChunked ? "" : ", until close"));
        const Outcome rest = Call(Way::kSpliced, stream, piece, framing);
        EXPECT_EQ(rest.status, 200);
        EXPECT_EQ(rest.answer, relayed);
        EXPECT_TRUE(rest.complete);
        const Outcome grpc = Call(Way::kGrpc, stream, piece, framing);
        EXPECT_EQ(grpc.status, 200) << grpc.answer;
        ASSERT_EQ(grpc.events.size(), 2u);
        EXPECT_EQ(test::Difference(kFirst, grpc.events[0]), "");
        EXPECT_EQ(test::Difference(kLast, grpc.events[1]), "");
      }
    }
  }
  static void ExpectWhole(const std::string& stream) { ExpectWhole(stream, stream); }

  // Expects an error with a status, as nothing has come before it; `error` is the provider's own, if it told
  // one.
  static void ExpectNone(const std::string& stream, int status = 502, const std::string& error = {}) {
    for (const size_t piece : {0u, 1u, 7u}) {
      SCOPED_TRACE("pieces of " + std::to_string(piece) + ": " + stream);
      const Outcome rest = Call(Way::kSpliced, stream, piece, Framing::kChunked);
      EXPECT_EQ(rest.status, status);
      const auto body = test::ParseJson(rest.answer);
      ASSERT_TRUE(body && body->At("error", "message") != nullptr) << rest.answer;
      if (!error.empty()) {
        EXPECT_EQ(rest.answer, error);
      }
      EXPECT_LT(Call(Way::kGrpc, stream, piece, Framing::kChunked).status, 0);
    }
  }

  // Expects an error at the end: by REST as the last event and without the end marker, by gRPC as the status.
  static void ExpectBroken(const std::string& stream, const std::string& relayed) {
    for (const size_t piece : {0u, 1u, 7u}) {
      SCOPED_TRACE("pieces of " + std::to_string(piece) + ": " + stream);
      const Outcome rest = Call(Way::kSpliced, stream, piece, Framing::kChunked);
      EXPECT_EQ(rest.status, 200);
      EXPECT_THAT(rest.answer, StartsWith(relayed));
      EXPECT_THAT(rest.answer, Not(HasSubstr("[DONE]")));
      const auto events = EventData(rest.answer);
      ASSERT_FALSE(events.empty());
      const auto error = test::ParseJson(events.back());
      ASSERT_TRUE(error && error->At("error", "message") != nullptr) << rest.answer;
      EXPECT_LT(Call(Way::kGrpc, stream, piece, Framing::kChunked).status, 0);
    }
  }
};

TEST_F(StreamQuirks, AnyLineEndWillDo) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    ExpectWhole("data: " + kFirst + end + end + "data: " + kLast + end + end + "data: [DONE]" + end + end);
  }
}

TEST_F(StreamQuirks, CommentsAndOtherFieldsArePassedOn) {
  ExpectWhole(": OPENROUTER PROCESSING\n\n:\n\ndata: " + kFirst +
              "\n\n:keep-alive\n\nevent: message\nid: 7\nretry: 10\n" + "data: " + kLast +
              "\nunknown\n\n: bye\n\ndata: [DONE]\n\n");
}

TEST_F(StreamQuirks, DataMayHaveNoBlankOrSeveralLines) {
  ExpectWhole("data:" + kFirst + "\n\ndata: " + kLast.substr(0, 10) + "\ndata: " + kLast.substr(10) +
              "\n\ndata:[DONE]\n\n");
}

TEST_F(StreamQuirks, EmptyEventsMeanNothing) {
  ExpectWhole("\n\ndata:\n\ndata: " + kFirst + "\n\n\n\ndata\n\ndata: " + kLast + "\n\ndata: [DONE]\n\n");
}

TEST_F(StreamQuirks, AByteOrderMarkMayStandFirst) {
  const std::string stream = "data: " + kFirst + "\n\ndata: " + kLast + "\n\ndata: [DONE]\n\n";
  ExpectWhole("\xef\xbb\xbf" + stream, stream);
}

TEST_F(StreamQuirks, WhatFollowsTheEndIsDropped) {
  const std::string whole = "data: " + kFirst + "\n\ndata: " + kLast + "\n\ndata: [DONE]\n\n";
  ExpectWhole(whole + "data: " + kLast + "\n\n: more\n\ngarbage", whole);
}

TEST_F(StreamQuirks, AMissingEndMarkerOfAWholeAnswerIsAdded) {
  const std::string events = "data: " + kFirst + "\n\ndata: " + kLast + "\n\n";
  ExpectWhole(events, events + "data: [DONE]\n\n");
}

TEST_F(StreamQuirks, AMissingBlankLineAtTheVeryEndIsAdded) {
  const std::string events = "data: " + kFirst + "\n\ndata: " + kLast + "\n\n";
  ExpectWhole(events + "data: [DONE]\n", events + "data: [DONE]\n\n");
  ExpectWhole(events + "data: [DONE]", events + "data: [DONE]\n\n");
  ExpectWhole("data: " + kFirst + "\n\ndata: " + kLast, events + "data: [DONE]\n\n");
}

TEST_F(StreamQuirks, AStreamThatEndsTooEarlyEndsInAnError) {
  const std::string first = "data: " + kFirst + "\n\n";
  ExpectBroken(first, first);
  ExpectBroken(first + "data: {\"id\":\"c\",\"choi", first);
  ExpectBroken(first + "data: " + kLast.substr(0, kLast.size() - 1), first);
  ExpectNone("");
}

TEST_F(StreamQuirks, AnEventThatIsNoChunkEndsInAnError) {
  const std::string first = "data: " + kFirst + "\n\n";
  for (const char* bad : {"{\"id\":", "nul", "[1]", "5", "<html>", "{\"x\":\"\xff\"}", "{} {}"}) {
    ExpectBroken(first + "data: " + bad + "\n\ndata: " + kLast + "\n\ndata: [DONE]\n\n", first);
  }
}

TEST_F(StreamQuirks, AnErrorOfTheProviderIsPassedOnAndNotCalledAnEnd) {
  const std::string body = R"({"error":{"message":"overloaded","code":503}})";
  const std::string error = "data: " + body + "\n\n";
  const std::string first = "data: " + kFirst + "\n\n";
  ExpectBroken(first + error, first + error);
  ExpectNone(error, 503, body);
  ExpectNone("event: error\n" + error, 503, body);
}

}  // namespace
}  // namespace portolan::conformance
