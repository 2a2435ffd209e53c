// A dialect and an operation that exist here alone, driven through both doors: what adding one of either
// takes, and that nothing of it touches the gateway's core.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "lab/v1/lab.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/catalog.h"
#include "providers/dialects/openai/openai.h"
#include "tests/integration/support/call_by_name.h"
#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using namespace providers;  // NOLINT(google-build-using-namespace): the test is written against all of it
using ::testing::HasSubstr;
using Json = nlohmann::json;
namespace lab = ::lab::v1;

class TalkEvents final : public EventsToHub {
 public:
  std::optional<Error> OnEvent(const Message& event, MessageSink& out, State* state) override {
    const auto& talk = static_cast<const lab::TalkEvent&>(event);
    auto* choice = static_cast<v1::ChatCompletionChunk*>(out.Add())->add_choices();
    choice->set_index(0);
    choice->mutable_delta()->set_content(talk.piece());
    if (talk.has_why()) choice->set_finish_reason(talk.why());
    finished_ |= talk.has_why();
    if (talk.mark() == "end") *state = State::kDone;
    return std::nullopt;
  }
  std::optional<Error> OnEnd(MessageSink&) override {
    if (finished_) return std::nullopt;
    Error error;
    error.code = "upstream_truncated";
    error.http_status = 502;
    return error;
  }
  TokenUsage Tokens() const override { return {}; }

 private:
  bool finished_ = false;
};

class TalkWriter final : public EventsToWire {
 public:
  void OnChunk(const Message& chunk, EventSink& out) override {
    for (const auto& choice : static_cast<const v1::ChatCompletionChunk&>(chunk).choices()) {
      if (!choice.delta().content().empty()) Next(out)->set_piece(choice.delta().content());
      if (!choice.finish_reason().empty()) why_ = choice.finish_reason();
    }
  }
  void OnEnd(EventSink& out) override {
    lab::TalkEvent* last = Next(out);
    last->set_why(why_);
    last->set_mark("end");
  }

 private:
  static lab::TalkEvent* Next(EventSink& out) { return static_cast<lab::TalkEvent*>(out.Add("talk")); }
  std::string why_;
};

class TalkMapping final : public Mapping {
 public:
  bool serves_callers() const override { return true; }
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override {
    const auto& chat = static_cast<const v1::ChatCompletionRequest&>(hub);
    auto* talk = static_cast<lab::TalkRequest*>(wire);
    talk->set_model(std::string(facts.model));
    talk->set_prompt(chat.messages(chat.messages_size() - 1).content().text());
    if (facts.stream) talk->set_stream(true);
    if (chat.has_temperature()) dropped->push_back("temperature");
    return std::nullopt;
  }
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts&, Message* hub) const override {
    const auto& talk = static_cast<const lab::TalkAnswer&>(wire);
    auto* answer = static_cast<v1::ChatCompletion*>(hub);
    auto* choice = answer->add_choices();
    choice->set_index(0);
    choice->mutable_message()->set_role("assistant");
    choice->mutable_message()->mutable_content()->set_text(talk.say());
    choice->set_finish_reason(talk.why());
    answer->mutable_usage()->set_completion_tokens(talk.words());
    return std::nullopt;
  }
  std::unique_ptr<EventsToHub> ReadEvents(const CallFacts&) const override {
    return std::make_unique<TalkEvents>();
  }
  std::optional<Error> RequestToHub(const Message& wire, const CallFacts&, Message* hub,
                                    DroppedMembers*) const override {
    const auto& talk = static_cast<const lab::TalkRequest&>(wire);
    auto* chat = static_cast<v1::ChatCompletionRequest*>(hub);
    chat->set_model(talk.model());
    if (talk.stream()) chat->set_stream(true);
    auto* message = chat->add_messages();
    message->set_role("user");
    message->mutable_content()->set_text(talk.prompt());
    return std::nullopt;
  }
  void AnswerToWire(const Message& hub, const CallFacts&, Message* wire) const override {
    const auto& answer = static_cast<const v1::ChatCompletion&>(hub);
    auto* talk = static_cast<lab::TalkAnswer*>(wire);
    talk->set_say(answer.choices(0).message().content().text());
    talk->set_why(answer.choices(0).finish_reason());
  }
  std::unique_ptr<EventsToWire> WriteEvents(const CallFacts&) const override {
    return std::make_unique<TalkWriter>();
  }
};

