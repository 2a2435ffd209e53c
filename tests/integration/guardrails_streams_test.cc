// Guardrails on streams, at both doors: what they forbid never leaves, at any split, and what leaves is what
// came.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "google/rpc/status.pb.h"
#include "portolan/v1/hook_results.pb.h"
#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

constexpr char kDeny[] = R"({"default.contains":{"words":["swordfish"],"operator":"none"},"deny":true})";
constexpr char kRedact[] = R"({"default.regexReplace":{"rule":"sk-[a-z0-9]{4}","redactText":"[KEY]"}})";
constexpr char kJson[] =
    R"({"default.jsonSchema":{"schema":{"type":"object","required":["a"]}},"deny":true})";

std::string Delta(const std::string& text) { return OpenAiDelta(Json{{"content", text}}.dump()); }

// `text` in pieces that end at `cuts`.
std::vector<std::string> Pieces(const std::string& text, const std::vector<size_t>& cuts) {
  std::vector<std::string> pieces;
  size_t begin = 0;
  for (const size_t cut : cuts) {
    pieces.push_back(text.substr(begin, cut - begin));
    begin = cut;
  }
  pieces.push_back(text.substr(begin));
  return pieces;
}

std::string EventsOf(const std::vector<std::string>& pieces) {
  std::string events = OpenAiDelta(R"({"role":"assistant","content":""})");
  for (const std::string& piece : pieces) events += Delta(piece);
  return events;
}

// The text that a caller has put together, and how the stream ended.
struct Heard {
  std::string text;
  bool done = false;
  Json error;
  Json results;  // of a chunk of their own
};

Heard Hear(const std::string& body) {
  Heard heard;
  size_t at = 0;
  while ((at = body.find("data: ", at)) != std::string::npos) {
    const size_t end = body.find('\n', at);
    const std::string data = body.substr(at + 6, end - at - 6);
    at = end;
    if (data == "[DONE]") {
      heard.done = true;
      continue;
    }
    const Json event = Json::parse(data);
    if (event.contains("error")) heard.error = event;
    if (event.contains("hook_results") && !event.contains("error"))
      heard.results.push_back(event["hook_results"]);
    if (!event.contains("choices")) continue;
    for (const Json& choice : event["choices"]) {
      if (choice.contains("delta") && choice["delta"].contains("content") &&
          choice["delta"]["content"].is_string()) {
        heard.text += choice["delta"]["content"].get<std::string>();
      }
    }
  }
  return heard;
}

class GuardedStreams : public ::testing::Test {
 protected:
  TestAnswer Stream(const std::string& config, const Headers& more = {}) {
    Headers headers = more;
    headers.emplace_back("x-portolan-config", config);
    return TestClient(gateway_.http_address())
        .Post("/v1/chat/completions",
              R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})", headers);
  }
  std::string Target(const std::string& hooks, const std::string& provider = "openai") {
    return TargetOf(upstream_, provider, hooks);
  }
  void Plays(const std::string& events) {
    answer_ = [events](const SeenRequest&) {
      return Script().Send(StreamHead()).Send(Chunked(events)).Send(kLastChunk);
    };
  }
  static std::string Chunked(const std::string& text) {
    std::ostringstream size;
    size << std::hex << text.size();
    return size.str() + "\r\n" + text + "\r\n";
  }
  static constexpr char kLastChunk[] = "0\r\n\r\n";

  FakeUpstream::Handler answer_;
  FakeUpstream upstream_{[this](const SeenRequest& request) { return answer_(request); }};
  GatewayFixture gateway_;
};

TEST_F(GuardedStreams, WhatIsForbiddenNeverLeavesAtAnySplit) {
  const std::string text = "so it is swordfish, you see";
  for (size_t cut = 1; cut < text.size(); ++cut) {
    Plays(EventsOf(Pieces(text, {cut})) + OpenAiFinish());
    const TestAnswer answer = Stream(Target(R"(,"output_guardrails":[)" + std::string(kDeny) + "]"));
    if (answer.status == 446) {
      EXPECT_EQ(Json::parse(answer.body)["error"]["code"], "guardrail_denied");
      continue;
    }
    ASSERT_EQ(answer.status, 200) << cut;
    const Heard heard = Hear(answer.body);
    EXPECT_THAT(text, StartsWith(heard.text));
    EXPECT_LE(heard.text.size(), text.find("swordfish")) << "cut at " << cut;
    EXPECT_FALSE(heard.done);
    EXPECT_EQ(heard.error["error"]["type"], "hooks_failed");
    EXPECT_EQ(heard.error["hook_results"]["after_request_hooks"][0]["verdict"], false);
  }
}

