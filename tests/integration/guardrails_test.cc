// Guardrails on whole calls, at both doors. What is expected is Portkey's gateway 1.15
// (src/middlewares/hooks, src/handlers/handlerUtils.ts) and, where it passes in silence, what
// docs/guardrails.md says.

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
using Json = nlohmann::json;

constexpr char kDenySwordfish[] =
    R"({"default.contains":{"words":["swordfish"],"operator":"none"},"deny":true})";
constexpr char kFailSwordfish[] = R"({"default.contains":{"words":["swordfish"],"operator":"none"}})";
constexpr char kRedactKeys[] = R"({"default.regexReplace":{"rule":"sk-[a-z0-9]{4}","redactText":"[KEY]"}})";

constexpr char kAnswer[] =
    R"({"id":"c-1", "object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":)"
    R"({"role":"assistant","content":"the word is swordfish, the key sk-ab12"},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7},  "novel":{"a":[1, 2]}})";
constexpr char kClean[] =
    R"({"id":"c-2","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":)"
    R"({"role":"assistant","content":"fine"},"finish_reason":"stop"}]})";

class Guardrails : public ::testing::Test {
 protected:
  // `hooks`: members of the target, which begin with a comma.
  std::string Target(const std::string& hooks) { return TargetOf(upstream_, "openai", hooks); }

  TestAnswer Post(const std::string& body, const std::string& config, Headers headers = {},
                  const std::string& path = "/v1/chat/completions") {
    if (!config.empty()) headers.emplace_back("x-portkey-config", config);
    return TestClient(gateway_.http_address()).Post(path, body, headers);
  }

  static std::string Chat(const std::string& text) {
    return R"({"model":"m","messages":[{"role":"system","content":"be kind"},{"role":"user","content":)" +
           Json(text).dump() + "}]}";
  }

  void Answers(std::string body) {
    answer_ = [body = std::move(body)](const SeenRequest&) { return RespondJson(200, body); };
  }

  FakeUpstream::Handler answer_ = [](const SeenRequest&) { return RespondJson(200, kAnswer); };
  FakeUpstream upstream_{[this](const SeenRequest& request) { return answer_(request); }};
  GatewayFixture gateway_;
};

TEST_F(Guardrails, ADeniedRequestIsNeverSent) {
  const TestAnswer answer =
      Post(Chat("swordfish"), Target(R"(,"input_guardrails":[)" + std::string(kDenySwordfish) + "]"));
  EXPECT_EQ(answer.status, 446);
  const Json body = Json::parse(answer.body);
  EXPECT_EQ(body["error"]["type"], "hooks_failed");
  EXPECT_EQ(body["error"]["code"], "guardrail_denied");
  EXPECT_EQ(body["error"]["message"],
            "The guardrail checks defined in the config failed. You can find more information in the "
            "`hook_results` object.");
  EXPECT_EQ(body["error"]["portolan"]["class"], "policy");
  EXPECT_EQ(body["error"]["portolan"]["attempts"], 0);
  const Json& results = body["hook_results"];
  ASSERT_EQ(results["before_request_hooks"].size(), 1U);
  EXPECT_EQ(results["after_request_hooks"], Json::array());
  const Json& guardrail = results["before_request_hooks"][0];
  EXPECT_EQ(guardrail["verdict"], false);
  EXPECT_EQ(guardrail["deny"], true);
  EXPECT_EQ(guardrail["async"], false);
  EXPECT_EQ(guardrail["type"], "guardrail");
  EXPECT_EQ(guardrail["transformed"], false);
  EXPECT_EQ(guardrail["checks"][0]["id"], "default.contains");
  EXPECT_EQ(guardrail["checks"][0]["verdict"], false);
  EXPECT_EQ(guardrail["checks"][0]["error"], nullptr);
  EXPECT_TRUE(guardrail["checks"][0].contains("data"));
  EXPECT_TRUE(guardrail.contains("execution_time"));
  EXPECT_TRUE(guardrail.contains("created_at"));
  EXPECT_EQ(answer.Header("x-portkey-gateway-exception"), "");
  EXPECT_THAT(upstream_.requests(), IsEmpty());
}

