// Answers that are not of the form their label says or the call asked for: SDKs look at the body, and so does
// the gateway. By REST and gRPC, relayed and translated.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/integration/support/logged_gateway.h"
#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kOpenAiStream = OpenAiDelta(R"({"role":"assistant","content":""})") +
                                  OpenAiDelta(R"({"content":"Hello"})") +
                                  OpenAiDelta(R"({"content":" you"})") + OpenAiFinish();
const std::string kAnthropicStream =
    AnthropicStart() +
    AnthropicEvent("content_block_start", R"(,"index":0,"content_block":{"type":"text","text":""})") +
    AnthropicEvent("content_block_delta", R"(,"index":0,"delta":{"type":"text_delta","text":"Hello you"})") +
    AnthropicEnd();
constexpr char kOpenAiWhole[] =
    R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello you"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})";
constexpr char kAnthropicWhole[] =
    R"({"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hello you"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":2}})";
const std::string kMark = "\xEF\xBB\xBF";

// What servers were seen to call their answers; empty: nothing.
const std::vector<std::string> kLabels = {"text/event-stream",   "",
                                          "application/json",    "text/plain; charset=utf-8",
                                          "text/html",           "application/octet-stream",
                                          "Application/X-NDJSON"};

Script Labelled(const std::string& label, const std::string& body) {
  Headers headers;
  if (!label.empty()) headers.push_back({"Content-Type", label});
  return Respond(200, body, headers);
}

class GatewayReshape : public ::testing::Test {
 protected:
  RouteAnswer Answer(const Script& script, const std::string& provider, Door door, bool stream) {
    const FakeUpstream upstream([&](const SeenRequest&) { return script; });
    RouteCall call{.door = door, .stream = stream};
    call.headers = {{"x-portolan-custom-host", upstream.url() + "/v1"}, {"x-portolan-provider", provider}};
    return caller_.Call(call);
  }

  GatewayFixture gateway_;
  RouteCaller caller_{gateway_};
};

TEST_F(GatewayReshape, AStreamIsAStreamWhateverItsLabel) {
  for (const std::string& label : kLabels) {
    for (const Door door : {Door::kRest, Door::kGrpc}) {
      for (const std::string& mark : {std::string(), kMark, std::string("\r\n\n"), std::string(": hi\n\n")}) {
        const RouteAnswer relayed = Answer(Labelled(label, mark + kOpenAiStream), "openai", door, true);
        EXPECT_EQ(relayed.text, "Hello you") << label << relayed.body << relayed.message;
        EXPECT_FALSE(relayed.broke);
        const RouteAnswer translated =
            Answer(Labelled(label, mark + kAnthropicStream), "anthropic", door, true);
        EXPECT_EQ(translated.text, "Hello you") << label << translated.body << translated.message;
        if (door == Door::kRest) {
          EXPECT_TRUE(relayed.done && translated.done);
        }
      }
    }
  }
}

TEST_F(GatewayReshape, AWholeAnswerBecomesAStreamWhereOneWasAskedFor) {
  for (const std::string& label : kLabels) {
    for (const Door door : {Door::kRest, Door::kGrpc}) {
      for (const std::string& body :
           {std::string(kOpenAiWhole), kMark + kOpenAiWhole, "\n " + std::string(kOpenAiWhole)}) {
        const RouteAnswer relayed = Answer(Labelled(label, body), "openai", door, true);
        EXPECT_EQ(relayed.status, 200) << label << relayed.message;
        EXPECT_EQ(relayed.text, "Hello you") << label << relayed.body << relayed.message;
        if (door == Door::kRest) {
          EXPECT_TRUE(relayed.done);
        }
        if (door == Door::kRest) {
          EXPECT_THAT(relayed.Header("content-type"), HasSubstr("text/event-stream"));
        }
      }
      const RouteAnswer translated = Answer(Labelled(label, kAnthropicWhole), "anthropic", door, true);
      EXPECT_EQ(translated.text, "Hello you") << label << translated.message;
    }
  }
}

TEST_F(GatewayReshape, AStreamIsPutTogetherWhereOnePieceWasAskedFor) {
  for (const std::string& label : kLabels) {
    for (const Door door : {Door::kRest, Door::kGrpc}) {
      const RouteAnswer relayed = Answer(Labelled(label, kOpenAiStream), "openai", door, false);
      EXPECT_EQ(relayed.status, 200) << label << relayed.message;
      EXPECT_EQ(relayed.text, "Hello you") << label;
      const RouteAnswer translated = Answer(Labelled(label, kAnthropicStream), "anthropic", door, false);
      EXPECT_EQ(translated.text, "Hello you") << label << translated.message;
      if (door == Door::kRest) {
        EXPECT_THAT(relayed.body, HasSubstr(R"("object":"chat.completion",)"));
        const auto usage = nlohmann::json::parse(translated.body)["usage"];
        EXPECT_EQ(usage["completion_tokens"], 2) << translated.body;
      }
    }
  }
}