TEST_F(GuardedStreams, WhatPassesLeavesAsItCame) {
  const std::string events = OpenAiDelta(R"({"role":"assistant","content":""})") + Delta("one sword") +
                             Delta(" two") + Delta(" fish.") + OpenAiFinish();
  Plays(events);
  const TestAnswer answer = Stream(Target(R"(,"output_guardrails":[)" + std::string(kDeny) + "]"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, events);
}

TEST_F(GuardedStreams, ADenialBeforeAnythingHasLeftIsAStatusAndFallsBack) {
  Plays(EventsOf({"swordfish"}) + OpenAiFinish());
  const std::string hooks = R"(,"output_guardrails":[)" + std::string(kDeny) + "]";
  EXPECT_EQ(Stream(Target(hooks)).status, 446);
  const FakeUpstream second([](const SeenRequest& request) { return Answering(request, "fine"); });
  const TestAnswer fallen = Stream(R"({"strategy":{"mode":"fallback"},"targets":[)" + Target(hooks) + "," +
                                   TargetOf(second, "openai", hooks) + "]}");
  EXPECT_EQ(fallen.status, 200);
  EXPECT_EQ(Hear(fallen.body).text, "fine");
  EXPECT_TRUE(Hear(fallen.body).done);
}

TEST_F(GuardedStreams, TheProviderIsLeftAtOnce) {
  answer_ = [](const SeenRequest&) {
    return Script().Send(StreamHead()).Send(Chunked(EventsOf({"all good so far. ", "swordfish"}))).Stall();
  };
  const TestAnswer answer = Stream(Target(R"(,"output_guardrails":[)" + std::string(kDeny) + "]"));
  EXPECT_THAT(Hear(answer.body).text, Not(HasSubstr("swordfish")));
  EXPECT_TRUE(upstream_.WaitForClientToLeave(1));
}

TEST_F(GuardedStreams, ReplacedTextNeverLeavesAtAnySplit) {
  const std::string text = "key sk-ab12 and sk-cd34!";
  for (size_t first = 1; first < text.size(); ++first) {
    for (size_t second = first; second < text.size(); second += 3) {
      Plays(EventsOf(Pieces(text, {first, second})) + OpenAiFinish());
      const TestAnswer answer = Stream(Target(R"(,"output_mutators":[)" + std::string(kRedact) + "]"));
      const Heard heard = Hear(answer.body);
      EXPECT_EQ(heard.text, "key [KEY] and [KEY]!") << first << " " << second;
      EXPECT_TRUE(heard.done);
    }
  }
}

TEST_F(GuardedStreams, WhatNeedsTheWholeAnswerWaitsForIt) {
  const std::string good = EventsOf({R"({"a")", R"(: 1})"}) + OpenAiFinish();
  Plays(good);
  const std::string hooks = R"(,"output_guardrails":[)" + std::string(kJson) + "]";
  EXPECT_EQ(Stream(Target(hooks)).body, good);
  Plays(EventsOf({"{\"b\"", ": 1}"}) + OpenAiFinish());
  EXPECT_EQ(Stream(Target(hooks)).status, 446);
  // Half of it cannot be judged: nothing of it leaves, and what is told is how it ended.
  answer_ = [](const SeenRequest&) {
    return Script().Send(StreamHead()).Send(Chunked(EventsOf({"{\"a\": 1"}))).CutOff();
  };
  const TestAnswer cut = Stream(Target(hooks));
  EXPECT_THAT(cut.body, Not(HasSubstr("content\\\":")));
  EXPECT_THAT(cut.body, Not(HasSubstr("hooks_failed")));
}

TEST_F(GuardedStreams, WhatDecidesNothingHoldsNothing) {
  Latch more;
  answer_ = [&](const SeenRequest&) {
    return Script()
        .Send(StreamHead())
        .Send(Chunked(EventsOf({"swordfish"})))
        .Hold(more)
        .Send(Chunked(OpenAiFinish()))
        .Send(kLastChunk);
  };
  TestClient client(gateway_.http_address());
  client.Send(
      "POST", "/v1/chat/completions",
      R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})",
      {{"x-portolan-config",
        Target(R"(,"output_guardrails":[{"default.contains":{"words":["swordfish"],"operator":"none"}}])")}});
  EXPECT_EQ(client.ReadHead().status, 200);
  std::string body;
  while (body.find("swordfish") == std::string::npos) body += client.ReadRaw();
  more.Release();
  while (body.find("[DONE]") == std::string::npos) body += client.ReadRaw();
}