// Everything that is said counts, not the last message alone.
TEST_F(Guardrails, WhatForbidsLooksAtEveryMessage) {
  const std::string config = Target(R"(,"input_guardrails":[)" + std::string(kDenySwordfish) + "]");
  const std::vector<std::string> messages = {
      R"([{"role":"system","content":"swordfish"},{"role":"user","content":"hi"}])",
      R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"swordfish"}]},)"
      R"({"role":"user","content":"hi"}])",
      R"([{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f",)"
      R"("arguments":"{\"a\":\"sword\\u0066ish\"}"}}]},{"role":"tool","tool_call_id":"1","content":"x"}])",
      R"([{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f",)"
      R"("arguments":"{}"}}]},{"role":"tool","tool_call_id":"1","content":"swordfish"},)"
      R"({"role":"user","content":"hi"}])"};
  for (const std::string& list : messages) {
    EXPECT_EQ(Post(R"({"model":"m","messages":)" + list + "}", config).status, 446) << list;
  }
  EXPECT_THAT(upstream_.requests(), IsEmpty());
}

TEST_F(Guardrails, AFailureThatDoesNotDenyIsStatus246) {
  const std::string body = Chat("swordfish");
  const TestAnswer answer =
      Post(body, Target(R"(,"input_guardrails":[)" + std::string(kFailSwordfish) + "]"));
  EXPECT_EQ(answer.status, 246);
  ASSERT_EQ(upstream_.requests().size(), 1U);
  // The bytes pass as they came, both ways.
  EXPECT_EQ(upstream_.requests()[0].body, body);
  const std::string_view begin = std::string_view(kAnswer).substr(0, std::string_view(kAnswer).size() - 1);
  EXPECT_EQ(answer.body.substr(0, begin.size()), begin);
  const Json results = Json::parse(answer.body)["hook_results"];
  EXPECT_EQ(results["before_request_hooks"][0]["verdict"], false);
  EXPECT_EQ(results["before_request_hooks"][0]["deny"], false);
}

TEST_F(Guardrails, WhatPassesIsToldToo) {
  const TestAnswer answer = Post(
      Chat("hello"),
      Target(R"(,"before_request_hooks":[{"type":"guardrail","id":"words","deny":true,)"
             R"("checks":[{"id":"default.contains","parameters":{"words":["x"],"operator":"none"}}]}])"));
  EXPECT_EQ(answer.status, 200);
  const Json results = Json::parse(answer.body)["hook_results"];
  EXPECT_EQ(results["before_request_hooks"][0]["verdict"], true);
  EXPECT_EQ(results["before_request_hooks"][0]["id"], "words");
}

TEST_F(Guardrails, CallsWithoutGuardrailsHaveNoResults) {
  const TestAnswer answer = Post(Chat("hello"), Target(""));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, kAnswer);
}

TEST_F(Guardrails, AMutatorChangesWhatTheProviderGets) {
  const std::string body =
      R"({"model":"m", "messages":[{"role":"user","content":"my key is sk-ab12","novel":1},{"role":"assistant",)"
      R"("content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":)"
      R"("{\"key\":\"sk-cd34\",\"n\":1}"}}]},{"role":"tool","tool_call_id":"1","content":"sk-ef56"}], "seed": 7})";
  const TestAnswer answer = Post(body, Target(R"(,"input_mutators":[)" + std::string(kRedactKeys) + "]"));
  EXPECT_EQ(answer.status, 200);
  ASSERT_EQ(upstream_.requests().size(), 1U);
  const std::string sent = upstream_.requests()[0].body;
  EXPECT_EQ(
      Json::parse(sent),
      Json::parse(
          R"({"model":"m","messages":[{"role":"user","content":"my key is [KEY]","novel":1},{"role":"assistant",)"
          R"("content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":)"
          R"("{\"key\":\"[KEY]\",\"n\":1}"}}]},{"role":"tool","tool_call_id":"1","content":"[KEY]"}],"seed":7})"));
  // What is not the messages' is not touched.
  EXPECT_THAT(sent, HasSubstr(R"({"model":"m", "messages":)"));
  EXPECT_THAT(sent, HasSubstr(R"(, "seed": 7})"));
}

// In the order of the list: what one has changed is what the next sees.
TEST_F(Guardrails, ChangesAddUp) {
  Post(Chat("a sk-ab12"), Target(R"(,"input_guardrails":[)" + std::string(kRedactKeys) +
                                 R"(,{"default.regexReplace":{"rule":"KEY","redactText":"GONE"}}])"));
  ASSERT_EQ(upstream_.requests().size(), 1U);
  EXPECT_THAT(upstream_.requests()[0].body, HasSubstr("a [GONE]"));
}

