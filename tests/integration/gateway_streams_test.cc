// Streamed answers: however an upstream breaks, a caller never takes half an answer for a whole one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kBody[] =
    R"({"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]})";
const std::string kContent =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n";
const std::string kFinish = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const std::string kDone = "data: [DONE]\n\n";

// Anthropic's events of one short message, in the shapes of its documentation.
const std::vector<std::string> kAnthropicEvents = {
    "event: message_start\ndata: "
    R"({"type":"message_start","message":{"id":"m1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}})"
    "\n\n",
    "event: content_block_start\ndata: "
    R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
    "\n\n",
    "event: content_block_delta\ndata: "
    R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}})"
    "\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: message_delta\ndata: "
    R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2}})"
    "\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
};

const Headers kEventStream = {{"Content-Type", "text/event-stream"}};
const Headers kChunked = {{"Content-Type", "text/event-stream"}, {"Transfer-Encoding", "chunked"}};

std::string Join(const std::vector<std::string>& pieces) {
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  return text;
}

// The data of every event, and "<half>" for what is not a whole event.
std::vector<std::string> Events(const std::string& body) {
  std::vector<std::string> events;
  size_t at = 0;
  for (size_t end; (end = body.find("\n\n", at)) != std::string::npos; at = end + 2) {
    const std::string event = body.substr(at, end - at);
    if (event.starts_with("data: ")) events.push_back(event.substr(6));
  }
  if (at < body.size()) events.push_back("<half>");
  return events;
}

class GatewayStreams : public ::testing::Test {
 protected:
  Headers To(const FakeUpstream& upstream, const std::string& provider = "openai") {
    return {{"x-portolan-custom-host", upstream.url() + "/v1"}, {"x-portolan-provider", provider}};
  }
  TestAnswer Ask(const FakeUpstream& upstream, const std::string& provider = "openai", Headers more = {}) {
    more.insert(more.end(), {{"x-portolan-custom-host", upstream.url()}, {"x-portolan-provider", provider}});
    return TestClient(gateway_.http_address()).Post("/v1/chat/completions", kBody, more);
  }
  // What the caller gets when the upstream plays `script`.
  TestAnswer Answer(const Script& script, const std::string& provider = "openai") {
    const FakeUpstream upstream([&](const SeenRequest&) { return script; });
    return Ask(upstream, provider);
  }

  GatewayFixture gateway_;
};

// The answer to a stream that broke: 200, whole events only, the last one an error, no end marker.
void ExpectBroken(const TestAnswer& answer, const std::string& code) {
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(answer.complete);
  const std::vector<std::string> events = Events(answer.body);
  ASSERT_FALSE(events.empty());
  EXPECT_THAT(events.back(), StartsWith("{\"error\":{\"message\":\"")) << answer.body;
  EXPECT_THAT(events.back(),
              HasSubstr("\"portolan\":{\"class\":\"provider\",\"code\":\"" + code + "\",\"attempts\":1,"));
  EXPECT_EQ(std::count(events.begin(), events.end(), "[DONE]"), 0) << answer.body;
}

void ExpectGood(const TestAnswer& answer) {
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(answer.complete);
  const std::vector<std::string> events = Events(answer.body);
  EXPECT_EQ(std::count(events.begin(), events.end(), "[DONE]"), 1) << answer.body;
  EXPECT_EQ(events.back(), "[DONE]");
  EXPECT_THAT(answer.body, Not(HasSubstr("\"error\"")));
}

// Where nothing but an end of lines is missing, an orderly end is taken for it.
bool WholeButForItsBlankLine(size_t offset, size_t finished, size_t done) {
  return (offset + 2 >= finished && offset <= finished) || offset + 2 >= done;
}

// A message is whole with its stop reason; what is cut within an event behind it is cut all the same.
bool EndsBehindTheReason(size_t offset, size_t complete, const std::string& wire) {
  return (offset + 2 >= complete && offset <= complete) || offset > wire.rfind('}');
}

enum class Cut : uint8_t { kFin, kReset };

struct Break {
  const char* name;
  const char* provider;
  Cut cut;
  bool chunked;  // else the end of the connection ends the body
  size_t step;
};

