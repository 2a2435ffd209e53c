// Mistral's chat at all doors. The shapes are those of @mistralai/mistralai 2.7 (models/components), the
// stream is one of recorded traffic, cut down.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;

constexpr char kThought[] =
    R"({"type":"thinking","thinking":[{"type":"text","text":"The user asks."}],"closed":true})";

Json Answer(const Json& message, const std::string& reason = "stop") {
  return {{"id", "7b"},
          {"object", "chat.completion"},
          {"created", 1787150315},
          {"model", "mistral-small-latest"},
          {"choices", Json::array({{{"index", 0}, {"message", message}, {"finish_reason", reason}}})},
          {"usage",
           {{"prompt_tokens", 7},
            {"completion_tokens", 5},
            {"total_tokens", 12},
            {"prompt_audio_seconds", 3},
            {"prompt_tokens_details", {{"cached_tokens", 2}}}}}};
}

Json Said(const Json& content) {
  return {{"role", "assistant"}, {"content", content}, {"tool_calls", nullptr}};
}

std::string Chunk(const Json& delta, const Json& reason = nullptr) {
  const Json chunk = {{"id", "7b"},
                      {"object", "chat.completion.chunk"},
                      {"created", 1787150315},
                      {"model", "mistral-small-latest"},
                      {"choices", Json::array({{{"index", 0}, {"delta", delta}, {"finish_reason", reason}}})},
                      {"p", "abc"}};
  return "data: " + chunk.dump() + "\n\n";
}

// The recorded phases: thoughts in lists, a list that ends them and begins the text, texts.
std::string Stream() {
  return Chunk({{"role", "assistant"}, {"content", ""}}) +
         Chunk({{"content",
                 Json::parse(R"([{"type":"thinking","thinking":[{"type":"text","text":"The user"}]}])")}}) +
         Chunk({{"content", Json::parse(R"([{"type":"thinking","thinking":[{"type":"text","text":" asks."}],)"
                                        R"("closed":true},{"type":"text","text":"1"}])")}}) +
         Chunk({{"content", "2"}}) +
         Chunk({{"content", Json::parse(R"([{"type":"reference","reference_ids":[3,"a"]}])")}}) +
         Chunk({{"content", ""}}, "model_length") + "data: [DONE]\n\n";
}

class Mistral : public ::testing::Test {
 protected:
  Mistral() : upstream_([this](const SeenRequest&) { return script_; }) {}

  Headers To() const {
    return {{"x-portolan-provider", "mistral-ai"},
            {"x-portolan-custom-host", upstream_.url() + "/v1"},
            {"authorization", "Bearer key"}};
  }
  TestAnswer Post(const Json& body, const char* path = "/v1/chat/completions") const {
    return TestClient(gateway_.http_address()).Post(path, body.dump(), To());
  }
  std::unique_ptr<v1::ChatService::Stub> Stub() const {
    return v1::ChatService::NewStub(
        grpc::CreateChannel(gateway_.grpc_address(), grpc::InsecureChannelCredentials()));
  }
  void AddHeaders(grpc::ClientContext* context) const {
    for (const auto& [name, value] : To()) context->AddMetadata(name, value);
  }
  void AnswerWithStream(const std::string& stream) {
    script_ = Respond(200, stream, {{"Content-Type", "text/event-stream"}});
  }
  Json Sent() const { return Json::parse(upstream_.requests().back().body); }
  // What is sent of a request with these members.
  Json SentOf(const std::string& members) const {
    const TestAnswer answer = Post(Json::parse("{\"model\":\"m\"," + members + "}"));
    EXPECT_EQ(answer.status, 200) << answer.body;
    dropped_ = answer.Header("x-portolan-dropped");
    return Sent();
  }

  Script script_ = RespondJson(200, Answer(Said("12")).dump());
  FakeUpstream upstream_;
  const GatewayFixture gateway_;
  mutable std::string dropped_;
};