TEST_F(Guardrails, EachTargetSeesTheRequestAsItCame) {
  const FakeUpstream second([](const SeenRequest&) { return RespondJson(200, kClean); });
  const std::string config = R"({"strategy":{"mode":"fallback"},"targets":[)" +
                             Target(R"(,"input_mutators":[)" + std::string(kRedactKeys) +
                                    R"(],"input_guardrails":[)" + kDenySwordfish + "]") +
                             "," + TargetOf(second) + "]}";
  const std::string body = Chat("swordfish sk-ab12");
  const TestAnswer answer = Post(body, config);
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(upstream_.requests(), IsEmpty());
  ASSERT_EQ(second.requests().size(), 1U);
  EXPECT_EQ(second.requests()[0].body, body);
  EXPECT_EQ(answer.body, kClean);
  EXPECT_EQ(answer.Header("x-portkey-last-used-option-index"), "config.targets[1]");
}

TEST_F(Guardrails, TheListOfStatusesDecidesWhetherADenialFallsBack) {
  const FakeUpstream second([](const SeenRequest&) { return RespondJson(200, kClean); });
  const std::string targets = R"("targets":[)" +
                              Target(R"(,"input_guardrails":[)" + std::string(kDenySwordfish) + "]") + "," +
                              TargetOf(second) + "]}";
  EXPECT_EQ(
      Post(Chat("swordfish"), R"({"strategy":{"mode":"fallback","on_status_codes":[429]},)" + targets).status,
      446);
  EXPECT_EQ(
      Post(Chat("swordfish"), R"({"strategy":{"mode":"fallback","on_status_codes":[446]},)" + targets).status,
      200);
}

TEST_F(Guardrails, ADeniedAnswerIsNotTold) {
  const TestAnswer answer =
      Post(Chat("hello"), Target(R"(,"output_guardrails":[)" + std::string(kDenySwordfish) + "]"));
  EXPECT_EQ(answer.status, 446);
  const Json body = Json::parse(answer.body);
  EXPECT_EQ(body["error"]["code"], "guardrail_denied");
  EXPECT_EQ(body["error"]["portolan"]["attempts"], 1);
  EXPECT_EQ(body["hook_results"]["after_request_hooks"][0]["verdict"], false);
  EXPECT_FALSE(body.contains("choices"));
  EXPECT_EQ(upstream_.requests().size(), 1U);
}

TEST_F(Guardrails, ADeniedAnswerFallsBackAndIsRetried) {
  const FakeUpstream second([](const SeenRequest&) { return RespondJson(200, kClean); });
  const std::string hooks = R"(,"output_guardrails":[)" + std::string(kDenySwordfish) + "]";
  const TestAnswer fallen =
      Post(Chat("hello"), R"({"strategy":{"mode":"fallback"},"targets":[)" + Target(hooks) + "," +
                              TargetOf(second, "openai", hooks) + "]}");
  EXPECT_EQ(fallen.status, 200);
  EXPECT_EQ(Json::parse(fallen.body)["choices"][0]["message"]["content"], "fine");
  EXPECT_EQ(Json::parse(fallen.body)["hook_results"]["after_request_hooks"][0]["verdict"], true);

  int calls = 0;
  answer_ = [&](const SeenRequest&) { return RespondJson(200, ++calls < 3 ? kAnswer : kClean); };
  const TestAnswer retried =
      Post(Chat("hello"), Target(hooks + R"(,"retry":{"attempts":3,"on_status_codes":[446],"base_ms":0})"));
  EXPECT_EQ(retried.status, 200);
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(retried.Header("x-portkey-retry-attempt-count"), "2");
}

TEST_F(Guardrails, Status246CountsWhereItIsListed) {
  const FakeUpstream second([](const SeenRequest&) { return RespondJson(200, kClean); });
  const std::string hooks = R"(,"output_guardrails":[)" + std::string(kFailSwordfish) + "]";
  const std::string targets = R"("targets":[)" + Target(hooks) + "," + TargetOf(second) + "]}";
  const TestAnswer kept = Post(Chat("hello"), R"({"strategy":{"mode":"fallback"},)" + targets);
  EXPECT_EQ(kept.status, 246);
  EXPECT_EQ(Post(Chat("hello"), R"({"strategy":{"mode":"fallback","on_status_codes":[246]},)" + targets).body,
            kClean);

  int calls = 0;
  answer_ = [&](const SeenRequest&) { return RespondJson(200, ++calls < 2 ? kAnswer : kClean); };
  const TestAnswer retried =
      Post(Chat("hello"), Target(hooks + R"(,"retry":{"attempts":1,"on_status_codes":[246],"base_ms":0})"));
  EXPECT_EQ(retried.status, 200);
  EXPECT_EQ(calls, 2);
}