class SwapMapping final : public Mapping {
 public:
  std::optional<Error> RequestToWire(const Message& hub, const CallFacts&, Message* wire,
                                     DroppedMembers*) const override {
    static_cast<lab::SwapRequest*>(wire)->set_from(static_cast<const lab::TranslateRequest&>(hub).text());
    return std::nullopt;
  }
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts&, Message* hub) const override {
    static_cast<lab::Translation*>(hub)->set_text(static_cast<const lab::SwapAnswer&>(wire).to());
    return std::nullopt;
  }
};

class LabDoor final : public providers::Door {
 public:
  std::span<const std::string_view> services() const override { return kServices; }
  std::string_view default_provider() const override { return "lab"; }
  bool IsError(std::string_view body) const override { return body.starts_with(R"({"trouble":)"); }
  void WriteError(const Error& error, const ErrorPlace&, std::string* out) const override {
    out->append(R"({"trouble":")").append(error.code).append("\"}");
  }
  void WriteErrorEvent(const Error& error, const ErrorPlace& place, std::string* out) const override {
    out->append("event: trouble\ndata: ");
    WriteError(error, place, out);
    out->append("\n\n");
  }

 private:
  static constexpr std::array<std::string_view, 1> kServices = {"lab.v1.TalkService"};
};

class Lab final : public Dialect {
 public:
  std::string_view name() const override { return "lab"; }
  std::span<const Form> forms() const override { return forms_; }
  const providers::Door* door() const override { return &door_; }
  Error ReadError(int status, std::span<const HeaderView> headers, std::string_view body,
                  const Target& target) const override {
    return OpenAiDialect().ReadError(status, headers, body, target);
  }

 private:
  const LabDoor door_;
  const TalkMapping talk_;
  const SwapMapping swap_;
  const std::array<Form, 2> forms_ = {Form{.operation = "chat",
                                           .path = "/talk/{model}",
                                           .request = &lab::TalkRequest::default_instance(),
                                           .answer = &lab::TalkAnswer::default_instance(),
                                           .event = &lab::TalkEvent::default_instance(),
                                           .accounting = {.output = {"words"},
                                                          .finish = {"why"},
                                                          .content = {"piece"},
                                                          .error = {"trouble"},
                                                          .end_path = "mark",
                                                          .end_value = "end"},
                                           .mapping = &talk_},
                                      Form{.operation = "translate",
                                           .path = "/swap",
                                           .request = &lab::SwapRequest::default_instance(),
                                           .answer = &lab::SwapAnswer::default_instance(),
                                           .mapping = &swap_}};
};

// The hub, with one operation more.
class WiderHub final : public Dialect {
 public:
  WiderHub() : forms_(OpenAiDialect().forms().begin(), OpenAiDialect().forms().end()) {
    forms_.push_back({.operation = "translate",
                      .path = "/translate",
                      .request = &lab::TranslateRequest::default_instance(),
                      .answer = &lab::Translation::default_instance(),
                      .event = &lab::TranslationPiece::default_instance(),
                      .end = "[DONE]",
                      .end_event = "data: [DONE]\n\n",
                      .accounting = {.finish = {"end"}, .content = {"piece"}, .error = {"error"}}});
  }
  std::string_view name() const override { return "openai"; }
  bool is_hub() const override { return true; }
  std::span<const Form> forms() const override { return forms_; }
  const providers::Door* door() const override { return &door_; }
  Error ReadError(int status, std::span<const HeaderView> headers, std::string_view body,
                  const Target& target) const override {
    return OpenAiDialect().ReadError(status, headers, body, target);
  }

 private:
  class WiderDoor final : public providers::Door {
   public:
    WiderDoor() : services_(Old().services().begin(), Old().services().end()) {
      services_.push_back("lab.v1.TranslateService");
    }
    std::span<const std::string_view> services() const override { return services_; }
    std::string_view default_provider() const override { return "openai"; }
    bool IsError(std::string_view body) const override { return Old().IsError(body); }
    void WriteError(const Error& error, const ErrorPlace& place, std::string* out) const override {
      Old().WriteError(error, place, out);
    }
    void WriteErrorEvent(const Error& error, const ErrorPlace& place, std::string* out) const override {
      Old().WriteErrorEvent(error, place, out);
    }

   private:
    static const providers::Door& Old() { return *OpenAiDialect().door(); }
    std::vector<std::string_view> services_;
  };

  const WiderDoor door_;
  std::vector<Form> forms_;
};

class Extension : public ::testing::Test {
 protected:
  Extension()
      : upstream_([this](const SeenRequest&) { return answer_; }),
        catalog_{
            {&hub_, &lab_},
            {{.name = "openai", .base_url = "http://none.invalid", .dialect = &hub_, .auth = &BearerAuth()},
             {.name = "lab", .base_url = "http://none.invalid", .dialect = &lab_, .auth = &BearerAuth()}}},
        gateway_({}, {}, catalog_) {}

