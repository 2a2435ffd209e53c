// Text completions where the provider has chat alone, at both doors. The shapes of what is asked and answered
// are those of the OpenAI API reference ("Completions", "The completion object", "The completion chunk
// object") on the caller's side; on the provider's those of its own API, as in its own tests.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "portolan/v1/completion_service.grpc.pb.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;

std::string Sse(const std::vector<std::string>& data) {
  std::string text;
  for (const std::string& each : data) text += "data: " + each + "\n\n";
  return text;
}

// How a provider says "Once" and " upon", that it stopped for want of tokens, and 3 and 2 tokens.
struct Host {
  std::string provider;
  std::string target;              // as called
  std::string stream_target = {};  // empty: the same
  Json request;                    // to kRequest
  std::string answer;
  std::string stream;
};

constexpr char kRequest[] =
    R"({"model":"m-1","prompt":"Tell","max_tokens":9,"temperature":0.5,"stop":["END"],"best_of":1,"echo":false})";
constexpr char kStreamed[] =
    R"({"model":"m-1","prompt":["Tell"],"max_tokens":9,"temperature":0.5,"stop":"END","stream":true,)"
    R"("stream_options":{"include_usage":true}})";

Host Groq() {
  const std::string head =
      R"({"id":"c-1","object":"chat.completion.chunk","created":7,"model":"m-1","choices":[)";
  return {
      .provider = "groq",
      .target = "/chat/completions",
      .request = Json::parse(
          R"({"model":"m-1","messages":[{"role":"user","content":"Tell"}],"max_tokens":9,"temperature":0.5,)"
          R"("stop":["END"]})"),
      .answer = R"({"id":"c-1","object":"chat.completion","created":7,"model":"m-1","choices":[{"index":0,)"
                R"("message":{"role":"assistant","content":"Once upon"},"finish_reason":"length"}],)"
                R"("usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})",
      .stream =
          Sse({head + R"({"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})",
               head + R"({"index":0,"delta":{"content":"Once"},"finish_reason":null}]})",
               head + R"({"index":0,"delta":{"content":" upon"},"finish_reason":null}]})",
               head + R"({"index":0,"delta":{},"finish_reason":"length"}]})",
               head + R"(],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})", "[DONE]"})};
}

Host Anthropic() {
  return {
      .provider = "anthropic",
      .target = "/messages",
      .request = Json::parse(
          R"({"model":"m-1","messages":[{"role":"user","content":"Tell"}],"max_tokens":9,"temperature":0.5,)"
          R"("stop_sequences":["END"]})"),
      .answer =
          R"({"id":"c-1","type":"message","role":"assistant","model":"m-1","content":[{"type":"text",)"
          R"("text":"Once upon"}],"stop_reason":"max_tokens","usage":{"input_tokens":3,"output_tokens":2}})",
      .stream =
          "event: message_start\n" +
          Sse({R"({"type":"message_start","message":{"id":"c-1","type":"message","role":"assistant",)"
               R"("model":"m-1","content":[],"usage":{"input_tokens":3,"output_tokens":1}}})",
               R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})",
               R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Once"}})",
               R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" upon"}})",
               R"({"type":"content_block_stop","index":0})",
               R"({"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":2}})",
               R"({"type":"message_stop"})"})};
}

Host Google() {
  const std::string counts =
      R"("usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5},"responseId":"c-1",)"
      R"("modelVersion":"m-1"})";
  return {
      .provider = "google",
      .target = "/v1beta/models/m-1:generateContent",
      .stream_target = "/v1beta/models/m-1:streamGenerateContent?alt=sse",
      .request = Json::parse(
          R"({"contents":[{"role":"user","parts":[{"text":"Tell"}]}],"generationConfig":{"maxOutputTokens":9,)"
          R"("temperature":0.5,"stopSequences":["END"]}})"),
      .answer = R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"Once upon"}]},)"
                R"("finishReason":"MAX_TOKENS"}],)" +
                counts,
      .stream = Sse(
          {R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"Once"}]}}],)" + counts,
           R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":" upon"}]},)"
           R"("finishReason":"MAX_TOKENS"}],)" +
               counts})};
}

