// IBM watsonx.ai at the doors: tokens of IBM Cloud, who pays, and what is said in IBM's words. Answers of
// chats are those that the tests of IBM's SDK for Java have recorded (github.com/IBM/watsonx-ai-java-sdk,
// ChatServiceTest), requests what @ibm-cloud/watsonx-ai 1.7 sends, tokens and refusals those of
// cloud.ibm.com/apidocs/iam-identity-token-api.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "providers/catalog.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kAnswer[] = R"({
  "id": "chatcmpl-43962cc06e5346ccbd653a04a48e4b5b",
  "object": "chat.completion",
  "model_id": "ibm/granite-3-3-8b-instruct",
  "model": "ibm/granite-3-3-8b-instruct",
  "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello!!!"}, "finish_reason": "stop"}],
  "created": 1749288614,
  "model_version": "1.1.0",
  "created_at": "2025-06-07T09:30:15.122Z",
  "usage": {"completion_tokens": 37, "prompt_tokens": 66, "total_tokens": 103}
})";

// As the API reference has it: of the model's names IBM's alone, and of a tool call nothing but the call.
constexpr char kOldAnswer[] = R"({
  "id": "cmpl-15475d0dea9b4429a55843c77997f8a9",
  "model_id": "meta-llama/llama-3-8b-instruct",
  "created": 1689958352,
  "created_at": "2023-07-21T16:52:32.190Z",
  "choices": [{"index": 0, "message": {"role": "assistant", "tool_calls": [
    {"id": "chatcmpl-tool-ef093f0cbbff4c6a973aa0873f73fc99", "type": "function",
     "function": {"name": "get_current_weather", "arguments": "{\n  \"location\": \"Boston, MA\"\n}\n"}}]},
    "finish_reason": "stop"}],
  "usage": {"completion_tokens": 18, "prompt_tokens": 19, "total_tokens": 37}
})";

std::string Event(int id, const std::string& choices, const std::string& more = {}) {
  return "id: " + std::to_string(id) + "\nevent: message\ndata: " +
         R"({"id":"chatcmpl-cc34b5ea3120fa9e07b18c5125d66602","object":"chat.completion.chunk",)"
         R"("model_id":"ibm/granite-3-3-8b-instruct","model":"ibm/granite-3-3-8b-instruct","choices":[)" +
         choices +
         R"(],"created":1749764735,"model_version":"3.3.0","created_at":"2025-06-12T21:45:35.150Z")" + more +
         "}\n\n";
}

std::string Delta(const std::string& delta, const std::string& finish = "null") {
  return R"({"index":0,"finish_reason":)" + finish + R"(,"delta":)" + delta + "}";
}

constexpr char kUsage[] = R"(,"usage":{"completion_tokens":3,"prompt_tokens":38,"total_tokens":41})";

std::string TextStream() {
  return Event(1, Delta(R"({"role":"assistant","content":""})"),
               R"(,"system":{"warnings":[{"message":"This model is a Non-IBM Product …",)"
               R"("id":"disclaimer_warning"}]})") +
         Event(2, Delta(R"({"content":"C"})")) + Event(3, Delta(R"({"content":"iao"})")) +
         Event(4, Delta(R"({"content":""})", "\"stop\"")) + Event(5, "", kUsage);
}

std::string ToolStream() {
  const std::string call = R"({"tool_calls":[{"index":0,)";
  return Event(1, Delta(R"({"role":"assistant","content":""})")) +
         Event(2, Delta(call + R"("id":"chatcmpl-tool-af37","type":"function",)"
                               R"("function":{"name":"sum","arguments":""}}]})")) +
         Event(3, Delta(call + R"("function":{"name":"","arguments":"{\"firstNumber\": 2}"}}]})",
                        "\"tool_calls\"")) +
         Event(4, "", kUsage);
}

Script Streamed(const std::string& body) {
  return Respond(200, body, {{"Content-Type", "text/event-stream"}});
}

// The data of each event.
std::vector<std::string> DataOf(const std::string& body) {
  std::vector<std::string> all;
  for (size_t at = body.find("data: "); at != std::string::npos; at = body.find("data: ", at + 1)) {
    all.push_back(body.substr(at + 6, body.find('\n', at) - at - 6));
  }
  return all;
}

Json ErrorOf(const TestAnswer& answer) { return Json::parse(answer.body)["error"]; }