const Json kRequest = Json::parse(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})");

v1::ChatCompletionRequest RpcRequest() {
  v1::ChatCompletionRequest request;
  request.set_model("m");
  request.add_messages()->set_role("user");
  request.mutable_messages(0)->mutable_content()->set_text("hi");
  return request;
}

TEST_F(Mistral, ChunksOfAnAnswerBecomeTextAndReasoning) {
  script_ = RespondJson(200, Answer(Said(Json::array({Json::parse(kThought),
                                                      {{"type", "text"}, {"text", "1"}},
                                                      {{"type", "reference"}, {"reference_ids", {3, "a"}}},
                                                      {{"type", "text"}, {"text", "2"}}})),
                                    "model_length")
                                 .dump());
  const TestAnswer answer = Post(kRequest);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Sent(), kRequest);
  const Json told = Json::parse(answer.body);
  const Json& choice = told["choices"][0];
  EXPECT_EQ(choice["message"]["content"], "12");
  EXPECT_EQ(choice["message"]["reasoning_content"], "The user asks.");
  EXPECT_EQ(choice["message"]["annotations"],
            Json::parse(R"([{"type":"reference","reference_ids":[3,"a"]}])"));
  EXPECT_EQ(choice["finish_reason"], "length");
  EXPECT_EQ(choice["native_finish_reason"], "model_length");
  EXPECT_EQ(told["usage"], Answer({})["usage"]);

  grpc::ClientContext context;
  AddHeaders(&context);
  v1::ChatCompletion completion;
  const grpc::Status status = Stub()->CreateChatCompletion(&context, RpcRequest(), &completion);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(completion.choices(0).message().content().text(), "12");
  EXPECT_EQ(completion.choices(0).message().reasoning_content(), "The user asks.");
  EXPECT_EQ(completion.usage().prompt_tokens_details().cached_tokens(), 2);
}