TEST_F(Guardrails, AnAnswerIsChangedInItsTextsAlone) {
  const TestAnswer answer =
      Post(Chat("hello"), Target(R"(,"output_mutators":[)" + std::string(kRedactKeys) + "]"));
  EXPECT_EQ(answer.status, 200);
  const Json body = Json::parse(answer.body);
  EXPECT_EQ(body["choices"][0]["message"]["content"], "the word is swordfish, the key [KEY]");
  EXPECT_EQ(body["hook_results"]["after_request_hooks"][0]["transformed"], true);
  EXPECT_EQ(body["hook_results"]["after_request_hooks"][0]["type"], "mutator");
  EXPECT_THAT(answer.body, HasSubstr(R"({"id":"c-1", "object")"));
  EXPECT_THAT(answer.body, HasSubstr(R"(,  "novel":{"a":[1, 2]})"));
}

TEST_F(Guardrails, FeedbackIsToldWithWhatLedToIt) {
  const TestAnswer answer = Post(
      Chat("swordfish"),
      Target(
          R"(,"input_guardrails":[{"default.contains":{"words":["swordfish"],"operator":"none"},"default.wordCount":{"maxWords":5},)"
          R"("on_fail":{"feedback":{"value":-5,"weight":1,"metadata":{"who":"me"}}},)"
          R"("on_success":{"feedback":{"value":5}}}])"));
  const Json feedback = Json::parse(answer.body)["hook_results"]["before_request_hooks"][0]["feedback"];
  EXPECT_EQ(feedback["value"], -5);
  EXPECT_EQ(feedback["weight"], 1);
  EXPECT_EQ(feedback["metadata"]["who"], "me");
  EXPECT_EQ(feedback["metadata"]["successfulChecks"], "default.wordCount");
  EXPECT_EQ(feedback["metadata"]["failedChecks"], "default.contains");
  EXPECT_EQ(feedback["metadata"]["erroredChecks"], "");
}

TEST_F(Guardrails, WhatIsWrongWithThemIsToldBeforeAnybodyIsCalled) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {R"([{"default.nonesuch":{}}])", "input_guardrails[0]"},
      {R"json([{"default.regexMatch":{"rule":"(?=a)"}}])json", "rule"},
      {R"([{"default.contains":{"words":"a"}}])", "words"},
      {R"([{"portkey.pii":{}}])", "portkey.pii"},
      {R"(["pg-1"])", "pg-1"},
  };
  for (const auto& [list, told] : wrong) {
    const TestAnswer answer = Post(Chat("hello"), Target(R"(,"input_guardrails":)" + list));
    EXPECT_EQ(answer.status, 400) << list;
    EXPECT_EQ(Json::parse(answer.body)["error"]["code"], "invalid_config") << list;
    EXPECT_THAT(answer.body, HasSubstr(told));
  }
  EXPECT_THAT(upstream_.requests(), IsEmpty());
}

TEST_F(Guardrails, HeadersAddThemToEveryTarget) {
  const std::string list = "[" + std::string(kDenySwordfish) + "]";
  EXPECT_EQ(Post(Chat("swordfish"), Target(""), {{"x-portkey-default-input-guardrails", list}}).status, 446);
  EXPECT_EQ(Post(Chat("hello"), Target(""), {{"x-portolan-default-output-guardrails", list}}).status, 446);
  const TestAnswer wrong = Post(Chat("hello"), Target(""), {{"x-portolan-default-output-guardrails", "[1]"}});
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.body, HasSubstr("default-output-guardrails"));
}

// By the provider inside, for whoever tries them out.
TEST_F(Guardrails, EchoHasThem) {
  const std::string config =
      R"({"provider":"echo","output_guardrails":[)" + std::string(kDenySwordfish) + "]}";
  EXPECT_EQ(Post(Chat("swordfish"), config).status, 446);
  const TestAnswer good = Post(Chat("hello"), config);
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(Json::parse(good.body)["hook_results"]["after_request_hooks"][0]["verdict"], true);
}

