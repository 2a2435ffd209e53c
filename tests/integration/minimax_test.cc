// MiniMax's chat at all doors. Its text is laid out as the chat template of MiniMaxAI/MiniMax-M2 has it, and
// platform.minimax.io/docs/api-reference/text-openai-api describes it.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using Json = nlohmann::json;

constexpr char kText[] = "<think>\nThe user greets.\nI greet back.\n</think>\n\nHello <b>!";
constexpr char kReasoning[] = "The user greets.\nI greet back.";
constexpr char kContent[] = "Hello <b>!";
constexpr char kRequest[] = R"({"model":"MiniMax-M2","messages":[{"role":"user","content":"hi"}]})";
constexpr char kStreamed[] =
    R"({"model":"MiniMax-M2","messages":[{"role":"user","content":"hi"}],"stream":true})";

Json Answer(const std::string& text) {
  return {{"id", "05a1"},
          {"object", "chat.completion"},
          {"created", 1762160002},
          {"model", "MiniMax-M2"},
          {"choices",
           Json::array({{{"index", 0},
                         {"finish_reason", "stop"},
                         {"message", {{"role", "assistant"}, {"content", text}, {"name", "MiniMax AI"}}}}})},
          {"usage", {{"total_tokens", 47}, {"prompt_tokens", 26}, {"completion_tokens", 21}}},
          {"base_resp", {{"status_code", 0}, {"status_msg", ""}}}};
}

// Members that are null say nothing: OpenAI's types want some to be there.
Json WithoutNulls(const Json& from) {
  if (!from.is_structured()) return from;
  Json to = from.is_array() ? Json::array() : Json::object();
  for (const auto& [name, value] : from.items()) {
    if (from.is_array()) {
      to.push_back(WithoutNulls(value));
    } else if (!value.is_null()) {
      to[name] = WithoutNulls(value);
    }
  }
  return to;
}

std::string Chunk(const Json& choice) {
  const Json chunk = {{"id", "05a1"},
                      {"object", "chat.completion.chunk"},
                      {"created", 1762160002},
                      {"model", "MiniMax-M2"},
                      {"choices", Json::array({choice})}};
  return "data: " + chunk.dump() + "\n\n";
}

// The text in pieces of `size` bytes.
std::string Stream(std::string_view text, size_t size) {
  std::string stream = Chunk({{"index", 0}, {"delta", {{"role", "assistant"}}}});
  for (size_t at = 0; at < text.size(); at += size) {
    stream += Chunk({{"index", 0}, {"delta", {{"content", text.substr(at, size)}}}});
  }
  return stream + Chunk({{"index", 0}, {"delta", Json::object()}, {"finish_reason", "stop"}}) +
         "data: [DONE]\n\n";
}

struct Said {
  std::string reasoning;
  std::string content;
  std::string finish;
};

// Of a stream of OpenAI's.
Said Read(const std::string& body) {
  Said said;
  for (size_t at = 0; at < body.size();) {
    const size_t end = body.find("\n\n", at);
    const std::string event = body.substr(at, end - at);
    at = end == std::string::npos ? body.size() : end + 2;
    if (!event.starts_with("data: {")) continue;
    const Json chunk = Json::parse(event.substr(6));
    for (const Json& choice : chunk["choices"]) {
      const Json& delta = choice["delta"];
      said.reasoning += delta.value("reasoning_content", "");
      said.content += delta.value("content", "");
      if (choice.contains("finish_reason") && choice["finish_reason"].is_string()) {
        said.finish += choice["finish_reason"].get<std::string>();
      }
    }
  }
  return said;
}

class MiniMax : public ::testing::Test {
 protected:
  MiniMax() : upstream_([this](const SeenRequest&) { return script_; }) {}

  Headers To() const {
    return {{"x-portolan-provider", "minimax"},
            {"x-portolan-custom-host", upstream_.url() + "/v1"},
            {"authorization", "Bearer key"}};
  }
  TestAnswer Post(const std::string& body, const char* path = "/v1/chat/completions") const {
    return TestClient(gateway_.http_address()).Post(path, body, To());
  }
  void AnswerWithStream(const std::string& stream) {
    script_ = Respond(200, stream, {{"Content-Type", "text/event-stream"}});
  }
  Json Sent() const { return Json::parse(upstream_.requests().back().body); }

  Script script_ = RespondJson(200, "{}");
  FakeUpstream upstream_;
  const GatewayFixture gateway_;
};