Host Cohere() {
  return {
      .provider = "cohere",
      .target = "/v2/chat",
      .request = Json::parse(
          R"({"model":"m-1","messages":[{"role":"user","content":"Tell"}],"max_tokens":9,"temperature":0.5,)"
          R"("stop_sequences":["END"],"stream":false})"),
      .answer =
          R"({"id":"c-1","message":{"role":"assistant","content":[{"type":"text","text":"Once upon"}]},)"
          R"("finish_reason":"MAX_TOKENS","usage":{"tokens":{"input_tokens":3,"output_tokens":2}}})",
      .stream = Sse(
          {R"({"type":"message-start","id":"c-1","delta":{"message":{"role":"assistant","content":[]}}})",
           R"({"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}})",
           R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Once"}}}})",
           R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":" upon"}}}})",
           R"({"type":"content-end","index":0})",
           R"({"type":"message-end","delta":{"finish_reason":"MAX_TOKENS","usage":{"tokens":{"input_tokens":3,)"
           R"("output_tokens":2}}}})",
           "[DONE]"})};
}

std::vector<Host> Hosts() { return {Groq(), Anthropic(), Google(), Cohere()}; }

// What an OpenAI SDK makes of a stream of text completions: each chunk has one form, and so has the whole.
struct Streamed {
  std::string text;
  std::vector<std::string> reasons;
  Json usage;
  bool done = false;
};

Streamed ReadStream(const std::string& body) {
  Streamed out;
  for (size_t at = 0; at < body.size();) {
    const size_t end = body.find("\n\n", at);
    const std::string event = body.substr(at, end - at);
    at = end == std::string::npos ? body.size() : end + 2;
    if (event.starts_with(":")) continue;
    EXPECT_TRUE(event.starts_with("data: ")) << event;
    EXPECT_FALSE(out.done) << "after the end: " << event;
    if (event == "data: [DONE]") {
      out.done = true;
      continue;
    }
    const Json chunk = Json::parse(event.substr(6));
    EXPECT_EQ(chunk["object"], "text_completion");
    EXPECT_EQ(chunk["id"], "c-1");
    EXPECT_EQ(chunk["model"], "m-1");
    EXPECT_TRUE(chunk["created"].is_number_integer()) << event;
    EXPECT_FALSE(chunk["choices"].empty() && !chunk.contains("usage")) << event;
    for (const Json& choice : chunk["choices"]) {
      EXPECT_EQ(choice["index"], 0);
      EXPECT_TRUE(choice["logprobs"].is_null());
      out.text += choice["text"].get<std::string>();
      if (!choice["finish_reason"].is_null()) out.reasons.push_back(choice["finish_reason"]);
    }
    if (chunk.contains("usage") && !chunk["usage"].is_null()) out.usage = chunk["usage"];
  }
  return out;
}

class TextByChat : public ::testing::Test {
 protected:
  TextByChat() : upstream_([this](const SeenRequest&) { return script_; }) {}

  Headers To(const std::string& provider) const {
    return {{"x-portolan-provider", provider},
            {"x-portolan-custom-host", upstream_.url()},
            {"authorization", "Bearer key"}};
  }
  TestAnswer Post(const std::string& provider, const std::string& body) const {
    return TestClient(gateway_.http_address()).Post("/v1/completions", body, To(provider));
  }
  std::unique_ptr<v1::CompletionService::Stub> Stub() const {
    return v1::CompletionService::NewStub(
        grpc::CreateChannel(gateway_.grpc_address(), grpc::InsecureChannelCredentials()));
  }
  void AddHeaders(const std::string& provider, grpc::ClientContext* context) const {
    for (const auto& [name, value] : To(provider)) context->AddMetadata(name, value);
  }
  void AnswerWithStream(const std::string& stream) {
    script_ = Respond(200, stream, {{"Content-Type", "text/event-stream"}});
  }
  static v1::CompletionRequest Request() {
    v1::CompletionRequest request;
    request.set_model("m-1");
    request.mutable_prompt()->set_text("Tell");
    request.set_max_tokens(9);
    request.set_temperature(0.5);
    request.mutable_stop()->mutable_sequences()->add_items("END");
    return request;
  }