  TestAnswer Post(const std::string& path, const std::string& body, const std::string& provider) {
    return TestClient(gateway_.http_address())
        .Post(path, body,
              {{"x-portolan-custom-host", upstream_.url()},
               {"x-portolan-provider", provider},
               {"authorization", "Bearer k"}});
  }
  template <typename Answer, typename Request>
  NamedAnswer<Answer> Rpc(const std::string& rpc, const Request& request, const std::string& provider) {
    return CallByName<Answer>(gateway_.grpc_address(), "/" + rpc, request,
                              {{"x-portolan-custom-host", upstream_.url()},
                               {"x-portolan-provider", provider},
                               {"authorization", "Bearer k"}});
  }
  // The answer to a unary call that goes well.
  template <typename Answer, typename Request>
  Answer One(const std::string& rpc, const Request& request, const std::string& provider) {
    const NamedAnswer<Answer> got = Rpc<Answer>(rpc, request, provider);
    EXPECT_TRUE(got.status.ok()) << got.status.error_message();
    return got.answers.size() == 1 ? got.answers[0] : Answer();
  }
  SeenRequest Last() const { return upstream_.requests().back(); }
  static Script Events(const std::string& events) {
    return Respond(200, events, {{"Content-Type", "text/event-stream"}});
  }

  const WiderHub hub_;
  const Lab lab_;
  Script answer_ = RespondJson(200, "{}");
  FakeUpstream upstream_;
  const Catalog catalog_;
  GatewayFixture gateway_;
};

constexpr char kChat[] = R"({"model":"m","temperature":0.5,"messages":[{"role":"user","content":"hi"}]})";
constexpr char kTalkEvents[] =
    "data: {\"piece\":\"Hel\"}\n\ndata: {\"piece\":\"lo\"}\n\n"
    "data: {\"why\":\"stop\",\"mark\":\"end\"}\n\n";

TEST_F(Extension, TheHubsCallersReachTheNewDialect) {
  answer_ = RespondJson(200, R"({"say":"Hello","why":"stop","words":1})");
  const TestAnswer whole = Post("/v1/chat/completions", kChat, "lab");
  EXPECT_EQ(whole.status, 200) << whole.body;
  EXPECT_EQ(Json::parse(whole.body)["choices"][0]["message"]["content"], "Hello");
  EXPECT_EQ(whole.Header("x-portolan-dropped"), "temperature");
  EXPECT_EQ(Last().target, "/talk/m");
  EXPECT_EQ(Json::parse(Last().body), Json::parse(R"({"model":"m","prompt":"hi"})"));
  EXPECT_EQ(Last().Header("authorization"), "Bearer k");

  answer_ = Events(kTalkEvents);
  const TestAnswer stream =
      Post("/v1/chat/completions",
           R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})", "lab");
  EXPECT_THAT(stream.body, HasSubstr(R"("content":"lo")"));
  EXPECT_TRUE(stream.body.ends_with("data: [DONE]\n\n")) << stream.body;

  const RouteCaller rpc(gateway_);
  for (const bool streamed : {false, true}) {
    answer_ = streamed ? Events(kTalkEvents) : RespondJson(200, R"({"say":"Hello","why":"stop"})");
    RouteCall call{.door = test::Door::kGrpc, .stream = streamed};
    call.headers = {{"x-portolan-custom-host", upstream_.url()}, {"x-portolan-provider", "lab"}};
    EXPECT_EQ(rpc.Call(call).text, "Hello");
  }
}

TEST_F(Extension, CallersOfTheNewDialectReachIt) {
  constexpr char kSaid[] = R"({ "say":"Hello", "why":"stop", "novel":1 })";
  answer_ = RespondJson(200, kSaid);
  EXPECT_EQ(Post("/lab/talk", R"({"model":"m","prompt":"hi","x":1})", "lab").body, kSaid);
  EXPECT_EQ(Last().body, R"({"model":"m","prompt":"hi","x":1})");
  answer_ = Events(kTalkEvents);
  EXPECT_EQ(Post("/lab/talk", R"({"model":"m","prompt":"hi","stream":true})", "lab").body, kTalkEvents);
  answer_ = Events("data: {\"piece\":\"Hel\"}\n\n");
  EXPECT_EQ(Post("/lab/talk", R"({"model":"m","prompt":"hi","stream":true})", "lab").body,
            "data: {\"piece\":\"Hel\"}\n\nevent: trouble\ndata: {\"trouble\":\"upstream_truncated\"}\n\n");
}