TEST_F(GatewayReshape, HalfOfWhatItShouldBeIsAnErrorWithAStatus) {
  const std::string half = kOpenAiStream.substr(0, kOpenAiStream.find("finish_reason\":\"stop"));
  const std::string error = "data: {\"error\":{\"message\":\"boom\",\"code\":\"x\"}}\n\n";
  for (const Door door : {Door::kRest, Door::kGrpc}) {
    for (const std::string& body : {half, error, OpenAiDelta(R"({"content":"x"})") + error,
                                    std::string("data: [DONE]\n\n"), std::string("data: not JSON\n\n")}) {
      const RouteAnswer whole = Answer(Labelled("text/event-stream", body), "openai", door, false);
      EXPECT_EQ(whole.status, 502) << body;
      EXPECT_NE(whole.rpc == grpc::OK, door == Door::kGrpc) << body;
    }
    for (const std::string body :
         {R"({"id":"c"})", "{}", "[]", "{\"choices\":[", "<html>no</html>", "no", ""}) {
      const RouteAnswer stream = Answer(Labelled("application/json", body), "openai", door, true);
      EXPECT_EQ(stream.status, 502) << body;
      EXPECT_EQ(stream.code, "upstream_invalid_answer") << body;
      EXPECT_FALSE(stream.broke) << body;
    }
  }
}

TEST_F(GatewayReshape, TheWordsOfAnUpstreamThatSaysSomethingElseAreKept) {
  const RouteAnswer answer =
      Answer(Labelled("text/plain", "the model is being loaded"), "openai", Door::kRest, true);
  EXPECT_THAT(answer.message, HasSubstr("the model is being loaded"));
}

TEST(GatewayReshapeLog, NamesWhatWasMadeIntoTheOtherKind) {
  const FakeUpstream upstream([](const SeenRequest& request) {
    const bool anthropic = request.target.ends_with("/messages");
    if (request.Header("x-client-request-id") == "stream")
      return Labelled("", anthropic ? kAnthropicStream : kOpenAiStream);
    return Labelled("", anthropic ? kAnthropicWhole : kOpenAiWhole);
  });
  LoggedGateway gateway;
  TestClient client(gateway.http_address());
  const auto call = [&](const std::string& provider, bool wants_stream, const std::string& gets) {
    const std::string id = provider + (wants_stream ? "-stream-" : "-whole-") + gets;
    const Headers headers = {{"x-portolan-custom-host", upstream.url() + "/v1"},
                             {"x-portolan-provider", provider},
                             {"x-client-request-id", gets},
                             {"x-request-id", id}};
    EXPECT_EQ(client.Post("/v1/chat/completions", RestBody({.stream = wants_stream}), headers).status, 200)
        << id;
  };
  for (const char* provider : {"openai", "anthropic"}) {
    for (const bool wants_stream : {false, true}) {
      for (const char* gets : {"whole", "stream"}) call(provider, wants_stream, gets);
    }
  }
  const std::string log = gateway.End();
  for (const std::string provider : {"openai", "anthropic"}) {
    EXPECT_THAT(LineOfCall(log, provider + "-stream-whole"), HasSubstr(R"("reshaped":"stream")"));
    EXPECT_THAT(LineOfCall(log, provider + "-whole-stream"), HasSubstr(R"("reshaped":"whole")"));
    for (const char* same : {"-stream-stream", "-whole-whole"}) {
      const std::string line = LineOfCall(log, provider + same);
      EXPECT_THAT(line, HasSubstr(R"("status":200)"));
      EXPECT_THAT(line, Not(HasSubstr("reshaped")));
    }
  }
}

// What a relayed answer is made of leaves as it came but for the mark.
TEST_F(GatewayReshape, AByteOrderMarkBeforeAnAnswerIsSkipped) {
  const RouteAnswer whole =
      Answer(Labelled("application/json", kMark + kOpenAiWhole), "openai", Door::kRest, false);
  EXPECT_EQ(whole.body, kOpenAiWhole);
  EXPECT_EQ(Answer(Labelled("application/json", kMark + kOpenAiWhole), "openai", Door::kGrpc, false).text,
            "Hello you");
  EXPECT_EQ(
      Answer(Labelled("application/json", kMark + kAnthropicWhole), "anthropic", Door::kRest, false).text,
      "Hello you");
  const std::string error =
      R"({"error":{"message":"no such model","type":"invalid_request_error","code":"c"}})";
  const RouteAnswer refused = Answer(Respond(404, kMark + error, {{"Content-Type", "application/json"}}),
                                     "openai", Door::kRest, false);
  EXPECT_EQ(refused.status, 404);
  EXPECT_EQ(refused.body, error);
}

}  // namespace
}  // namespace portolan::test