  Script script_ = RespondJson(200, "{}");
  FakeUpstream upstream_;
  const GatewayFixture gateway_;
};

TEST_F(TextByChat, AnswersAreTexts) {
  for (const Host& host : Hosts()) {
    SCOPED_TRACE(host.provider);
    script_ = RespondJson(200, host.answer);
    const TestAnswer answer = Post(host.provider, kRequest);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.Header("x-portolan-dropped"), "");
    const SeenRequest seen = upstream_.requests().back();
    EXPECT_TRUE(seen.target.ends_with(host.target)) << seen.target;
    EXPECT_EQ(Json::parse(seen.body), host.request);
    const Json said = Json::parse(answer.body);
    EXPECT_EQ(said["object"], "text_completion");
    EXPECT_EQ(said["id"], "c-1");
    EXPECT_EQ(said["model"], "m-1");
    EXPECT_TRUE(said["created"].is_number_integer());
    EXPECT_EQ(said["choices"],
              Json::parse(R"([{"text":"Once upon","index":0,"logprobs":null,"finish_reason":"length"}])"));
    EXPECT_EQ(said["usage"]["prompt_tokens"], 3);
    EXPECT_EQ(said["usage"]["completion_tokens"], 2);
    EXPECT_EQ(said["usage"]["total_tokens"], 5);

    grpc::ClientContext context;
    AddHeaders(host.provider, &context);
    v1::Completion completion;
    const grpc::Status status = Stub()->CreateCompletion(&context, Request(), &completion);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(Json::parse(upstream_.requests().back().body), host.request);
    ASSERT_EQ(completion.choices_size(), 1);
    EXPECT_EQ(completion.choices(0).text(), "Once upon");
    EXPECT_EQ(completion.choices(0).finish_reason(), "length");
    EXPECT_EQ(completion.usage().total_tokens(), 5);
  }
}

TEST_F(TextByChat, StreamsAreTexts) {
  for (const Host& host : Hosts()) {
    for (const size_t size : {size_t{1}, size_t{7}, size_t{100'000}}) {
      SCOPED_TRACE(host.provider + " in pieces of " + std::to_string(size));
      AnswerWithStream(host.stream);
      if (size < host.stream.size()) {
        script_ = Script().Split(script_.steps()[0].bytes, size);
      }
      const TestAnswer answer = Post(host.provider, kStreamed);
      ASSERT_EQ(answer.status, 200) << answer.body;
      EXPECT_TRUE(answer.complete);
      EXPECT_TRUE(upstream_.requests().back().target.ends_with(
          host.stream_target.empty() ? host.target : host.stream_target));
      const Streamed said = ReadStream(answer.body);
      EXPECT_EQ(said.text, "Once upon");
      EXPECT_EQ(said.reasons, std::vector<std::string>{"length"});
      EXPECT_TRUE(said.done);
      ASSERT_TRUE(said.usage.is_object());
      EXPECT_EQ(said.usage["prompt_tokens"], 3);
      EXPECT_EQ(said.usage["completion_tokens"], 2);
    }

    grpc::ClientContext context;
    AddHeaders(host.provider, &context);
    const auto reader = Stub()->StreamCompletion(&context, Request());
    std::string text;
    std::string reason;
    for (v1::Completion chunk; reader->Read(&chunk);) {
      for (const v1::CompletionChoice& choice : chunk.choices()) {
        text += choice.text();
        reason += choice.finish_reason();
      }
      EXPECT_FALSE(chunk.has_usage());
    }
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(text, "Once upon");
    EXPECT_EQ(reason, "length");
  }
}

// Of a stream the caller sees the tokens only if asked for.
TEST_F(TextByChat, UsageIsTheCallersToAskFor) {
  for (const Host& host : Hosts()) {
    SCOPED_TRACE(host.provider);
    AnswerWithStream(host.stream);
    const TestAnswer answer = Post(host.provider, R"({"model":"m-1","prompt":"Tell","stream":true})");
    ASSERT_EQ(answer.status, 200) << answer.body;
    const Streamed said = ReadStream(answer.body);
    EXPECT_EQ(said.text, "Once upon");
    EXPECT_TRUE(said.usage.is_null());
    EXPECT_TRUE(said.done);
  }
}

TEST_F(TextByChat, WhatChatCannotSayIsRefusedByItsPath) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"("prompt":["a","b"])", "prompt[1]"},
      {R"("prompt":[1,2])", "prompt"},
      {R"("prompt":[[1,2]])", "prompt"},
      {R"("prompt":"")", "prompt"},
      {R"("prompt":null)", "prompt"},
      {R"("n":1)", "prompt"},
      {R"("prompt":"a","suffix":"b")", "suffix"},
      {R"("prompt":"a","echo":true)", "echo"},
      {R"("prompt":"a","logprobs":2)", "logprobs"},
      {R"("prompt":"a","logprobs":0)", "logprobs"}};
  for (const Host& host : Hosts()) {
    for (const auto& [members, path] : cases) {
      SCOPED_TRACE(host.provider + " " + members);
      const TestAnswer answer = Post(host.provider, R"({"model":"m-1",)" + members + "}");
      EXPECT_EQ(answer.status, 400) << answer.body;
      EXPECT_EQ(Json::parse(answer.body)["error"]["param"], path) << answer.body;
    }
  }
  EXPECT_TRUE(upstream_.requests().empty());
}