TEST_F(GuardedStreams, ResultsAreChunksWhereTheCallerTakesThem) {
  Plays(EventsOf({"fine"}) + OpenAiFinish());
  const std::string hooks =
      R"(,"input_guardrails":[)" + std::string(kDeny) + R"(],"output_guardrails":[)" + kDeny + "]";
  EXPECT_THAT(Stream(Target(hooks)).body, Not(HasSubstr("hook_results")));
  const TestAnswer open = Stream(Target(hooks), {{"x-portkey-strict-open-ai-compliance", "false"}});
  const Heard heard = Hear(open.body);
  ASSERT_EQ(heard.results.size(), 2U);
  EXPECT_EQ(heard.results[0]["before_request_hooks"][0]["verdict"], true);
  EXPECT_EQ(heard.results[1]["after_request_hooks"][0]["verdict"], true);
  EXPECT_TRUE(heard.done);
  EXPECT_LT(open.body.rfind("after_request_hooks"), open.body.find("[DONE]"));
}

TEST_F(GuardedStreams, InputThatFailedWithoutDenyingIsTheStreamsStatus) {
  Plays(EventsOf({"fine"}) + OpenAiFinish());
  const TestAnswer answer =
      Stream(Target(R"(,"input_guardrails":[{"default.contains":{"words":["hi"],"operator":"none"}}])"));
  EXPECT_EQ(answer.status, 246);
  EXPECT_TRUE(Hear(answer.body).done);
}

TEST_F(GuardedStreams, ArgumentsAndReasoningAreLookedAtToo) {
  const std::string hooks = R"(,"output_guardrails":[)" + std::string(kDeny) + "]";
  const std::vector<std::pair<std::string, std::string>> deltas = {
      {R"({"reasoning_content":"sword"})", R"({"reasoning_content":"fish"})"},
      {R"({"reasoning":"sword"})", R"({"reasoning":"fish"})"},
      {R"({"refusal":"sword"})", R"({"refusal":"fish"})"},
      {R"({"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":"{\"a\":\"sword"}}]})",
       R"({"tool_calls":[{"index":0,"function":{"arguments":"fish\"}"}}]})"},
      // As it is meant.
      {R"({"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":"{\"a\":\"sword\\u00"}}]})",
       R"({"tool_calls":[{"index":0,"function":{"arguments":"66ish\"}"}}]})"},
  };
  for (const auto& [first, second] : deltas) {
    Plays(OpenAiDelta(first) + OpenAiDelta(second) + OpenAiFinish());
    EXPECT_EQ(Stream(Target(hooks)).status, 446) << first;
  }
}