using Variables = std::map<std::string, std::string>;

class Lab {
 public:
  explicit Lab(FakeUpstream::Handler models, Variables variables = {{"WATSONX_PROJECT_ID", "p-1"}},
               FakeUpstream::Handler iam = {})
      : iam_(iam ? std::move(iam)
                 : [this](const SeenRequest&) {
                     return RespondJson(200, R"({"access_token":"eyJ.token)" + std::to_string(++given_) +
                                                 R"(.x","refresh_token":"not_supported","token_type":"Bearer",)"
                                                 R"("expires_in":3600,"expiration":1473188353,)"
                                                 R"("scope":"ibm openid"})");
                   }),
        models_(std::move(models)) {
    variables.try_emplace("WATSONX_API_KEY", "ibm+key/1");
    variables["WATSONX_AI_AUTH_URL"] = iam_.url();
    providers::Catalog catalog = providers::BuiltInCatalog();
    for (providers::Provider& provider : catalog.providers) {
      if (provider.name == "watsonx") provider.base_url = models_.url();
    }
    gateway_ = std::make_unique<GatewayFixture>(config::ServeOptions(), variables, catalog);
  }

  TestAnswer Post(const std::string& path, const Json& body, Headers headers = {}) const {
    headers.emplace_back("x-portolan-provider", "watsonx");
    return TestClient(gateway_->http_address()).Post(path, body.dump(), headers);
  }
  TestAnswer Chat(Json more = Json::object(), const Headers& headers = {}) const {
    more["model"] = "ibm/granite-3-3-8b-instruct";
    more["messages"] = Json::array({{{"role", "user"}, {"content", "hi"}}});
    return Post("/v1/chat/completions", more, headers);
  }

  std::vector<SeenRequest> iam() const { return iam_.requests(); }
  std::vector<SeenRequest> models() const { return models_.requests(); }
  Json sent() const { return Json::parse(models().back().body); }

 private:
  std::atomic<int> given_{0};
  FakeUpstream iam_;
  FakeUpstream models_;
  std::unique_ptr<GatewayFixture> gateway_;
};

Script Hello(const SeenRequest&) { return RespondJson(200, kAnswer); }