class GatewayBrokenStreams : public GatewayStreams, public ::testing::WithParamInterface<Break> {};

TEST_P(GatewayBrokenStreams, NeverEndCleanlyWhereverTheyBreak) {
  const Break& test = GetParam();
  const bool openai = test.provider == std::string("openai");
  const std::vector<std::string> events = openai ? std::vector{kContent, kFinish, kDone} : kAnthropicEvents;
  const std::string original = Join(events);
  std::string wire;
  size_t enough = 0;    // so many bytes hold the whole answer
  size_t complete = 0;  // until-close: so many hold all but the end marker
  for (const std::string& event : events) {
    if (&event == &events.back()) complete = wire.size();
    wire += test.chunked ? Chunk(event) : event;
  }
  // Of the last chunk, its own end is not needed to know the event.
  enough = wire.size() - (test.chunked ? 2 : 0);
  const bool end_is_good = !test.chunked && test.cut == Cut::kFin;
  const size_t first = test.chunked ? Chunk(events[0]).size() : events[0].size();
  const FakeUpstream upstream([&](const SeenRequest& request) {
    const size_t offset = std::stoul(request.Header("x-client-request-id"));
    Script script;
    script.Send(Head(200, test.chunked ? kChunked : kEventStream) + wire.substr(0, offset));
    return test.cut == Cut::kFin ? script.CutOff() : script.Reset();
  });
  for (size_t offset = 0; offset <= wire.size(); offset += test.step) {
    SCOPED_TRACE("cut after " + std::to_string(offset) + " of " + std::to_string(wire.size()));
    const TestAnswer answer = Ask(upstream, test.provider, {{"x-client-request-id", std::to_string(offset)}});
    // The next call must not come upon a connection whose end is still under way.
    EXPECT_TRUE(upstream.WaitForConnectionsToEnd());
    if (test.cut == Cut::kReset) {
      // A reset takes with it what was not read: the head, perhaps, and what had come already.
      if (answer.status == 502) continue;
      if (offset >= enough && Events(answer.body).back() == "[DONE]") continue;
      ExpectBroken(answer, "upstream_reset");
    } else if (offset >= enough ||
               (end_is_good && openai && WholeButForItsBlankLine(offset, complete, enough)) ||
               (end_is_good && !openai && EndsBehindTheReason(offset, complete, wire))) {
      ExpectGood(answer);
    } else if (const std::string code = end_is_good ? "upstream_truncated" : "upstream_reset";
               answer.status == 502) {
      // Before the first event there is no stream yet.
      EXPECT_LT(offset, first);
      EXPECT_THAT(answer.body, HasSubstr("\"code\":\"" + code + "\""));
    } else {
      EXPECT_GE(offset + 2, events[0].size());
      ExpectBroken(answer, code);
    }
    if (openai && answer.status == 200) {
      const size_t last = answer.body.rfind("data: ");
      EXPECT_TRUE(original.starts_with(answer.body.substr(0, last))) << answer.body;
    }
    if (HasFailure()) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Cuts, GatewayBrokenStreams,
                         ::testing::Values(Break{"OpenAiChunkedFin", "openai", Cut::kFin, true, 1},
                                           Break{"OpenAiChunkedReset", "openai", Cut::kReset, true, 1},
                                           Break{"OpenAiUntilCloseFin", "openai", Cut::kFin, false, 1},
                                           Break{"AnthropicChunkedFin", "anthropic", Cut::kFin, true, 7},
                                           Break{"AnthropicChunkedReset", "anthropic", Cut::kReset, true, 7},
                                           Break{"AnthropicUntilCloseFin", "anthropic", Cut::kFin, false, 7}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_F(GatewayStreams, RelayAnErrorEventOfTheProviderAsTheLast) {
  const std::string error = R"({"error":{"message":"boom","type":"server_error","param":null,"code":"x"}})";
  for (const bool cut : {false, true}) {
    Script script;
    script.Send(Head(200, kChunked) + Chunk(kContent) + Chunk("data: " + error + "\n\n"));
    if (cut) {
      script.CutOff();
    } else {
      script.Send(Chunk(""));
    }
    const TestAnswer answer = Answer(script);
    EXPECT_EQ(answer.body, kContent + "data: " + error + "\n\n") << "cut: " << cut;
    EXPECT_TRUE(answer.complete);
  }
}

TEST_F(GatewayStreams, TranslateAnErrorEventOfTheProvider) {
  std::vector<std::string> events(kAnthropicEvents.begin(), kAnthropicEvents.begin() + 3);
  events.push_back(
      "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
      "\"Overloaded\"}}\n\n");
  const TestAnswer answer = Answer(RespondEvents(events), "anthropic");
  ExpectBroken(answer, "overloaded_error");
  EXPECT_THAT(answer.body, HasSubstr("\"content\":\"Hi\""));
}

TEST_F(GatewayStreams, GetTheEndMarkerThatTheProviderLeftOut) {
  EXPECT_EQ(Answer(RespondEvents({kContent, kFinish})).body, kContent + kFinish + kDone);
  ExpectBroken(Answer(RespondEvents({kContent})), "upstream_truncated");
  const TestAnswer empty = Answer(RespondEvents({}));
  EXPECT_EQ(empty.status, 502);
  EXPECT_THAT(empty.body, HasSubstr("upstream_truncated"));
  // One of two choices is not finished.
  const std::string other = "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"Hi\"}}]}\n\n";
  ExpectBroken(Answer(RespondEvents({other, kContent, kFinish})), "upstream_truncated");
}

TEST_F(GatewayStreams, EndAtTheEndMarkerWhateverFollows) {
  const FakeUpstream talkative(
      [](const SeenRequest&) { return RespondEvents({kContent, kFinish, kDone + kContent, kContent}); });
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Ask(talkative).body, kContent + kFinish + kDone);

  const FakeUpstream endless([](const SeenRequest&) {
    return Script().Send(Head(200, kChunked) + Chunk(kFinish + kDone) + Chunk(kContent)).Stall();
  });
  ExpectGood(Ask(endless));
  EXPECT_TRUE(endless.WaitForClientToLeave(1)) << "one that goes on is closed";

  const FakeUpstream orderly([](const SeenRequest&) { return RespondEvents({kContent, kFinish, kDone}); });
  // The next call may come before the last one's end was read: not each of them finds the connection free.
  EXPECT_TRUE(Eventually([&] {
    ExpectGood(Ask(orderly));
    return orderly.connections().size() < orderly.requests().size();
  })) << "an orderly one is used again";
}

TEST_F(GatewayStreams, TakeEveryFormOfEventStream) {
  const std::string text = ": ping\n\n" + kContent + ":\n\n" + kFinish + kDone;
  EXPECT_EQ(Answer(RespondEvents({text})).body, text) << "comments pass";
  std::vector<std::string> bytes;
  for (const char c : kContent + kFinish + kDone) bytes.emplace_back(1, c);
  EXPECT_EQ(Answer(RespondEvents(bytes)).body, kContent + kFinish + kDone) << "an event a byte at a time";
  std::string crlf;
  for (const char c : text) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(Answer(RespondEvents({crlf})).body, crlf);
  for (const char* type : {"text/event-stream; charset=utf-8", "Text/Event-Stream"}) {
    ExpectGood(Answer(Respond(200, text, {{"Content-Type", type}})));
  }
}

TEST_F(GatewayStreams, EndInAnErrorOverGarbage) {
  for (const char* garbage : {"data: hello\n\n", "data: {\"a\":1} {\"b\":2}\n\n", "data: [1]\n\n",
                              "data: {\"a\":\n\n", "data: \xff\xfe\n\n"}) {
    ExpectBroken(Answer(RespondEvents({kContent, garbage, kFinish, kDone})), "upstream_invalid_answer");
    ExpectBroken(
        Answer(RespondEvents({Join({kAnthropicEvents.begin(), kAnthropicEvents.begin() + 3}), garbage}),
               "anthropic"),
        "upstream_invalid_answer");
    const TestAnswer first = Answer(RespondEvents({garbage, kContent, kFinish, kDone}));
    EXPECT_EQ(first.status, 502);
    EXPECT_THAT(first.body, HasSubstr("upstream_invalid_answer"));
  }
  const TestAnswer noise = Answer(RespondEvents({std::string(5000, '\x01')}));
  EXPECT_EQ(noise.status, 502);
  EXPECT_THAT(noise.body, HasSubstr("upstream_truncated"));
}

TEST_F(GatewayStreams, AreTakenUnderAnotherContentType) {
  for (const char* type : {"text/html", "application/octet-stream", ""}) {
    const TestAnswer answer = Answer(Respond(200, kContent + kDone, {{"Content-Type", type}}));
    EXPECT_EQ(answer.status, 200) << type;
    EXPECT_EQ(answer.body, kContent + kDone);
    EXPECT_EQ(answer.Header("content-type"), "text/event-stream");
  }
  const TestAnswer error = Answer(RespondJson(200, R"({"error":{"message":"no such model","code":"nope"}})"));
  EXPECT_EQ(error.status, 502);
  EXPECT_THAT(error.body, HasSubstr("no such model"));
  EXPECT_THAT(error.body, HasSubstr("\"code\":\"nope\""));
}

// How long after the caller left the upstream saw it.
milliseconds TimeToAbort(const FakeUpstream& upstream, TestClient& client, bool reset) {
  const auto left = TestClock::now();
  client.Close(reset);
  if (!upstream.WaitForClientToLeave(1)) return std::chrono::hours(1);
  return std::chrono::duration_cast<milliseconds>(*upstream.connection(1).client_left - left);
}

TEST_F(GatewayStreams, AreAbortedUpstreamAsSoonAsTheCallerLeaves) {
  struct Moment {
    const char* name;
    Script before;
    bool reads;
  };
  const std::vector<Moment> moments = {
      {"before the first byte", Script().Stall(), false},
      {"in mid-stream", Script().Send(Head(200, kChunked) + Chunk(kContent)).Stall(), true}};
  for (const Moment& moment : moments) {
    for (const bool reset : {false, true}) {
      const auto attempt = [&] {
        const FakeUpstream upstream([&](const SeenRequest&) { return moment.before; });
        TestClient client(gateway_.http_address());
        client.Send("POST", "/v1/chat/completions", kBody, To(upstream));
        EXPECT_TRUE(upstream.WaitForRequests(1));
        std::string got;
        while (moment.reads && got.find("\n\n") == std::string::npos && !client.closed()) {
          got += client.ReadRaw();
        }
        return TimeToAbort(upstream, client, reset);
      };
      EXPECT_TRUE(BestWithin(milliseconds(50), attempt)) << moment.name << (reset ? ", reset" : "");
    }
  }
}

TEST_F(GatewayStreams, AreReadNoFasterThanTheCallerReads) {
  constexpr size_t kEvents = 1024;
  std::string event = kContent;
  event.insert(event.find("Hi"), std::string(64 * 1024, 'x'));
  const std::vector<std::string> events(kEvents, event);
  const FakeUpstream upstream([&](const SeenRequest&) {
    Script script = Script().Send(Head(200, kChunked));
    for (const std::string& one : events) script.Send(Chunk(one));
    return script.Send(Chunk(kFinish)).Send(Chunk(kDone)).Send(Chunk(""));
  });
  TestClient client(gateway_.http_address());
  client.Send("POST", "/v1/chat/completions", kBody, To(upstream));
  ASSERT_TRUE(upstream.WaitForRequests(1));
  size_t sent = 0;
  for (int quiet = 0; quiet < 10;) {
    std::this_thread::sleep_for(milliseconds(50));
    const size_t now = upstream.connection(1).bytes_sent;
    quiet = now == sent && now > 0 ? quiet + 1 : 0;
    sent = now;
  }
  // What the kernel's socket buffers hold, and little more.
  EXPECT_LT(sent, kEvents * event.size() / 2);
  const TestAnswer answer = client.ReadAnswer();
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body.size(), kEvents * event.size() + kFinish.size() + kDone.size());
}

}  // namespace
}  // namespace portolan::test