TEST_F(Mistral, AnAnswerThatIsATextStaysAsItIs) {
  Json answer = Json::parse(Post(kRequest).body);
  answer["choices"][0]["message"].erase("refusal");  // OpenAI's types want it to be there
  answer["choices"][0].erase("logprobs");
  EXPECT_EQ(answer, Answer(Said("12")));
  // What is no text cannot become one.
  const Json picture = Json::parse(R"([{"type":"image_url","image_url":"https://a/b.png"}])");
  script_ = RespondJson(200, Answer(Said(picture)).dump());
  EXPECT_EQ(Json::parse(Post(kRequest).body)["choices"][0]["message"]["content"], picture);
}

// A known member that is null is kept as it came; one that takes its place stands alone.
TEST_F(Mistral, NoMemberStandsTwice) {
  Json message = Said(Json::array({Json::parse(kThought)}));
  message["reasoning_content"] = nullptr;
  message["annotations"] = nullptr;
  script_ = RespondJson(200, Answer(message).dump());
  const std::string body = Post(kRequest).body;
  EXPECT_THAT(body, testing::HasSubstr(R"("reasoning_content":"The user asks.")"));
  EXPECT_THAT(body, testing::Not(testing::HasSubstr(R"("reasoning_content":null)")));
}

TEST_F(Mistral, StreamsOfChunksToo) {
  AnswerWithStream(Stream());
  Json request = kRequest;
  request["stream"] = true;
  const TestAnswer answer = Post(request);
  ASSERT_EQ(answer.status, 200) << answer.body;
  std::string reasoning;
  std::string content;
  Json last;
  Json references = Json::array();
  for (size_t at = answer.body.find("data: {"); at != std::string::npos;
       at = answer.body.find("data: {", at + 1)) {
    last = Json::parse(answer.body.substr(at + 6, answer.body.find('\n', at) - at - 6));
    EXPECT_EQ(last["p"], "abc");
    const Json& delta = last["choices"][0]["delta"];
    reasoning += delta.value("reasoning_content", "");
    content += delta.value("content", "");
    for (const Json& note : delta.value("annotations", Json::array())) references.push_back(note);
  }
  EXPECT_EQ(reasoning, "The user asks.");
  EXPECT_EQ(content, "12");
  EXPECT_EQ(references, Json::parse(R"([{"type":"reference","reference_ids":[3,"a"]}])"));
  EXPECT_EQ(last["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(last["choices"][0]["native_finish_reason"], "model_length");
  EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n"));

  grpc::ClientContext context;
  AddHeaders(&context);
  const auto reader = Stub()->StreamChatCompletion(&context, RpcRequest());
  std::string thought;
  for (v1::ChatCompletionChunk chunk; reader->Read(&chunk);) {
    thought += chunk.choices(0).delta().reasoning_content();
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(thought, "The user asks.");
}

// ToolCall: an id, a function, arguments as a text or as an object; an index or none.
TEST_F(Mistral, CallsAreThoseOfOpenAi) {
  const Json calls = Json::parse(R"([{"id":"abcdefgh1","function":{"name":"f","arguments":{"city":"Oslo"}}},)"
                                 R"({"id":"abcdefgh2","function":{"name":"g","arguments":"{}"}}])");
  Json message = Said("");
  message["tool_calls"] = calls;
  script_ = RespondJson(200, Answer(message, "tool_calls").dump());
  const Json told = Json::parse(Post(kRequest).body)["choices"][0]["message"]["tool_calls"];
  EXPECT_EQ(told, Json::parse(R"([{"id":"abcdefgh1","type":"function","function":{"name":"f","arguments":)"
                              R"("{\"city\":\"Oslo\"}"}},{"id":"abcdefgh2","type":"function","function":)"
                              R"({"name":"g","arguments":"{}"}}])"));

  AnswerWithStream(Chunk({{"role", "assistant"}, {"content", ""}, {"tool_calls", calls}}, "tool_calls") +
                   "data: [DONE]\n\n");
  Json request = kRequest;
  request["stream"] = true;
  const std::string body = Post(request).body;
  const Json delta = Json::parse(body.substr(6, body.find('\n') - 6))["choices"][0]["delta"]["tool_calls"];
  ASSERT_EQ(delta.size(), 2U) << body;
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(delta[i]["index"], i);
    EXPECT_EQ(delta[i]["type"], "function");
    EXPECT_EQ(delta[i]["function"], told[i]["function"]);
  }
}

TEST_F(Mistral, ReasoningGoesBackInItsChunkWhereTheModelIsToReason) {
  const std::string turns =
      R"("messages":[{"role":"user","content":"a"},{"role":"assistant","content":"12","reasoning_content":)"
      R"("The user asks."},{"role":"user","content":"b"},{"role":"assistant","content":null,"reasoning":"Hm.",)"
      R"("tool_calls":[{"id":"abcdefgh1","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
      R"({"role":"tool","tool_call_id":"abcdefgh1","content":"4"}])";
  const Json first = Json::array({Json::parse(kThought), {{"type", "text"}, {"text", "12"}}});
  for (const char* asking :
       {R"("reasoning_effort":"high",)", R"("prompt_mode":"reasoning",)", R"("reasoning_effort":"low",)"}) {
    const Json messages = SentOf(asking + turns)["messages"];
    EXPECT_EQ(messages[1], (Json{{"role", "assistant"}, {"content", first}}));
    EXPECT_EQ(
        messages[3]["content"],
        Json::parse(R"([{"type":"thinking","thinking":[{"type":"text","text":"Hm."}],"closed":true}])"));
    EXPECT_FALSE(messages[3].contains("reasoning"));
    EXPECT_EQ(dropped_, "");
  }
  // Other models may refuse it.
  for (const char* asking : {"", R"("reasoning_effort":"none",)"}) {
    const Json messages = SentOf(asking + turns)["messages"];
    EXPECT_EQ(messages[1], (Json{{"role", "assistant"}, {"content", "12"}}));
    EXPECT_TRUE(messages[3]["content"].is_null());
    EXPECT_EQ(dropped_, "messages[1].reasoning_content, messages[3].reasoning");
  }
  // What a caller wrote in Mistral's words stands once.
  const Json own = Json::parse(R"({"role":"assistant","content":[)" + std::string(kThought) +
                               R"(,{"type":"text","text":"12"}]})");
  const Json sent = SentOf(R"("reasoning_effort":"high","messages":[{"role":"user","content":"a"},)" +
                           Json(own).dump().insert(1, R"("reasoning_content":"The user asks.",)") +
                           R"(,{"role":"user","content":"b"}])");
  EXPECT_EQ(sent["messages"][1], own);
}

TEST_F(Mistral, AnthropicsCallersThinkToo) {
  script_ = RespondJson(
      200, Answer(Said(Json::array({Json::parse(kThought), {{"type", "text"}, {"text", "12"}}}))).dump());
  const TestAnswer answer = Post(
      Json::parse(
          R"({"model":"m","max_tokens":5000,"thinking":{"type":"enabled","budget_tokens":4000},"messages":[)"
          R"({"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"thinking","thinking":)"
          R"("The user asks.","signature":""},{"type":"text","text":"12"}]},{"role":"user","content":"b"}]})"),
      "/v1/messages");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Sent()["messages"][1]["content"],
            Json::array({Json::parse(kThought), {{"type", "text"}, {"text", "12"}}}));
  const Json content = Json::parse(answer.body)["content"];
  ASSERT_EQ(content.size(), 2U) << answer.body;
  EXPECT_EQ(content[0]["thinking"], "The user asks.");
  EXPECT_EQ(content[1]["text"], "12");
}

