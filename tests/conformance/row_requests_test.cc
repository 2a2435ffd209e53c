// Requests with all that OpenAI's and Anthropic's callers say, on their way to providers that have a package
// of their own: what these are sent must be requests by the types of it, which row_schema checks. Here it is
// that they are sent, or refused for what they are.

#include <gtest/gtest.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/conformance/request_log.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::conformance {
namespace {

using nlohmann::json;

// Of one turn, of several with calls, and with media.
constexpr char kTools[] =
    R"("tools":[{"type":"function","function":{"name":"weather","description":"d","parameters":)"
    R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}])";
constexpr char kTurns[] =
    R"("messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Weather in Oslo and Rome?"},)"
    R"({"role":"assistant","content":null,"tool_calls":[{"id":"call_abcdefghijklmnop","type":"function","function":)"
    R"({"name":"weather","arguments":"{\"city\":\"Oslo\"}"}},{"id":"call_qrstuvwxyz","type":"function","function":)"
    R"({"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]},)"
    R"({"role":"tool","tool_call_id":"call_abcdefghijklmnop","content":"rain"},)"
    R"({"role":"tool","tool_call_id":"call_qrstuvwxyz","content":"sun"}])";

std::vector<std::pair<std::string, json>> ChatsOfOpenAi() {
  const auto with = [](const std::string& members) {
    return json::parse("{\"model\":\"m\"," + members + "}");
  };
  const std::string said = R"("messages":[{"role":"user","content":"a"}])";
  return {
      {"short", with(said)},
      {"streamed", with(said + R"(,"stream":true)")},
      {"sampling", with(said + R"(,"max_completion_tokens":9,"temperature":0.5,"top_p":0.9,"seed":4,"n":2,)"
                               R"("stop":["x","y"],"frequency_penalty":0.5,"presence_penalty":0.25)")},
      {"older", with(said + R"(,"max_tokens":9,"stop":["x"])")},
      {"tools", with(std::string(kTurns) + "," + kTools)},
      {"choice", with(said + "," + kTools + R"(,"tool_choice":"auto")")},
      {"one choice",
       with(said + "," + kTools + R"(,"tool_choice":{"type":"function","function":{"name":"weather"}})")},
      {"schema",
       with(said + R"(,"response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,)"
                   R"("schema":{"type":"object","properties":{}}}})")},
      {"json", with(said + R"(,"response_format":{"type":"json_object"})")},
      {"image",
       with(R"("messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url",)"
            R"("image_url":{"url":"data:image/png;base64,AAAA"}}]}])")},
  };
}

// Mistral refuses what it does not know: all of these must be gone, or be said as it says them.
std::vector<std::pair<std::string, json>> ForMistral() {
  const std::string said = R"("messages":[{"role":"user","name":"ann","content":"a"}])";
  const auto with = [](const std::string& members) {
    return json::parse("{\"model\":\"m\"," + members + "}");
  };
  return {
      {"members",
       with(said + R"(,"stream":true,"stream_options":{"include_usage":true},"store":true,"user":"u",)"
                   R"("logit_bias":{"1":2},"verbosity":"low","service_tier":"auto",)"
                   R"("safety_identifier":"i","prompt_cache_key":"k","prompt_cache_retention":"24h",)"
                   R"("metadata":{"a":"b"},"parallel_tool_calls":false,"reasoning_effort":"high",)"
                   R"("prediction":{"type":"content","content":"x"})")},
      {"required", with(said + "," + kTools + R"(,"tool_choice":"required")")},
      {"developer", with(R"("messages":[{"role":"developer","content":"d"},{"role":"user","content":"a"}])")},
      {"history",
       with(R"("messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b",)"
            R"("reasoning_content":"r","refusal":null,"annotations":[]},{"role":"user","content":"c"}])")},
      {"reasoning",
       with(
           R"("reasoning_effort":"high","messages":[{"role":"user","content":"a"},{"role":"assistant","content":)"
           R"("b","reasoning_content":"r"},{"role":"user","content":"c"},{"role":"assistant","content":null,)"
           R"("reasoning":"r","tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather",)"
           R"("arguments":"{}"}}]},{"role":"tool","tool_call_id":"call_1","content":"rain"}])")},
      {"media",
       with(
           R"("messages":[{"role":"user","content":[{"type":"file","file":{"file_data":)"
           R"("data:application/pdf;base64,AAAA","filename":"a.pdf"}},{"type":"file","file":{"file_id":"i"}},)"
           R"({"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]}])")},
      {"no parameters", with(said + R"(,"tools":[{"type":"function","function":{"name":"f"}}])")},
      {"prediction",
       with(said + R"(,"prediction":{"type":"content","content":[{"type":"text","text":"x"}]})")},
      {"tier", with(said + R"(,"service_tier":"priority")")},
  };
}

