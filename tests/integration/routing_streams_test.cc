// Streams on routes with another attempt: held back until there is content, and given up for the next target
// while there is none.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kRole = OpenAiDelta(R"({"role":"assistant","content":""})");
const std::string kOpenAiError =
    "data: {\"error\":{\"message\":\"boom\",\"type\":\"server_error\",\"param\":null,\"code\":\"x\"}}\n\n";
const std::string kTextStart =
    AnthropicEvent("content_block_start", R"(,"index":0,"content_block":{"type":"text","text":""})");
const std::string kAnthropicError =
    AnthropicEvent("error", R"(,"error":{"type":"overloaded_error","message":"boom"})");

// What a stream begins with that is no content.
struct Beginning {
  const char* name;
  const char* provider;
  std::string events;
};

const std::vector<Beginning> kBeginnings = {
    {"Nothing", "openai", ""},
    {"ARole", "openai", kRole},
    {"ARoleWithoutContent", "openai", OpenAiDelta(R"({"role":"assistant","content":null,"refusal":null})")},
    {"EmptyDeltas", "openai",
     kRole + OpenAiDelta("{}") + OpenAiDelta(R"({"content":""})") +
         OpenAiDelta(R"({"tool_calls":[],"reasoning_content":"","audio":null})")},
    {"Comments", "openai", ": waiting\n\n" + kRole + ": waiting\n\n"},
    {"Usage", "openai",
     "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[],"
     "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":0,\"total_tokens\":1}}\n\n"},
    {"AMessageStart", "anthropic", AnthropicStart()},
    {"AnEmptyBlockAndAPing", "anthropic", AnthropicStart() + kTextStart + AnthropicEvent("ping", "")},
    {"TheEndAlone", "anthropic", AnthropicEvent("message_stop", "")},
    {"AnEmptyPiece", "anthropic",
     AnthropicStart() + kTextStart +
         AnthropicEvent("content_block_delta", R"(,"index":0,"delta":{"type":"text_delta","text":""})")},
};

enum class Way : uint8_t { kErrorEvent, kReset, kCutOff, kCleanEnd, kGarbage, kStall };
constexpr Way kWays[] = {Way::kErrorEvent, Way::kReset,   Way::kCutOff,
                         Way::kCleanEnd,   Way::kGarbage, Way::kStall};

Script Failing(const std::string& events, Way way, bool openai) {
  Script script;
  script.Send(StreamHead());
  if (!events.empty()) script.Send(Chunk(events));
  switch (way) {
    case Way::kErrorEvent:
      return script.Send(Chunk(openai ? kOpenAiError : kAnthropicError) + Chunk(""));
    case Way::kReset:
      return script.Reset();
    case Way::kCutOff:
      return script.Send("5\r\ndat").CutOff();
    case Way::kCleanEnd:
      return script.Send(Chunk(""));
    case Way::kGarbage:
      return script.Send(Chunk("data: not JSON\n\n")).Stall();
    case Way::kStall:
      return script.Stall();
  }
  return script;
}

std::string Fallback(const FakeUpstream& first, const char* provider, const FakeUpstream& second,
                     const std::string& more = {}) {
  return R"({"strategy":{"mode":"fallback"},"targets":[)" + TargetOf(first, provider, more) + "," +
         TargetOf(second) + "]}";
}

class RoutingStreams : public ::testing::Test {
 protected:
  FakeUpstream second_{[](const SeenRequest& request) { return Answering(request, "yes"); }};
};

class RoutingStreamsBefore : public RoutingStreams, public ::testing::WithParamInterface<Beginning> {};