TEST_F(TextByChat, WhatIsLostIsNamed) {
  for (const Host& host : Hosts()) {
    SCOPED_TRACE(host.provider);
    script_ = RespondJson(200, host.answer);
    const TestAnswer answer =
        Post(host.provider,
             R"({"model":"m-1","prompt":"Tell","best_of":3,"messages":[{}],"suffix":"","logprobs":null})");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.Header("x-portolan-dropped"), "best_of, messages");
    EXPECT_FALSE(Json::parse(upstream_.requests().back().body).contains("best_of"));
  }
  // Members that the provider knows by name pass.
  script_ = RespondJson(200, Groq().answer);
  ASSERT_EQ(Post("groq", R"({"model":"m-1","prompt":"Tell","seed":4,"user":"u","novel":{"a":[1]}})").status,
            200);
  EXPECT_EQ(Json::parse(upstream_.requests().back().body),
            Json::parse(R"({"model":"m-1","messages":[{"role":"user","content":"Tell"}],"seed":4,"user":"u",)"
                        R"("novel":{"a":[1]}})"));
}

TEST_F(TextByChat, SeveralAnswersKeepTheirPlaces) {
  script_ = RespondJson(
      200,
      R"({"id":"c-1","object":"chat.completion","created":7,"model":"m-1","choices":[)"
      R"({"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"},)"
      R"({"index":1,"message":{"role":"assistant","content":null,"refusal":"no"},"finish_reason":"eos"}]})");
  const TestAnswer answer = Post("302ai", R"({"model":"m-1","prompt":"Tell","n":2,"best_of":2})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Header("x-portolan-dropped"), "");
  EXPECT_EQ(Json::parse(upstream_.requests().back().body)["n"], 2);
  EXPECT_EQ(Json::parse(answer.body)["choices"],
            Json::parse(R"([{"text":"a","index":0,"logprobs":null,"finish_reason":"stop"},)"
                        R"({"text":"no","index":1,"logprobs":null,"finish_reason":"stop"}])"));
}

TEST_F(TextByChat, ReasonsThatTextHasNotStayAsTheyAre) {
  const std::pair<const char*, const char*> cases[] = {{R"("tool_calls")", R"("stop")"},
                                                       {R"("model_length")", R"("length")"},
                                                       {R"("error")", R"("error")"},
                                                       {"null", "null"}};
  for (const auto& [reason, expected] : cases) {
    script_ = RespondJson(
        200, std::string(R"({"id":"c","created":7,"model":"m-1","choices":[{"index":0,"message":)") +
                 R"({"role":"assistant","content":"a"},"finish_reason":)" + reason + "}]}");
    EXPECT_EQ(Json::parse(Post("groq", kRequest).body)["choices"][0]["finish_reason"], Json::parse(expected));
  }
  script_ = RespondJson(200, R"({"id":"c","created":7,"model":"m-1","choices":[{"index":0}]})");
  EXPECT_EQ(Post("groq", kRequest).status, 502);
}

// Clients go through `choices` of every chunk.
TEST_F(TextByChat, AChunkOfUsageAloneHasAnEmptyListOfChoices) {
  AnswerWithStream(Sse(
      {R"({"id":"c","created":7,"model":"m-1","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]})",
       R"({"id":"c","created":7,"model":"m-1","choices":[{"index":0,"delta":{"role":"assistant"}}],)"
       R"("usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}})",
       "[DONE]"}));
  const TestAnswer answer = Post("groq", kStreamed);
  EXPECT_THAT(answer.body, testing::HasSubstr(R"("choices":[])")) << answer.body;
}