TEST_F(Guardrails, ThoseBesideTheCallDecideNothing) {
  const TestAnswer answer = Post(
      Chat("swordfish"),
      Target(
          R"(,"input_guardrails":[{"default.contains":{"words":["swordfish"],"operator":"none"},"async":true,"deny":true}])"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, kAnswer);
  EXPECT_THAT(answer.Header("x-portkey-ignored"), HasSubstr("deny"));
}

TEST_F(Guardrails, EmbeddingsAndCompletionsHaveThem) {
  const std::string deny = Target(R"(,"input_guardrails":[)" + std::string(kDenySwordfish) + "]");
  EXPECT_EQ(Post(R"({"model":"m","input":["a","swordfish"]})", deny, {}, "/v1/embeddings").status, 446);
  EXPECT_EQ(Post(R"({"model":"m","prompt":"swordfish"})", deny, {}, "/v1/completions").status, 446);
  EXPECT_THAT(upstream_.requests(), IsEmpty());
  // Token ids cannot be read: who forbids cannot tell.
  const TestAnswer tokens = Post(R"({"model":"m","input":[[1,2]]})", deny, {}, "/v1/embeddings");
  EXPECT_EQ(tokens.status, 446);
  EXPECT_EQ(Json::parse(tokens.body)["error"]["code"], "guardrail_error");

  Answers(R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"model":"m"})");
  const std::string redact = Target(R"(,"input_mutators":[)" + std::string(kRedactKeys) + "]");
  const TestAnswer vectors = Post(R"({"model":"m","input":["a","sk-ab12"]})", redact, {}, "/v1/embeddings");
  EXPECT_EQ(vectors.status, 200);
  EXPECT_EQ(Json::parse(upstream_.requests().back().body)["input"], Json::array({"a", "[KEY]"}));
  EXPECT_TRUE(Json::parse(vectors.body).contains("hook_results"));
}

// What is relayed is one text.
TEST_F(Guardrails, RelayedCallsHaveThem) {
  const std::string both = Target(R"(,"input_guardrails":[)" + std::string(kDenySwordfish) +
                                  R"(],"output_guardrails":[)" + kDenySwordfish + "]");
  EXPECT_EQ(
      Post(R"({"model":"m","input":[{"role":"user","content":"swordfish"}]})", both, {}, "/v1/responses")
          .status,
      446);
  EXPECT_THAT(upstream_.requests(), IsEmpty());
  Answers(
      R"({"id":"r","output":[{"type":"message","content":[{"type":"output_text","text":"swordfish"}]}]})");
  EXPECT_EQ(Post(R"({"model":"m","input":"hello"})", both, {}, "/v1/responses").status, 446);
  const std::string redact = Target(R"(,"input_mutators":[)" + std::string(kRedactKeys) +
                                    R"(],"output_mutators":[)" + kRedactKeys + "]");
  Answers(
      R"({"id":"r","output":[{"type":"message","content":[{"type":"output_text","text":"a sk-ab12"}]}]})");
  const TestAnswer answer =
      Post(R"({"model":"m","input":"my sk-cd34","seed":1})", redact, {}, "/v1/responses");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(Json::parse(upstream_.requests().back().body),
            Json::parse(R"({"model":"m","input":"my [KEY]","seed":1})"));
  EXPECT_EQ(Json::parse(answer.body)["output"][0]["content"][0]["text"], "a [KEY]");
  EXPECT_TRUE(Json::parse(answer.body).contains("hook_results"));
}

// Nothing is there to look at, and what there is passes.
TEST_F(Guardrails, RelayedAnswersMayBeEmpty) {
  const std::string deny = Target(R"(,"output_guardrails":[)" + std::string(kDenySwordfish) + "]");
  Answers("");
  const TestAnswer answer = Post(R"({"model":"m","input":"hello"})", deny, {}, "/v1/responses");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, "");
}