TEST_P(RoutingStreamsBefore, ContentGoToTheNextTarget) {
  const Beginning& test = GetParam();
  const bool openai = test.provider == std::string("openai");
  const GatewayFixture gateway;
  const RouteCaller caller(gateway);
  const std::string whole = caller.Call({.config = TargetOf(second_), .stream = true}).body;
  ASSERT_THAT(whole, HasSubstr("yes"));
  for (const Way way : kWays) {
    const FakeUpstream first([&](const SeenRequest&) { return Failing(test.events, way, openai); });
    // Only who stalls needs a limit.
    const std::string more = way == Way::kStall ? R"(,"request_timeout":60)" : "";
    for (const Door door : {Door::kRest, Door::kGrpc}) {
      const RouteCall call{
          .config = Fallback(first, test.provider, second_, more), .door = door, .stream = true};
      SCOPED_TRACE(Describe(call) + " way " + std::to_string(static_cast<int>(way)));
      const size_t before = second_.requests().size();
      const RouteAnswer answer = caller.Call(call);
      EXPECT_EQ(answer.status, 200);
      EXPECT_EQ(answer.rpc, grpc::OK) << answer.message;
      EXPECT_EQ(answer.text, "yes");
      EXPECT_FALSE(answer.broke);
      EXPECT_EQ(answer.Header("x-portolan-last-used-option-index"), "config.targets[1]");
      // Not a byte of the first.
      if (door == Door::kRest) {
        EXPECT_EQ(answer.body, whole);
      }
      EXPECT_EQ(second_.requests().size(), before + 1);
    }
    // On a busy machine the limit of who stalls may be over before the request is there.
    EXPECT_LE(first.requests().size(), 2u);
    if (way != Way::kStall) {
      EXPECT_EQ(first.requests().size(), 2u);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Beginnings, RoutingStreamsBefore, ::testing::ValuesIn(kBeginnings),
                         [](const auto& test) { return std::string(test.param.name); });

class RoutingStreamsAfter : public RoutingStreams, public ::testing::WithParamInterface<Beginning> {};

TEST_P(RoutingStreamsAfter, ContentEndInAnErrorOfTheirOwn) {
  const Beginning& test = GetParam();
  const bool openai = test.provider == std::string("openai");
  const GatewayFixture gateway;
  const RouteCaller caller(gateway);
  for (const Way way : {Way::kErrorEvent, Way::kCutOff, Way::kCleanEnd}) {
    const FakeUpstream first([&](const SeenRequest&) { return Failing(test.events, way, openai); });
    for (const Door door : {Door::kRest, Door::kGrpc}) {
      const RouteCall call{.config = Fallback(first, test.provider, second_, R"(,"retry":{"attempts":3})"),
                           .door = door,
                           .stream = true};
      SCOPED_TRACE(Describe(call) + " way " + std::to_string(static_cast<int>(way)));
      const RouteAnswer answer = caller.Call(call);
      EXPECT_EQ(answer.status, 200);
      EXPECT_TRUE(answer.broke);
      EXPECT_FALSE(answer.done);
      EXPECT_EQ(answer.Header("x-portolan-last-used-option-index"), "config.targets[0]");
      if (door == Door::kGrpc) {
        EXPECT_EQ(answer.rpc, grpc::UNAVAILABLE);
      }
    }
    EXPECT_EQ(first.requests().size(), 2u);
  }
  EXPECT_THAT(second_.requests(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Contents, RoutingStreamsAfter,
    ::testing::Values(
        Beginning{"Text", "openai", kRole + OpenAiDelta(R"({"content":"H"})")},
        Beginning{"ABlank", "openai", OpenAiDelta(R"({"content":" "})")},
        Beginning{"Reasoning", "openai", kRole + OpenAiDelta(R"({"reasoning_content":"Hm"})")},
        Beginning{
            "ATool", "openai",
            kRole +
                OpenAiDelta(
                    R"({"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":""}}]})")},
        Beginning{"ARefusal", "openai", kRole + OpenAiDelta(R"({"refusal":"No"})")},
        Beginning{"Audio", "openai", kRole + OpenAiDelta(R"({"audio":{"id":"a1"}})")},
        Beginning{"AnthropicsText", "anthropic",
                  AnthropicStart() + kTextStart +
                      AnthropicEvent("content_block_delta",
                                     R"(,"index":0,"delta":{"type":"text_delta","text":"H"})")},
        Beginning{"AnthropicsThinking", "anthropic",
                  AnthropicStart() +
                      AnthropicEvent(
                          "content_block_start",
                          R"(,"index":0,"content_block":{"type":"thinking","thinking":"","signature":""})") +
                      AnthropicEvent("content_block_delta",
                                     R"(,"index":0,"delta":{"type":"thinking_delta","thinking":"Hm"})")},
        Beginning{
            "AnthropicsTool", "anthropic",
            AnthropicStart() +
                AnthropicEvent(
                    "content_block_start",
                    R"(,"index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}})")}),
    [](const auto& test) { return std::string(test.param.name); });

// Nothing was given to the caller yet, so it gets a plain error if no target is left to try.
TEST_F(RoutingStreams, ThatFailBeforeContentAndHaveNoOtherTargetAreErrors) {
  const GatewayFixture gateway;
  const RouteCaller caller(gateway);
  const FakeUpstream first([](const SeenRequest&) { return Failing(kRole, Way::kErrorEvent, true); });
  const std::string config = R"({"strategy":{"mode":"fallback","on_status_codes":[429]},"targets":[)" +
                             TargetOf(first) + "," + TargetOf(second_) + "]}";
  for (const Door door : {Door::kRest, Door::kGrpc}) {
    const RouteAnswer answer = caller.Call({.config = config, .door = door, .stream = true});
    EXPECT_EQ(answer.status, 502);
    EXPECT_FALSE(answer.broke);
    EXPECT_EQ(answer.code, "x");
    EXPECT_EQ(answer.message, "boom");
    EXPECT_EQ(answer.rpc, door == Door::kGrpc ? grpc::UNAVAILABLE : grpc::OK);
  }
  EXPECT_THAT(second_.requests(), IsEmpty());
}

// A stream that is not in good order counts as any of 500, 502, 503, 504, whatever dialect it is in.
TEST_F(RoutingStreams, InBadOrderMatchTheStatusesOfFailures) {
  const GatewayFixture gateway;
  const RouteCaller caller(gateway);
  std::string blocks = AnthropicStart();
  for (int i = 0; i < 100; ++i) blocks += kTextStart;
  for (const std::string& events :
       {AnthropicStart(), AnthropicEvent("message_stop", ""), blocks, std::string("data: [1]\n\n")}) {
    const FakeUpstream first([&](const SeenRequest&) { return Failing(events, Way::kCleanEnd, false); });
    for (const char* status : {"500", "502", "503", "504"}) {
      const std::string config = R"({"strategy":{"mode":"fallback","on_status_codes":[)" +
                                 std::string(status) + R"(]},"targets":[)" + TargetOf(first, "anthropic") +
                                 "," + TargetOf(second_) + "]}";
      for (const Door door : {Door::kRest, Door::kGrpc}) {
        const RouteAnswer answer = caller.Call({.config = config, .door = door, .stream = true});
        EXPECT_EQ(answer.text, "yes") << events << " " << status << ": " << answer.message;
      }
    }
    EXPECT_EQ(first.requests().size(), 8u);
  }
}

TEST_F(RoutingStreams, ThatBreakTellOfTheAttemptsBefore) {
  const GatewayFixture gateway;
  const RouteCaller caller(gateway);
  const FakeUpstream bad([](const SeenRequest& request) { return test::Failing(request, 500); });
  const FakeUpstream broken(
      [](const SeenRequest&) { return Failing(OpenAiDelta(R"({"content":"H"})"), Way::kCutOff, true); });
  for (const Door door : {Door::kRest, Door::kGrpc}) {
    const RouteAnswer answer =
        caller.Call({.config = Fallback(bad, "openai", broken), .door = door, .stream = true});
    EXPECT_TRUE(answer.broke);
    EXPECT_EQ(answer.code, "upstream_reset");
    EXPECT_EQ(answer.attempts, 2);
    EXPECT_THAT(answer.tried, ElementsAre("config.targets[0] openai 500 busy"));
  }
}

TEST_F(RoutingStreams, OfAnEmptyAnswerAreGood) {
  const GatewayFixture gateway;
  const RouteCaller caller(gateway);
  const FakeUpstream first([](const SeenRequest&) {
    return Script().Send(StreamHead() + Chunk(kRole + OpenAiFinish()) + Chunk(""));
  });
  for (const Door door : {Door::kRest, Door::kGrpc}) {
    const RouteAnswer answer =
        caller.Call({.config = Fallback(first, "openai", second_), .door = door, .stream = true});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.rpc, grpc::OK);
    EXPECT_EQ(answer.done, door == Door::kRest);
    EXPECT_EQ(answer.Header("x-portolan-last-used-option-index"), "config.targets[0]");
  }
  EXPECT_THAT(second_.requests(), IsEmpty());
}

TEST_F(RoutingStreams, OfAnthropicsDialectAreGoodWithoutTheirLastEvent) {
  const GatewayFixture gateway;
  const RouteCaller caller(gateway);
  const std::string end = AnthropicEnd();
  const std::string most = end.substr(0, end.find("event: message_stop"));
  const std::string text =
      AnthropicEvent("content_block_delta", R"(,"index":0,"delta":{"type":"text_delta","text":"hi"})");
  const FakeUpstream first([&](const SeenRequest&) {
    return Script().Send(StreamHead() + Chunk(AnthropicStart() + kTextStart + text + most) + Chunk(""));
  });
  for (const Door door : {Door::kRest, Door::kGrpc}) {
    const RouteAnswer answer =
        caller.Call({.config = Fallback(first, "anthropic", second_), .door = door, .stream = true});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.rpc, grpc::OK) << answer.message;
    EXPECT_FALSE(answer.broke);
    EXPECT_EQ(answer.text, "hi");
    EXPECT_EQ(answer.done, door == Door::kRest);
  }
  EXPECT_THAT(second_.requests(), IsEmpty());
}

TEST_F(RoutingStreams, AreRetriedAtTheSameTarget) {
  const GatewayFixture gateway;
  const RouteCaller caller(gateway);
  for (const Door door : {Door::kRest, Door::kGrpc}) {
    int asked = 0;
    const FakeUpstream first([&asked](const SeenRequest& request) {
      return ++asked < 3 ? Failing(kRole, Way::kReset, true) : Answering(request, "third");
    });
    const RouteAnswer answer =
        caller.Call({.config = TargetOf(first, "openai", R"(,"retry":{"attempts":2,"base_ms":1})"),
                     .door = door,
                     .stream = true});
    EXPECT_EQ(answer.text, "third");
    EXPECT_EQ(answer.Header("x-portolan-retry-attempt-count"), "2");
    EXPECT_EQ(asked, 3);
  }
}

// A caller who reads the stream while it goes on.
class OpenStream {
 public:
  OpenStream(const RouteCaller& caller, const std::string& config) : client_(caller.http_address()) {
    client_.Send("POST", "/v1/chat/completions", RestBody({.stream = true}), {{"x-portolan-config", config}});
  }
  TestAnswer Head() { return client_.ReadHead(); }
  // All that comes until `text` is among it, or the connection ends.
  std::string Until(const std::string& text) {
    while (seen_.find(text) == std::string::npos) {
      const std::string more = client_.ReadRaw();
      if (more.empty()) break;
      seen_ += more;
    }
    return seen_;
  }

 private:
  TestClient client_;
  std::string seen_;
};

TEST_F(RoutingStreams, OfTheOnlyOrTheLastTargetAreNotHeldBack) {
  const GatewayFixture gateway;
  const RouteCaller caller(gateway);
  Latch go;
  const FakeUpstream slow([&](const SeenRequest&) {
    return Script()
        .Send(StreamHead() + Chunk(kRole))
        .Hold(go)
        .Send(Chunk(OpenAiDelta(R"({"content":"late"})") + OpenAiFinish()) + Chunk(""));
  });
  const FakeUpstream bad([](const SeenRequest& request) { return test::Failing(request, 500); });
  OpenStream only(caller, TargetOf(slow));
  OpenStream last(caller, Fallback(bad, "openai", slow));
  v1::ChatCompletionChunk chunk;
  grpc::ClientContext context;
  context.AddMetadata("x-portolan-config", TargetOf(slow));
  const auto rpc = caller.chat().StreamChatCompletion(&context, RpcRequest({}));
  // All of them have the beginning before the provider has said anything.
  EXPECT_EQ(only.Head().status, 200);
  EXPECT_THAT(only.Until("assistant"), HasSubstr("assistant"));
  EXPECT_EQ(last.Head().status, 200);
  EXPECT_THAT(last.Until("assistant"), HasSubstr("assistant"));
  ASSERT_TRUE(rpc->Read(&chunk));
  EXPECT_EQ(chunk.choices(0).delta().role(), "assistant");
  go.Release();
  EXPECT_THAT(only.Until("[DONE]"), HasSubstr("late"));
  EXPECT_THAT(last.Until("[DONE]"), HasSubstr("late"));
  while (rpc->Read(&chunk)) continue;
  EXPECT_TRUE(rpc->Finish().ok());
}

TEST_F(RoutingStreams, AreHeldBackUpTo64Kilobytes) {
  const GatewayFixture gateway;
  const RouteCaller caller(gateway);
  // Of about 1 KB each, over both doors.
  const std::string empty = OpenAiDelta(R"({"content":"","x":null})");
  std::string padded = empty;
  padded.insert(padded.find("\"c1\"") + 1, std::string(900, 'i'));
  const auto many = [&](size_t count) {
    std::string all;
    for (size_t i = 0; i < count; ++i) all += padded;
    return all;
  };
  for (const Door door : {Door::kRest, Door::kGrpc}) {
    SCOPED_TRACE(static_cast<int>(door));
    const FakeUpstream little([&](const SeenRequest&) { return Failing(many(50), Way::kReset, true); });
    EXPECT_EQ(caller.Call({.config = Fallback(little, "openai", second_), .door = door, .stream = true}).text,
              "yes");
    EXPECT_EQ(second_.requests().size(), door == Door::kRest ? 1u : 2u);
  }
  Latch go;
  const FakeUpstream much(
      [&](const SeenRequest&) { return Script().Send(StreamHead() + Chunk(many(100))).Hold(go).Reset(); });
  const std::string config = Fallback(much, "openai", second_);
  OpenStream rest(caller, config);
  grpc::ClientContext context;
  context.AddMetadata("x-portolan-config", config);
  const auto rpc = caller.chat().StreamChatCompletion(&context, RpcRequest({}));
  EXPECT_EQ(rest.Head().Header("x-portolan-last-used-option-index"), "config.targets[0]");
  v1::ChatCompletionChunk chunk;
  ASSERT_TRUE(rpc->Read(&chunk));
  go.Release();
  EXPECT_THAT(rest.Until("\"error\""), HasSubstr("upstream_reset"));
  while (rpc->Read(&chunk)) continue;
  EXPECT_EQ(rpc->Finish().error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(second_.requests().size(), 2u);
}

TEST_F(RoutingStreams, ThatSayNothingForLongAreKeptAliveAndStayWithTheirTarget) {
  config::ServeOptions options;
  options.stream_hold = std::chrono::milliseconds(30);
  const GatewayFixture gateway(options);
  const RouteCaller caller(gateway);
  Latch go;
  const FakeUpstream slow([&](const SeenRequest&) {
    return Script()
        .Send(StreamHead() + Chunk(kRole))
        .Hold(go)
        .Send(Chunk(OpenAiDelta(R"({"content":"late"})")))
        .CutOff();
  });
  const std::string config = Fallback(slow, "openai", second_);
  OpenStream rest(caller, config);
  grpc::ClientContext context;
  context.AddMetadata("x-portolan-config", config);
  const auto rpc = caller.chat().StreamChatCompletion(&context, RpcRequest({}));

  const TestAnswer head = rest.Head();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Header("x-portolan-last-used-option-index"), "config.targets[0]");
  const std::string beginning = rest.Until(kRole);
  const size_t comment = beginning.find("\r\n") + 2;  // behind the chunk's size
  EXPECT_THAT(beginning.substr(comment), StartsWith(": "));
  EXPECT_THAT(beginning, Not(HasSubstr("late")));
  v1::ChatCompletionChunk chunk;
  ASSERT_TRUE(rpc->Read(&chunk));
  EXPECT_EQ(chunk.choices(0).delta().role(), "assistant");

  go.Release();
  const std::string all = rest.Until("\"error\"");
  EXPECT_THAT(all, HasSubstr("late"));
  EXPECT_THAT(all, HasSubstr("upstream_reset"));
  EXPECT_THAT(all, Not(HasSubstr("[DONE]")));
  ASSERT_TRUE(rpc->Read(&chunk));
  EXPECT_EQ(chunk.choices(0).delta().content(), "late");
  EXPECT_FALSE(rpc->Read(&chunk));
  EXPECT_EQ(rpc->Finish().error_code(), grpc::UNAVAILABLE);
  EXPECT_THAT(second_.requests(), IsEmpty());
}

}  // namespace
}  // namespace portolan::test