TEST_F(TextByChat, WhatSaysNothingGoesNowhereAndIsNotNamed) {
  script_ = RespondJson(200, Groq().answer);
  const TestAnswer answer = Post(
      "groq",
      R"({"model":"m-1","prompt":"Tell","suffix":null,"logprobs":null,"tools":null,"messages":[],"top_k":null})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Header("x-portolan-dropped"), "");
  EXPECT_EQ(Json::parse(upstream_.requests().back().body),
            Json::parse(R"({"model":"m-1","messages":[{"role":"user","content":"Tell"}]})"));
}

TEST_F(TextByChat, ErrorsAreTold) {
  script_ = RespondJson(429, R"({"error":{"message":"slow down","type":"rate_limit","code":"busy"}})");
  TestAnswer answer = Post("groq", kRequest);
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(Json::parse(answer.body)["error"]["message"], "slow down");
  // With a good status.
  script_ = RespondJson(200, R"({"error":{"message":"none left","type":"server_error","code":503}})");
  answer = Post("groq", kRequest);
  EXPECT_EQ(answer.status, 503) << answer.body;
  EXPECT_EQ(Json::parse(answer.body)["error"]["message"], "none left");
  script_ = RespondJson(200, R"({"id":"c-1","choices":[]})");
  EXPECT_EQ(Post("groq", kRequest).status, 502);
}

TEST_F(TextByChat, StreamsThatBreakAreNoGoodOnes) {
  const std::string begun =
      Sse({R"({"id":"c-1","model":"m-1","choices":[{"index":0,"delta":{"content":"Once"}}]})"});
  AnswerWithStream(begun +
                   Sse({R"({"error":{"message":"out of memory","type":"server_error","code":500}})"}));
  TestAnswer answer = Post("groq", kStreamed);
  EXPECT_THAT(answer.body, testing::HasSubstr(R"("text":"Once")"));
  EXPECT_THAT(answer.body, testing::HasSubstr("out of memory"));
  EXPECT_THAT(answer.body, testing::Not(testing::HasSubstr("[DONE]")));
  AnswerWithStream(begun);
  answer = Post("groq", kStreamed);
  EXPECT_THAT(answer.body, testing::HasSubstr("\"error\""));
  EXPECT_THAT(answer.body, testing::Not(testing::HasSubstr("[DONE]")));
}

// An answer in one piece where a stream was asked for, and the other way round.
TEST_F(TextByChat, AnswersInTheOtherFormAreReshaped) {
  for (const Host& host : Hosts()) {
    SCOPED_TRACE(host.provider);
    script_ = RespondJson(200, host.answer);
    const TestAnswer streamed = Post(host.provider, kStreamed);
    ASSERT_EQ(streamed.status, 200) << streamed.body;
    const Streamed said = ReadStream(streamed.body);
    EXPECT_EQ(said.text, "Once upon");
    EXPECT_EQ(said.reasons, std::vector<std::string>{"length"});
    EXPECT_TRUE(said.done);
    AnswerWithStream(host.stream);
    const TestAnswer whole = Post(host.provider, kRequest);
    ASSERT_EQ(whole.status, 200) << whole.body;
    EXPECT_EQ(Json::parse(whole.body)["choices"][0]["text"], "Once upon");
    EXPECT_EQ(Json::parse(whole.body)["usage"]["total_tokens"], 5);
  }
}

// Rules of a row that are for its chat hold for a text that is asked by it.
TEST_F(TextByChat, RowsHaveTheirSay) {
  script_ = RespondJson(200, Groq().answer);
  ASSERT_EQ(Post("mistral-ai", R"({"model":"m-1","prompt":"Tell","seed":4})").status, 200);
  EXPECT_EQ(Json::parse(upstream_.requests().back().body),
            Json::parse(R"({"model":"m-1","messages":[{"role":"user","content":"Tell"}],"random_seed":4})"));
  ASSERT_EQ(Post("minimax", R"({"model":"m-1","prompt":"Tell","max_tokens":4})").status, 200);
  EXPECT_EQ(Json::parse(upstream_.requests().back().body)["max_completion_tokens"], 4);
}

TEST_F(TextByChat, ProvidersOfTextAreAskedForText) {
  script_ = RespondJson(200, R"({"id":"c-1","object":"text_completion","choices":[]})");
  for (const char* provider : {"openai", "together-ai", "fireworks-ai", "deepseek", "ollama", "vllm"}) {
    SCOPED_TRACE(provider);
    const TestAnswer answer = Post(provider, kRequest);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(upstream_.requests().back().target.ends_with("/completions"));
    EXPECT_FALSE(upstream_.requests().back().target.ends_with("/chat/completions"));
    EXPECT_EQ(upstream_.requests().back().body, kRequest);
  }
}

// Where the operator says that the server takes it, tokens are counted of a stream whose caller does not ask.
TEST_F(TextByChat, StreamsAreCounted) {
  AnswerWithStream(Groq().stream);
  const TempFolder folder;
  const std::string path = folder.path() + "/gateway.yaml";
  std::ofstream(path) << "providers: {lab: {base_url: \"" << upstream_.url()
                      << "\", dialect: 302ai, stream_usage: true}}\n";
  const GatewayFixture gateway = GatewayFixture::FromFile(path);
  const TestAnswer answer = TestClient(gateway.http_address())
                                .Post("/v1/completions", R"({"model":"m-1","prompt":"Tell","stream":true})",
                                      {{"x-portolan-provider", "lab"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Json::parse(upstream_.requests().back().body)["stream_options"],
            Json::parse(R"({"include_usage":true})"));
  const Streamed said = ReadStream(answer.body);
  EXPECT_EQ(said.text, "Once upon");
  EXPECT_TRUE(said.usage.is_null());
  std::string metrics;
  EXPECT_TRUE(Eventually([&] { return metrics = TestClient(gateway.admin_address()).Get("/metrics").body; },
                         testing::ContainsRegex("portolan_tokens_total[{][^}]*kind=\"output\"[^}]*[}] 2\n")))
      << metrics;
}

// After an attempt by chat, one by text is what it would have been alone, and the other way round.
TEST_F(TextByChat, FallsBackBothWays) {
  const FakeUpstream failing([](const SeenRequest&) { return RespondJson(500, "{}"); });
  const auto target = [](const std::string& provider, const FakeUpstream& upstream) {
    return R"({"provider":")" + provider + R"(","api_key":"k","custom_host":")" + upstream.url() + R"("})";
  };
  const auto post = [&](const std::string& first, const std::string& then) {
    const std::string config = R"({"strategy":{"mode":"fallback"},"targets":[)" + target(first, failing) +
                               "," + target(then, upstream_) + "]}";
    return TestClient(gateway_.http_address())
        .Post("/v1/completions", kRequest, {{"x-portolan-config", config}});
  };
  script_ = RespondJson(200, R"({"id":"c-1","object":"text_completion","choices":[]})");
  ASSERT_EQ(post("mistral-ai", "deepseek").status, 200);
  EXPECT_EQ(Json::parse(upstream_.requests().back().body), Json::parse(kRequest));
  script_ = RespondJson(200, Anthropic().answer);
  const TestAnswer answer = post("deepseek", "anthropic");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Json::parse(answer.body)["choices"][0]["text"], "Once upon");
}

}  // namespace
}  // namespace portolan::test