// DocumentURLChunk, FileChunk, AudioChunk, Prediction, FunctionT, RequestedServiceTier.
TEST_F(Mistral, WhatOpenAiSaysOtherwiseIsSaidInItsWords) {
  const Json sent = SentOf(
      R"("service_tier":"default","prediction":{"type":"content","content":[{"type":"text","text":"x"},)"
      R"({"type":"text","text":"y"}]},"tools":[{"type":"function","function":{"name":"f"}},{"type":"web_search"}],)"
      R"("messages":[{"role":"user","content":[)"
      R"({"type":"file","file":{"file_data":"data:application/pdf;base64,AAAA","filename":"a.pdf"}},)"
      R"({"type":"file","file":{"file_id":"id-1"}},)"
      R"({"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}},)"
      R"({"type":"image_url","image_url":{"url":"https://a/b.png","detail":"low"}}]}])");
  EXPECT_EQ(sent["messages"][0]["content"],
            Json::parse(R"([{"type":"document_url","document_url":"data:application/pdf;base64,AAAA",)"
                        R"("document_name":"a.pdf"},{"type":"file","file_id":"id-1"},)"
                        R"({"type":"input_audio","input_audio":"AAAA"},)"
                        R"({"type":"image_url","image_url":{"url":"https://a/b.png","detail":"low"}}])"));
  EXPECT_EQ(sent["tools"],
            Json::parse(R"([{"type":"function","function":{"name":"f","parameters":{"type":"object",)"
                        R"("properties":{}}}},{"type":"web_search"}])"));
  EXPECT_EQ(sent["prediction"], Json::parse(R"({"type":"content","content":"xy"})"));
  EXPECT_EQ(sent["service_tier"], "standard_only");
  EXPECT_EQ(dropped_, "");
  EXPECT_FALSE(SentOf(R"("service_tier":"flex","messages":[])").contains("service_tier"));
  EXPECT_EQ(dropped_, "service_tier");
}

// What its own SDK sends passes as it came.
TEST_F(Mistral, WhatIsInItsWordsStays) {
  const std::string own =
      R"("random_seed":4,"safe_prompt":true,"prompt_mode":"reasoning","n":2,"presence_penalty":0.5,)"
      R"("frequency_penalty":0.25,"parallel_tool_calls":false,"tool_choice":"any","service_tier":"standard_only",)"
      R"("metadata":{"a":"b"},"prompt_cache_key":"k","prediction":{"type":"content","content":"x"},)"
      R"("guardrails":[{"block_on_error":true,"moderation_llm_v2":{"action":"block"}}],)"
      R"("response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"},"strict":true}},)"
      R"("messages":[{"role":"system","content":[{"type":"text","text":"s"}]},{"role":"user","content":[)"
      R"({"type":"document_url","document_url":"https://a/b.pdf"},{"type":"image_url","image_url":"https://a/b.png"},)"
      R"({"type":"file","file_id":"id-1"},{"type":"input_audio","input_audio":"AAAA"},)"
      R"({"type":"reference","reference_ids":[1,"a"]}]},{"role":"tool","name":"f","tool_call_id":"abcdefgh1",)"
      R"("content":[{"type":"text","text":"4"}]},{"role":"assistant","content":"Sure:","prefix":true}])";
  EXPECT_EQ(SentOf(own), Json::parse("{\"model\":\"m\"," + own + "}"));
  EXPECT_EQ(dropped_, "");
}

TEST_F(Mistral, ErrorsAreSaidAsOpenAiSaysThem) {
  // Both are recorded.
  script_ =
      RespondJson(400, R"({"object":"error","message":"Invalid model: bad model","type":"invalid_model",)"
                       R"("param":null,"code":"1500"})");
  const Json error = Json::parse(Post(kRequest).body)["error"];
  EXPECT_EQ(error["message"], "Invalid model: bad model");
  EXPECT_EQ(error["type"], "invalid_model");
  EXPECT_EQ(error["code"], "1500");
  script_ = RespondJson(422, R"({"detail":[{"type":"missing","loc":["body","tools",0,"function"],"msg":)"
                             R"("Field required","input":{"type":"x"}}]})");
  const TestAnswer answer = Post(kRequest);
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(Json::parse(answer.body)["error"]["message"], "body.tools.0.function: Field required");
  EXPECT_EQ(Json::parse(answer.body)["error"]["type"], "invalid_request_error");
  // Under a good status.
  script_ = RespondJson(200, R"({"error":{"message":"slow down","code":429}})");
  EXPECT_EQ(Post(kRequest).status, 429);
}

// All else is relayed byte for byte.
TEST_F(Mistral, EmbeddingsAndModelsPassAsTheyAre) {
  constexpr char kEmbedded[] =
      R"({ "object":"list","id":"e","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.50]}]})";
  script_ = RespondJson(200, kEmbedded);
  const TestAnswer answer =
      Post({{"model", "m"}, {"input", {"a"}}, {"output_dimension", 8}, {"output_dtype", "int8"}},
           "/v1/embeddings");
  EXPECT_EQ(answer.body, kEmbedded);
  EXPECT_EQ(Sent(), Json::parse(R"({"model":"m","input":["a"],"output_dimension":8,"output_dtype":"int8"})"));
  constexpr char kModels[] = R"({ "object":"list","data":[{"id":"m","object":"model","capabilities":{}}]})";
  script_ = RespondJson(200, kModels);
  EXPECT_EQ(TestClient(gateway_.http_address()).Get("/v1/models", To()).body, kModels);
  script_ = RespondJson(200, R"({"id":"f"})");
  Headers to = To();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(TestClient(gateway_.http_address()).Get("/v1/files/f?a=b", to).body, R"({"id":"f"})");
    EXPECT_EQ(upstream_.requests().back().target, "/v1/files/f?a=b");
    to.push_back({"x-portolan-mistral-fim-completion", "true"});
  }
}

}  // namespace
}  // namespace portolan::test