TEST_F(Guardrails, TheMessagesDoorHasThem) {
  const auto target = [&](const std::string& hooks) { return TargetOf(upstream_, "anthropic", hooks); };
  const Headers version = {{"anthropic-version", "2023-06-01"}};
  const std::string body =
      R"({"model":"claude","max_tokens":9,"system":"s","messages":[{"role":"user","content":[{"type":"text",)"
      R"("text":"swordfish sk-ab12"}]}]})";
  const TestAnswer denied = Post(body, target(R"(,"input_guardrails":[)" + std::string(kDenySwordfish) + "]"),
                                 version, "/v1/messages");
  EXPECT_EQ(denied.status, 446);
  const Json error = Json::parse(denied.body);
  EXPECT_EQ(error["type"], "error");
  EXPECT_EQ(error["hook_results"]["before_request_hooks"][0]["verdict"], false);
  EXPECT_THAT(upstream_.requests(), IsEmpty());

  Answers(
      R"({"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"text",)"
      R"("text":"take sk-cd34"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}})");
  const TestAnswer changed = Post(body,
                                  target(R"(,"input_mutators":[)" + std::string(kRedactKeys) +
                                         R"(],"output_mutators":[)" + kRedactKeys + "]"),
                                  version, "/v1/messages");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(Json::parse(upstream_.requests().back().body)["messages"][0]["content"][0]["text"],
            "swordfish [KEY]");
  EXPECT_EQ(Json::parse(changed.body)["content"][0]["text"], "take [KEY]");
  EXPECT_TRUE(Json::parse(changed.body).contains("hook_results"));

  // The same for a provider that speaks another dialect.
  Answers(kAnswer);
  const TestAnswer mapped = Post(body,
                                 Target(R"(,"input_mutators":[)" + std::string(kRedactKeys) +
                                        R"(],"output_mutators":[)" + kRedactKeys + "]"),
                                 version, "/v1/messages");
  EXPECT_EQ(mapped.status, 200) << mapped.body;
  EXPECT_THAT(upstream_.requests().back().body, HasSubstr("swordfish [KEY]"));
  EXPECT_THAT(upstream_.requests().back().body, Not(HasSubstr("sk-ab12")));
  EXPECT_EQ(Json::parse(mapped.body)["content"][0]["text"], "the word is swordfish, the key [KEY]");
}

// To providers of another dialect as well.
TEST_F(Guardrails, TranslatedCallsHaveThem) {
  Answers(
      R"({"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"text",)"
      R"("text":"take sk-cd34"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}})");
  const TestAnswer answer =
      Post(Chat("my sk-ab12"), TargetOf(upstream_, "anthropic",
                                        R"(,"input_mutators":[)" + std::string(kRedactKeys) +
                                            R"(],"output_mutators":[)" + kRedactKeys + "]"));
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(upstream_.requests().back().body, HasSubstr("my [KEY]"));
  EXPECT_EQ(Json::parse(answer.body)["choices"][0]["message"]["content"], "take [KEY]");
}

TEST_F(Guardrails, GrpcHasTypedResults) {
  const RouteCaller caller(gateway_);
  v1::ChatCompletionRequest request;
  request.set_model("m");
  v1::Message* const message = request.add_messages();
  message->set_role("user");
  message->mutable_content()->set_text("my sk-ab12");
  const auto call = [&](const std::string& config, v1::ChatCompletion* answer) {
    grpc::ClientContext context;
    context.AddMetadata("x-portolan-config", config);
    return caller.chat().CreateChatCompletion(&context, request, answer);
  };
  v1::ChatCompletion answer;
  ASSERT_TRUE(call(Target(R"(,"input_mutators":[)" + std::string(kRedactKeys) + R"(],"output_mutators":[)" +
                          kRedactKeys + "]"),
                   &answer)
                  .ok());
  EXPECT_THAT(upstream_.requests().back().body, HasSubstr("my [KEY]"));
  EXPECT_EQ(answer.choices(0).message().content().text(), "the word is swordfish, the key [KEY]");
  ASSERT_EQ(answer.hook_results().before_request_hooks_size(), 1);
  EXPECT_TRUE(answer.hook_results().before_request_hooks(0).transformed());
  EXPECT_EQ(answer.hook_results().after_request_hooks(0).checks(0).id(), "default.regexReplace");

  ASSERT_TRUE(call(Target(R"(,"output_guardrails":[)" + std::string(kFailSwordfish) + "]"), &answer).ok());
  EXPECT_FALSE(answer.hook_results().after_request_hooks(0).verdict());

  const grpc::Status status =
      call(Target(R"(,"output_guardrails":[)" + std::string(kDenySwordfish) + "]"), &answer);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  bool found = false;
  for (const auto& detail : details.details()) {
    v1::HookResults results;
    if (!detail.UnpackTo(&results)) continue;
    found = true;
    EXPECT_FALSE(results.after_request_hooks(0).verdict());
    EXPECT_TRUE(results.after_request_hooks(0).deny());
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace portolan::test