TEST_F(MiniMax, ReasoningIsTakenOutOfTheText) {
  script_ = RespondJson(200, Answer(kText).dump());
  const TestAnswer answer = Post(kRequest);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(upstream_.requests().back().target, "/v1/chat/completions");
  EXPECT_EQ(Sent(), Json::parse(kRequest));
  Json expected = Answer(kContent);
  expected["choices"][0]["message"]["reasoning_content"] = kReasoning;
  EXPECT_EQ(WithoutNulls(Json::parse(answer.body)), expected);

  const auto stub = v1::ChatService::NewStub(
      grpc::CreateChannel(gateway_.grpc_address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  for (const auto& [name, value] : To()) context.AddMetadata(name, value);
  v1::ChatCompletionRequest request;
  request.set_model("MiniMax-M2");
  request.add_messages()->set_role("user");
  request.mutable_messages(0)->mutable_content()->set_text("hi");
  request.mutable_portolan()->set_provider("minimax");
  v1::ChatCompletion completion;
  const grpc::Status status = stub->CreateChatCompletion(&context, request, &completion);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(Sent(), Json::parse(kRequest));
  EXPECT_EQ(completion.choices(0).message().content().text(), kContent);
  EXPECT_EQ(completion.choices(0).message().reasoning_content(), kReasoning);
}

TEST_F(MiniMax, NoMemberStandsTwice) {
  Json whole = Answer(kText);
  whole["choices"][0]["message"]["reasoning_content"] = nullptr;
  script_ = RespondJson(200, whole.dump());
  EXPECT_THAT(Post(kRequest).body, testing::Not(testing::HasSubstr(R"("reasoning_content":null)")));
  // What was held back comes with the last piece.
  AnswerWithStream(Chunk({{"index", 0}, {"delta", {{"role", "assistant"}, {"content", "<thi"}}}}) +
                   Chunk({{"index", 0}, {"delta", {{"content", nullptr}}}, {"finish_reason", "stop"}}) +
                   "data: [DONE]\n\n");
  const std::string body = Post(kStreamed).body;
  EXPECT_EQ(Read(body).content, "<thi");
  EXPECT_THAT(body, testing::Not(testing::HasSubstr(R"("content":null)")));
}

TEST_F(MiniMax, WhatHasNoTagsAtItsStartStaysAsItIs) {
  for (const char* text : {"Hello", "In HTML, <think>x</think> means nothing."}) {
    script_ = RespondJson(200, Answer(text).dump());
    EXPECT_EQ(WithoutNulls(Json::parse(Post(kRequest).body)), Answer(text));
  }
  // With `reasoning_split`, which callers may send, it is apart already.
  Json split = Answer("Hello");
  split["choices"][0]["message"]["reasoning_details"] =
      Json::array({{{"type", "reasoning.text"}, {"text", "Hm."}}});
  script_ = RespondJson(200, split.dump());
  const TestAnswer answer =
      Post(R"({"model":"m","reasoning_split":true,"messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(WithoutNulls(Json::parse(answer.body)), split);
  EXPECT_EQ(Sent()["reasoning_split"], true);
}

TEST_F(MiniMax, StreamsAreTakenApartWhereverTheyAreCut) {
  for (size_t size = 1; size <= sizeof(kText); ++size) {
    AnswerWithStream(Stream(kText, size));
    const TestAnswer answer = Post(kStreamed);
    ASSERT_EQ(answer.status, 200) << answer.body;
    const Said said = Read(answer.body);
    EXPECT_EQ(said.reasoning, kReasoning) << size;
    EXPECT_EQ(said.content, kContent) << size;
    EXPECT_EQ(said.finish, "stop");
    EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n"));
  }
  AnswerWithStream(Stream("<think>\nIt never closes, </th", 3));
  const Said said = Read(Post(kStreamed).body);
  EXPECT_EQ(said.reasoning, "It never closes, </th");
  EXPECT_EQ(said.content, "");
  EXPECT_EQ(said.finish, "stop");
}

TEST_F(MiniMax, AnthropicsCallersSeeThinking) {
  constexpr char kMessages[] =
      R"({"model":"MiniMax-M2","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})";
  script_ = RespondJson(200, Answer(kText).dump());
  const TestAnswer answer = Post(kMessages, "/v1/messages");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json content = Json::parse(answer.body)["content"];
  ASSERT_EQ(content.size(), 2U) << answer.body;
  EXPECT_EQ(content[0]["thinking"], kReasoning);
  EXPECT_EQ(content[1]["text"], kContent);
  EXPECT_EQ(Sent()["max_completion_tokens"], 9);  // the row's rules hold

  AnswerWithStream(Stream(kText, 5));
  Json streamed = Json::parse(kMessages);
  streamed["stream"] = true;
  const TestAnswer stream = Post(streamed.dump(), "/v1/messages");
  ASSERT_EQ(stream.status, 200) << stream.body;
  std::string thinking;
  std::string text;
  for (size_t at = stream.body.find("data: "); at != std::string::npos;
       at = stream.body.find("data: ", at + 1)) {
    const Json event = Json::parse(stream.body.substr(at + 6, stream.body.find('\n', at) - at - 6));
    if (event["type"] != "content_block_delta") continue;
    thinking += event["delta"].value("thinking", "");
    text += event["delta"].value("text", "");
  }
  EXPECT_EQ(thinking, kReasoning);
  EXPECT_EQ(text, kContent);
  EXPECT_THAT(stream.body, testing::HasSubstr("message_stop"));
}

// The models want their earlier turns as they wrote them.
TEST_F(MiniMax, ReasoningGoesBackWhereItStood) {
  script_ = RespondJson(200, Answer(kText).dump());
  Json request = Json::parse(kRequest);
  const Json calls =
      Json::parse(R"([{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}])");
  request["messages"].push_back(
      {{"role", "assistant"}, {"content", kContent}, {"reasoning_content", kReasoning}});
  request["messages"].push_back({{"role", "user"}, {"content", "and?"}});
  request["messages"].push_back(
      {{"role", "assistant"}, {"content", nullptr}, {"reasoning", "Hm."}, {"tool_calls", calls}});
  request["messages"].push_back({{"role", "tool"}, {"tool_call_id", "c1"}, {"content", "4"}});
  ASSERT_EQ(Post(request.dump()).status, 200);
  const Json messages = Sent()["messages"];
  EXPECT_EQ(messages[1], (Json{{"role", "assistant"}, {"content", kText}}));
  EXPECT_EQ(messages[3],
            (Json{{"role", "assistant"}, {"content", "<think>\nHm.\n</think>\n\n"}, {"tool_calls", calls}}));
  EXPECT_EQ(messages[4], request["messages"][4]);

  // In parts, and of Anthropic's callers.
  Json parts = Json::parse(kRequest);
  parts["messages"].push_back({{"role", "assistant"},
                               {"content", Json::array({{{"type", "text"}, {"text", "Hello"}}})},
                               {"reasoning_content", "Hm."}});
  parts["messages"].push_back({{"role", "user"}, {"content", "and?"}});
  ASSERT_EQ(Post(parts.dump()).status, 200);
  EXPECT_EQ(
      Sent()["messages"][1]["content"],
      Json::parse(R"([{"type":"text","text":"<think>\nHm.\n</think>\n\n"},{"type":"text","text":"Hello"}])"));
  const TestAnswer answer = Post(
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[)"
      R"({"type":"thinking","thinking":"Hm.","signature":""},{"type":"text","text":"Hello"}]},)"
      R"({"role":"user","content":"and?"}]})",
      "/v1/messages");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Sent()["messages"][1]["content"], "<think>\nHm.\n</think>\n\nHello");
}

// What its API has besides names no model.
TEST_F(MiniMax, AllElseIsRelayed) {
  script_ = RespondJson(200, R"({"files":[]})");
  const TestAnswer answer = TestClient(gateway_.http_address()).Get("/v1/files/list?purpose=x", To());
  EXPECT_EQ(answer.body, R"({"files":[]})");
  EXPECT_EQ(upstream_.requests().back().target, "/v1/files/list?purpose=x");
}

TEST_F(MiniMax, AFallbackGoesOn) {
  int calls = 0;
  const FakeUpstream both([&](const SeenRequest&) {
    return ++calls == 1
               ? RespondJson(200,
                             R"({"choices":null,"base_resp":{"status_code":1002,"status_msg":"rate limit"}})")
               : RespondJson(200, Answer("Hello").dump());
  });
  const std::string target =
      R"({"provider":"minimax","custom_host":")" + both.url() + R"(/v1","api_key":"k"})";
  const std::string config = R"({"strategy":{"mode":"fallback"},"targets":[)" + target + "," + target + "]}";
  const TestAnswer answer = TestClient(gateway_.http_address())
                                .Post("/v1/chat/completions", kRequest, {{"x-portolan-config", config}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace portolan::test