TEST_F(GuardedStreams, AStreamOfAnotherDialectIsLookedAtInTheCallersWords) {
  const auto text = [](const std::string& piece) {
    return AnthropicEvent("content_block_delta",
                          R"(,"index":0,"delta":{"type":"text_delta","text":")" + piece + "\"}");
  };
  const std::string events =
      AnthropicStart() +
      AnthropicEvent("content_block_start", R"(,"index":0,"content_block":{"type":"text","text":""})") +
      text("my key is sk-") + text("ab12, yes") + AnthropicEnd();
  Plays(events);
  const std::string hooks = R"(,"output_mutators":[)" + std::string(kRedact) + "]";
  const Heard heard = Hear(Stream(Target(hooks, "anthropic")).body);
  EXPECT_EQ(heard.text, "my key is [KEY], yes");
  EXPECT_TRUE(heard.done);

  // At Anthropic's own door.
  const TestAnswer messages =
      TestClient(gateway_.http_address())
          .Post(
              "/v1/messages",
              R"({"model":"claude","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]})",
              {{"x-portolan-config", Target(hooks, "anthropic")}, {"anthropic-version", "2023-06-01"}});
  EXPECT_EQ(messages.status, 200);
  EXPECT_THAT(messages.body, Not(HasSubstr("ab12")));
  EXPECT_THAT(messages.body, HasSubstr("[KEY]"));
  EXPECT_THAT(messages.body, HasSubstr("message_stop"));
  const TestAnswer denied =
      TestClient(gateway_.http_address())
          .Post(
              "/v1/messages",
              R"({"model":"claude","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]})",
              {{"x-portolan-config",
                Target(
                    R"(,"output_guardrails":[{"default.contains":{"words":["ab12"],"operator":"none"},"deny":true}])",
                    "anthropic")},
               {"anthropic-version", "2023-06-01"}});
  EXPECT_THAT(denied.body, HasSubstr("hook_results"));
  EXPECT_THAT(denied.body.substr(0, denied.body.find("hook_results")), Not(HasSubstr("ab12")));
}

TEST_F(GuardedStreams, GrpcHearsTheSame) {
  const RouteCaller caller(gateway_);
  v1::ChatCompletionRequest request;
  request.set_model("m");
  request.add_messages()->set_role("user");
  request.mutable_messages(0)->mutable_content()->set_text("hi");
  const auto call = [&](const std::string& config, std::string* text, int* results) {
    grpc::ClientContext context;
    context.AddMetadata("x-portolan-config", config);
    const auto reader = caller.chat().StreamChatCompletion(&context, request);
    v1::ChatCompletionChunk chunk;
    while (reader->Read(&chunk)) {
      for (const auto& choice : chunk.choices()) *text += choice.delta().content();
      if (chunk.has_hook_results()) ++*results;
    }
    return reader->Finish();
  };
  Plays(EventsOf({"my sk-a", "b12!"}) + OpenAiFinish());
  std::string text;
  int results = 0;
  const grpc::Status good =
      call(Target(R"(,"output_mutators":[)" + std::string(kRedact) + "]"), &text, &results);
  EXPECT_TRUE(good.ok()) << good.error_message();
  EXPECT_EQ(text, "my [KEY]!");
  EXPECT_EQ(results, 1);

  Plays(EventsOf({"this is some text, and then sword", "fish"}) + OpenAiFinish());
  text.clear();
  const grpc::Status denied =
      call(Target(R"(,"output_guardrails":[)" + std::string(kDeny) + "]"), &text, &results);
  EXPECT_EQ(denied.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(text, Not(HasSubstr("sword")));
  EXPECT_THAT(denied.error_details(), HasSubstr("portolan.v1.HookResults"));
}

TEST_F(GuardedStreams, EchoHasThemToo) {
  const auto echo = [&](const std::string& said, const std::string& hooks) {
    return TestClient(gateway_.http_address())
        .Post("/v1/chat/completions",
              R"({"model":"m","stream":true,"messages":[{"role":"user","content":")" + said + R"("}]})",
              {{"x-portolan-config", R"({"provider":"echo")" + hooks + "}"}});
  };
  EXPECT_EQ(echo("swordfish", R"(,"output_guardrails":[)" + std::string(kDeny) + "]").status, 446);
  const TestAnswer changed = echo("a sk-ab12 b", R"(,"output_mutators":[)" + std::string(kRedact) + "]");
  EXPECT_EQ(changed.status, 200);
  EXPECT_THAT(Hear(changed.body).text, HasSubstr("a [KEY] b"));
  EXPECT_TRUE(Hear(changed.body).done);
}

// A provider that answers whole where a stream was asked for.
TEST_F(GuardedStreams, WhatIsMadeAStreamIsLookedAt) {
  answer_ = [](const SeenRequest&) {
    return RespondJson(
        200, R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,)"
             R"("message":{"role":"assistant","content":"a swordfish"},"finish_reason":"stop"}]})");
  };
  EXPECT_EQ(Stream(Target(R"(,"output_guardrails":[)" + std::string(kDeny) + "]")).status, 446);
}

}  // namespace
}  // namespace portolan::test