TEST_F(Extension, CallersOfTheNewDialectReachAllOthers) {
  answer_ = RespondJson(200, R"({"choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},)"
                             R"("finish_reason":"stop"}]})");
  EXPECT_EQ(Post("/lab/talk", R"({"model":"m","prompt":"hi"})", "openai").body,
            R"({"say":"Hello","why":"stop"})");
  EXPECT_EQ(Last().target, "/chat/completions");
  EXPECT_EQ(Json::parse(Last().body)["messages"][0]["content"], "hi");
  answer_ = Events(OpenAiDelta(R"({"content":"Hello"})") + OpenAiFinish());
  const TestAnswer stream = Post("/lab/talk", R"({"model":"m","prompt":"hi","stream":true})", "openai");
  EXPECT_TRUE(stream.body.starts_with("event: talk\ndata: {\"piece\":\"Hello\"}\n\n")) << stream.body;
  EXPECT_TRUE(stream.body.ends_with("\"mark\":\"end\"}\n\n")) << stream.body;
  answer_ = RespondJson(400, R"({"error":{"message":"no","code":"bad"}})");
  EXPECT_EQ(Post("/lab/talk", R"({"model":"m","prompt":"hi"})", "openai").body, R"({"trouble":"bad"})");
  EXPECT_EQ(TestClient(gateway_.http_address()).Get("/lab/talk").body, R"({"trouble":"method_not_allowed"})");
}

// By gRPC callers speak the hub's words, whoever is called: the other dialects are those of REST APIs.
TEST_F(Extension, TheNewDialectsOwnServiceIsOfRestAlone) {
  lab::TalkRequest request;
  request.set_model("m");
  request.set_prompt("hi");
  for (const char* rpc : {"lab.v1.TalkService/Talk", "lab.v1.TalkService/StreamTalk"}) {
    EXPECT_EQ(Rpc<lab::TalkEvent>(rpc, request, "lab").status.error_code(), grpc::UNIMPLEMENTED) << rpc;
  }
  EXPECT_TRUE(upstream_.requests().empty());
}

TEST_F(Extension, TheNewOperationIsServedAtBothDoors) {
  constexpr char kRequest[] = R"({"model":"m","text":"hello","x":[1.0]})";
  answer_ = RespondJson(200, R"({"text":"ola","y":2})");
  EXPECT_EQ(Post("/v1/translate", kRequest, "openai").body, R"({"text":"ola","y":2})");
  EXPECT_EQ(Last().target, "/translate");
  EXPECT_EQ(Last().body, kRequest);
  answer_ = Events("data: {\"piece\":\"ola\"}\n\ndata: [DONE]\n\n");
  EXPECT_EQ(Post("/v1/translate", R"({"model":"m","text":"hello","stream":true})", "openai").body,
            "data: {\"piece\":\"ola\"}\n\ndata: [DONE]\n\n");
  answer_ = RespondJson(200, R"({"to":"ola"})");
  EXPECT_EQ(Post("/v1/translate", kRequest, "lab").body, R"({"text":"ola"})");
  EXPECT_EQ(Last().body, R"({"from":"hello"})");

  lab::TranslateRequest request;
  request.set_model("m");
  request.set_text("good morning");
  EXPECT_EQ(One<lab::Translation>("lab.v1.TranslateService/Translate", request, "lab").text(), "ola");
  EXPECT_EQ(Last().body, R"({"from":"good morning"})");
  answer_ = RespondJson(200, R"({"text":"bom dia"})");
  EXPECT_EQ(One<lab::Translation>("lab.v1.TranslateService/Translate", request, "openai").text(), "bom dia");
  EXPECT_EQ(Last().target, "/translate");
  EXPECT_EQ(Json::parse(Last().body), Json::parse(R"({"model":"m","text":"good morning"})"));
  answer_ = Events("data: {\"piece\":\"bom \"}\n\ndata: {\"piece\":\"dia\"}\n\ndata: [DONE]\n\n");
  const auto stream =
      Rpc<lab::TranslationPiece>("lab.v1.TranslateService/StreamTranslate", request, "openai");
  EXPECT_TRUE(stream.status.ok()) << stream.status.error_message();
  ASSERT_EQ(stream.answers.size(), 2u);
  EXPECT_EQ(stream.answers[1].piece(), "dia");
  EXPECT_EQ(Json::parse(Last().body)["stream"], true);
}

}  // namespace
}  // namespace portolan::test