constexpr char kOfAnthropic[] =
    R"({"model":"m","max_tokens":20,"system":[{"type":"text","text":"Be brief."}],"temperature":0.5,"top_p":0.9,)"
    R"("stop_sequences":["x"],"metadata":{"user_id":"u"},"tools":[{"name":"weather","description":"d",)"
    R"("input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}],"tool_choice":{"type":"any"},)"
    R"("messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"base64",)"
    R"("media_type":"image/png","data":"AAAA"}}]},{"role":"assistant","content":[{"type":"thinking","thinking":"t",)"
    R"("signature":"s"},{"type":"text","text":"b"},{"type":"tool_use","id":"toolu_01A","name":"weather","input":)"
    R"({"city":"Oslo"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_01A","content":)"
    R"([{"type":"text","text":"rain"}]},{"type":"text","text":"and?"}]}]})";

class RowRequests : public testing::Test {
 protected:
  // The answer's status.
  int Send(const std::string& provider, const std::string& path, const json& request) {
    {
      const std::lock_guard lock(mutex_);
      seen_ = {};
    }
    test::TestClient client(gateway_.http_address());
    const test::TestAnswer answer =
        client.Post(path, request.dump(),
                    {{"x-portolan-provider", provider}, {"x-portolan-custom-host", upstream_.url() + "/v1"}});
    const std::lock_guard lock(mutex_);
    LogRowRequest(provider, seen_.target, seen_.body);
    return answer.status;
  }

  std::mutex mutex_;
  test::SeenRequest seen_;
  test::FakeUpstream upstream_{[this](const test::SeenRequest& request) {
    const std::lock_guard lock(mutex_);
    seen_ = request;
    if (request.target.ends_with("/embeddings")) {
      return test::RespondJson(200, R"({"object":"list","model":"m","data":[{"object":"embedding","index":0,)"
                                    R"("embedding":[0.5]}],"usage":{"prompt_tokens":1,"total_tokens":1}})");
    }
    if (request.target.ends_with("/rerank")) {
      return test::RespondJson(
          200, R"({"object":"rerank","model":"m","results":[{"index":0,"relevance_score":0.5}]})");
    }
    return test::RespondJson(
        200, R"({"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":)"
             R"(0,"text":"a","message":{"role":"assistant","content":"a"},"finish_reason":)"
             R"("stop"}]})");
  }};
  const test::GatewayFixture gateway_;
};

TEST_F(RowRequests, OfOpenAisCallersAreSent) {
  for (const char* provider : {"mistral-ai", "together-ai"}) {
    for (const auto& [name, request] : ChatsOfOpenAi()) {
      EXPECT_EQ(Send(provider, "/v1/chat/completions", request), 200) << provider << " " << name;
    }
    EXPECT_EQ(Send(provider, "/v1/embeddings", {{"model", "m"}, {"input", {"a"}}}), 200) << provider;
  }
  for (const auto& [name, request] : ForMistral()) {
    EXPECT_EQ(Send("mistral-ai", "/v1/chat/completions", request), 200) << name;
  }
  EXPECT_EQ(Send("mistral-ai", "/v1/embeddings",
                 {{"model", "m"}, {"input", "a"}, {"dimensions", 8}, {"encoding_format", "float"}}),
            200);
  EXPECT_EQ(Send("together-ai", "/v1/completions",
                 {{"model", "m"}, {"prompt", "a"}, {"max_tokens", 5}, {"stop", {"x"}}, {"seed", 1}}),
            200);
  EXPECT_EQ(Send("together-ai", "/v1/rerank",
                 {{"model", "m"}, {"query", "q"}, {"documents", {"a", "b"}}, {"top_n", 1}}),
            200);
}

TEST_F(RowRequests, OfAnthropicsCallersAreSent) {
  for (const char* provider : {"mistral-ai", "together-ai"}) {
    EXPECT_EQ(Send(provider, "/v1/messages", json::parse(kOfAnthropic)), 200) << provider;
  }
}

// Text that has no endpoint there is said by chat.
TEST_F(RowRequests, OfTextGoToMistralsChat) {
  EXPECT_EQ(Send("mistral-ai", "/v1/completions",
                 {{"model", "m"}, {"prompt", "a"}, {"max_tokens", 5}, {"seed", 1}, {"user", "u"}}),
            200);
}

TEST_F(RowRequests, OfTextToFillInGoToMistralsFim) {
  EXPECT_EQ(
      Send("mistral-ai", "/v1/completions",
           {{"model", "m"}, {"prompt", "a"}, {"suffix", "b"}, {"max_tokens", 5}, {"seed", 1}, {"stop", "x"}}),
      200);
}

}  // namespace
}  // namespace portolan::conformance