TEST(Watsonx, ChatsWithATokenThatTheKeyFetches) {
  const Lab lab(Hello);
  for (int i = 0; i < 2; ++i) {
    const TestAnswer answer = lab.Chat({{"temperature", 0}, {"max_completion_tokens", 5}});
    ASSERT_EQ(answer.status, 200) << answer.body;
    const Json body = Json::parse(answer.body);
    EXPECT_EQ(body["object"], "chat.completion");
    EXPECT_EQ(body["model"], "ibm/granite-3-3-8b-instruct");
    EXPECT_EQ(body["choices"][0]["message"]["content"], "Hello!!!");
    EXPECT_EQ(body["choices"][0]["finish_reason"], "stop");
    EXPECT_EQ(body["usage"]["total_tokens"], 103);
  }
  ASSERT_EQ(lab.iam().size(), 1u);
  const SeenRequest asked = lab.iam()[0];
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.target, "/identity/token");
  EXPECT_EQ(asked.Header("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(asked.Header("accept"), "application/json");
  EXPECT_EQ(asked.body,
            "grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey=ibm%2Bkey%2F1&response_type=cloud_iam");
  const SeenRequest seen = lab.models().back();
  EXPECT_EQ(seen.target, "/ml/v1/text/chat?version=2026-10-14");
  EXPECT_EQ(seen.Header("authorization"), "Bearer eyJ.token1.x");
  EXPECT_THAT(seen.raw_head, Not(HasSubstr("ibm+key")));
  EXPECT_EQ(lab.sent(), Json::parse(R"({"model_id":"ibm/granite-3-3-8b-instruct","project_id":"p-1",)"
                                    R"("messages":[{"role":"user","content":"hi"}],)"
                                    R"("temperature":0,"max_completion_tokens":5})"));
}

TEST(Watsonx, SaysWhatIsCalledOtherwise) {
  const Lab lab(Hello);
  const Json tools = Json::parse(R"([{"type":"function","function":{"name":"sum"}}])");
  TestAnswer answer = lab.Chat({{"tools", tools},
                                {"tool_choice", "required"},
                                {"stop", "END"},
                                {"parallel_tool_calls", true},
                                {"user", "u"},
                                {"time_limit", 1000}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(lab.sent()["tool_choice_option"], "required");
  EXPECT_FALSE(lab.sent().contains("tool_choice"));
  EXPECT_EQ(lab.sent()["stop"], Json({"END"}));
  EXPECT_EQ(lab.sent()["tools"], tools);
  EXPECT_EQ(lab.sent()["time_limit"], 1000);
  EXPECT_FALSE(lab.sent().contains("parallel_tool_calls"));
  EXPECT_FALSE(lab.sent().contains("user"));
  EXPECT_THAT(answer.Header("x-portolan-dropped"), HasSubstr("user"));
  const Json named = Json::parse(R"({"type":"function","function":{"name":"sum"}})");
  answer = lab.Chat({{"tools", tools}, {"tool_choice", named}, {"stop", {"A", "B"}}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(lab.sent()["tool_choice"], named);
  EXPECT_FALSE(lab.sent().contains("tool_choice_option"));
  EXPECT_EQ(lab.sent()["stop"], Json({"A", "B"}));
  // What cannot be left out without changing the answer.
  answer = lab.Chat({{"functions", Json::parse(R"([{"name":"f"}])")}});
  EXPECT_EQ(answer.status, 400) << answer.body;
  EXPECT_EQ(ErrorOf(answer)["code"], "unsupported_value");
}

TEST(Watsonx, WhoPaysIsAProjectOrASpace) {
  const auto payer = [](const Lab& lab, const Json& more, const Headers& headers) {
    const TestAnswer answer = lab.Chat(more, headers);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return lab.sent().value("project_id", "-") + " " + lab.sent().value("space_id", "-");
  };
  const Lab project(Hello);
  EXPECT_EQ(payer(project, Json::object(), {}), "p-1 -");
  EXPECT_EQ(payer(project, Json::object(), {{"x-portolan-watsonx-project-id", "p\"2"}}), "p\"2 -");
  EXPECT_EQ(payer(project, Json::object(), {{"x-portolan-watsonx-space-id", "s-2"}}), "- s-2");
  EXPECT_EQ(payer(project, {{"space_id", "s-3"}}, {}), "p-1 -");
  const Lab none(Hello, Variables{});
  EXPECT_EQ(payer(none, {{"space_id", "s-3"}}, {}), "- s-3");
  EXPECT_EQ(payer(none, {{"project_id", "p-3"}}, {}), "p-3 -");
  EXPECT_EQ(payer(none, Json::object(), {}), "- -");
  const Lab space(Hello, Variables{{"WATSONX_SPACE_ID", "s-1"}});
  EXPECT_EQ(payer(space, Json::object(), {}), "- s-1");
}

TEST(Watsonx, StreamsFromAPathOfTheirOwn) {
  const Lab lab([](const SeenRequest&) { return Streamed(TextStream()); });
  for (const bool usage : {false, true}) {
    Json more = {{"stream", true}};
    if (usage) more["stream_options"] = {{"include_usage", true}};
    const TestAnswer answer = lab.Chat(more);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(lab.models().back().target, "/ml/v1/text/chat_stream?version=2026-10-14");
    EXPECT_FALSE(lab.sent().contains("stream"));
    EXPECT_FALSE(lab.sent().contains("stream_options"));
    EXPECT_THAT(answer.body, Not(HasSubstr("event:")));
    std::vector<std::string> data = DataOf(answer.body);
    ASSERT_EQ(data.size(), usage ? 6u : 5u) << answer.body;
    EXPECT_EQ(data.back(), "[DONE]");
    data.pop_back();
    std::string text;
    for (const std::string& one : data) {
      const Json chunk = Json::parse(one);
      EXPECT_EQ(chunk["object"], "chat.completion.chunk");
      EXPECT_EQ(chunk["model"], "ibm/granite-3-3-8b-instruct");
      for (const Json& choice : chunk["choices"]) text += choice["delta"].value("content", "");
    }
    EXPECT_EQ(text, "Ciao");
    if (usage) EXPECT_EQ(Json::parse(data.back())["usage"]["total_tokens"], 41);
  }
}

TEST(Watsonx, CallsOfToolsGoOnWithoutANameOfNothing) {
  const Lab lab([](const SeenRequest&) { return Streamed(ToolStream()); });
  const TestAnswer answer = lab.Chat({{"stream", true}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::vector<std::string> data = DataOf(answer.body);
  ASSERT_EQ(data.size(), 4u) << answer.body;
  const Json begun = Json::parse(data[1])["choices"][0]["delta"]["tool_calls"][0]["function"];
  EXPECT_EQ(begun["name"], "sum");
  const Json rest = Json::parse(data[2])["choices"][0]["delta"]["tool_calls"][0]["function"];
  EXPECT_FALSE(rest.contains("name")) << rest;
  EXPECT_EQ(rest["arguments"], "{\"firstNumber\": 2}");
  EXPECT_EQ(Json::parse(data[2])["choices"][0]["finish_reason"], "tool_calls");
}

TEST(Watsonx, StreamsThatFailOrBreakOffAreErrors) {
  const std::string begun = Event(1, Delta(R"({"role":"assistant","content":"C"})"));
  for (const auto& [rest, code] : std::vector<std::pair<std::string, std::string>>{
           {"id: 2\nevent: error\ndata: "
            "{\"errors\":[{\"code\":\"downstream_request_failed\",\"message\":\"the "
            "model is gone\"}],\"trace\":\"t\",\"status_code\":500}\n\n",
            "downstream_request_failed"},
           {Event(2, Delta("{}", "\"error\"")), "upstream_error"},
           {"", "upstream_truncated"}}) {
    const Lab lab([&](const SeenRequest&) { return Streamed(begun + rest); });
    const TestAnswer answer = lab.Chat({{"stream", true}});
    EXPECT_THAT(answer.body, HasSubstr(code));
    EXPECT_THAT(answer.body, Not(HasSubstr("[DONE]")));
  }
}

TEST(Watsonx, AnswersOfOldAndReasonsOfItsOwn) {
  const Lab old([](const SeenRequest&) { return RespondJson(200, kOldAnswer); });
  const TestAnswer answer = old.Chat();
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json body = Json::parse(answer.body);
  EXPECT_EQ(body["object"], "chat.completion");
  EXPECT_EQ(body["model"], "meta-llama/llama-3-8b-instruct");
  EXPECT_EQ(body["choices"][0]["message"]["tool_calls"][0]["function"]["name"], "get_current_weather");
  const Lab late([](const SeenRequest&) {
    Json said = Json::parse(kAnswer);
    said["choices"][0]["finish_reason"] = "time_limit";
    return RespondJson(200, said.dump());
  });
  const Json choice = Json::parse(late.Chat().body)["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "length");
  EXPECT_EQ(choice["native_finish_reason"], "time_limit");
}

// Callers of other dialects, whose words become the hub's first.
TEST(Watsonx, AnswersAnthropicsCallers) {
  const Lab lab(Hello);
  const TestAnswer answer =
      lab.Post("/v1/messages", Json::parse(R"({"model":"ibm/granite-3-3-8b-instruct","max_tokens":9,)"
                                           R"("system":"s","messages":[{"role":"user","content":"hi"}]})"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Json::parse(answer.body)["content"][0]["text"], "Hello!!!");
  EXPECT_EQ(Json::parse(answer.body)["usage"]["input_tokens"], 66);
  EXPECT_EQ(lab.sent()["model_id"], "ibm/granite-3-3-8b-instruct");
  EXPECT_EQ(lab.sent()["project_id"], "p-1");
  EXPECT_EQ(lab.sent()["messages"][0]["role"], "system");
}

TEST(Watsonx, CompletesTextByItsChat) {
  const Lab lab(Hello);
  const TestAnswer answer = lab.Post("/v1/completions", {{"model", "ibm/granite"}, {"prompt", "once"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Json::parse(answer.body)["choices"][0]["text"], "Hello!!!");
  EXPECT_EQ(lab.models().back().target, "/ml/v1/text/chat?version=2026-10-14");
  EXPECT_EQ(lab.sent()["model_id"], "ibm/granite");
  EXPECT_EQ(lab.sent()["project_id"], "p-1");
}

// The answer's shape is that of @ibm-cloud/watsonx-ai's types.
TEST(Watsonx, Embeds) {
  const Lab lab([](const SeenRequest& request) {
    Json results = Json::array();
    const Json inputs = Json::parse(request.body)["inputs"];
    for (const Json& text : inputs) {
      results.push_back({{"embedding", {text.get<std::string>().size(), -0.006929283}}});
    }
    return RespondJson(200, Json{{"model_id", "ibm/slate-125m-english-rtrvr-v2"},
                                 {"results", results},
                                 {"created_at", "2024-02-21T17:32:28Z"},
                                 {"input_token_count", 10}}
                                .dump());
  });
  const TestAnswer answer = lab.Post("/v1/embeddings", {{"model", "ibm/slate-125m-english-rtrvr-v2"},
                                                        {"input", {"a", "bcd"}},
                                                        {"user", "u"},
                                                        {"parameters", {{"truncate_input_tokens", 128}}}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(lab.models().back().target, "/ml/v1/text/embeddings?version=2026-10-14");
  EXPECT_EQ(lab.sent(), Json::parse(R"({"model_id":"ibm/slate-125m-english-rtrvr-v2","inputs":["a","bcd"],)"
                                    R"("project_id":"p-1","parameters":{"truncate_input_tokens":128}})"));
  EXPECT_EQ(answer.Header("x-portolan-dropped"), "user");
  const Json body = Json::parse(answer.body);
  EXPECT_EQ(body["model"], "ibm/slate-125m-english-rtrvr-v2");
  ASSERT_EQ(body["data"].size(), 2u);
  EXPECT_EQ(body["data"][1]["embedding"], Json({3, -0.006929283}));
  EXPECT_EQ(body["usage"]["prompt_tokens"], 10);
  const TestAnswer refused = lab.Post("/v1/embeddings", {{"model", "m"}, {"input", "a"}, {"dimensions", 5}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(ErrorOf(refused)["param"], "dimensions");
}

TEST(Watsonx, ErrorsAreToldInItsWords) {
  const Lab lab([](const SeenRequest&) {
    return RespondJson(404,
                       R"({"errors":[{"code":"model_not_supported","message":"Model 'm' is not supported",)"
                       R"("more_info":"https://cloud.ibm.com/apidocs/watsonx-ai#text-chat"}],)"
                       R"("trace":"t","status_code":404})");
  });
  const TestAnswer answer = lab.Chat();
  EXPECT_EQ(answer.status, 404) << answer.body;
  EXPECT_EQ(ErrorOf(answer)["code"], "model_not_supported");
  EXPECT_EQ(ErrorOf(answer)["message"], "Model 'm' is not supported");
}

TEST(Watsonx, TokensThatAreRefusedAreFetchedAnew) {
  const Lab lab([](const SeenRequest& request) {
    if (request.Header("authorization") != "Bearer eyJ.token1.x") return Hello(request);
    return RespondJson(401, R"({"errors":[{"code":"authentication_token_expired","message":"Failed to )"
                            R"(authenticate the request due to an expired token"}],"trace":"t"})");
  });
  EXPECT_EQ(lab.Chat().status, 401);
  EXPECT_EQ(lab.Chat().status, 200);
  EXPECT_EQ(lab.iam().size(), 2u);
}

TEST(Watsonx, KeysThatAreRefusedAndTokensThatAreGiven) {
  const Lab refused(Hello, Variables{}, [](const SeenRequest&) {
    return RespondJson(400, R"({"context":{"requestId":"r"},"errorCode":"BXNIM0415E",)"
                            R"("errorMessage":"Provided API key could not be found."})");
  });
  const TestAnswer answer = refused.Chat();
  EXPECT_EQ(answer.status, 401) << answer.body;
  EXPECT_EQ(ErrorOf(answer)["code"], "token_refused");
  EXPECT_THAT(answer.body, HasSubstr("status 400, BXNIM0415E: Provided API key could not be found."));
  EXPECT_THAT(answer.body, Not(HasSubstr("ibm+key")));
  EXPECT_TRUE(refused.models().empty());
  // A token of IBM Cloud is a JWT, and goes as it is.
  const Lab given(Hello, Variables{{"WATSONX_API_KEY", "eyJhbGciOi.payload.signature"}});
  EXPECT_EQ(given.Chat().status, 200);
  EXPECT_EQ(given.models().back().Header("authorization"), "Bearer eyJhbGciOi.payload.signature");
  EXPECT_TRUE(given.iam().empty());
}

}  // namespace
}  // namespace portolan::test
