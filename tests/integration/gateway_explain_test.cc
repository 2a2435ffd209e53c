// Where a call goes and why, told without making it and beside making it.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "portolan/v1/routing_service.grpc.pb.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kBody[] = R"({"model":"m","messages":[{"role":"user","content":"UNSPEAKABLE"}]})";
constexpr char kAnswer[] =
    R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]})";

// A fallback from `url` to a draw of two targets that would be called at `url` as well.
std::string Config(const std::string& url) {
  return json{{"strategy", {{"mode", "fallback"}}},
              {"custom_host", url},
              {"targets",
               {{{"provider", "openai"}, {"api_key", "SECRET"}},
                {{"strategy", {{"mode", "loadbalance"}}},
                 {"targets",
                  {{{"provider", "openai"}, {"api_key", "SECRET"}},
                   {{"provider", "anthropic"}, {"api_key", "SECRET"}, {"weight", 0}}}}}}}}
      .dump();
}

TEST(GatewayExplain, TellsEveryCandidateAndCallsNobody) {
  const FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, kAnswer); });
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const TestAnswer answer =
      client.Post("/v1/explain?operation=chat", kBody, {{"x-portkey-config", Config(upstream.url())}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(upstream.requests().empty());
  EXPECT_THAT(answer.body, Not(HasSubstr("SECRET")));
  EXPECT_THAT(answer.body, Not(HasSubstr("UNSPEAKABLE")));

  const json told = json::parse(answer.body);
  EXPECT_EQ(told["chosen"], "config.targets[0]");
  ASSERT_EQ(told["candidates"].size(), 3u);
  const json& first = told["candidates"][0];
  EXPECT_EQ(first["state"], "chosen");
  EXPECT_EQ(first["provider"], "openai");
  EXPECT_EQ(first["host"], upstream.url());
  EXPECT_EQ(first["key"], "config");
  EXPECT_EQ(told["candidates"][2]["path"], "config.targets[1].targets[1]");
  EXPECT_EQ(told["candidates"][2]["state"], "standby");
}

TEST(GatewayExplain, TellsWhatChanceAndConditionsDecide) {
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const auto ask = [&](const std::string& config, const std::string& metadata) {
    const TestAnswer answer =
        client.Post("/explain", kBody, {{"x-portolan-config", config}, {"x-portolan-metadata", metadata}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  };
  const std::string conditional =
      R"({"strategy":{"mode":"conditional","conditions":[{"query":{"metadata.plan":"paid"},"then":"b"}]},)"
      R"("targets":[{"name":"a","provider":"echo"},{"name":"b","provider":"echo"}]})";
  const json paid = ask(conditional, R"({"plan":"paid"})");
  EXPECT_EQ(paid["chosen"], "config.targets[1]");
  EXPECT_EQ(paid["decisions"][0]["what"], "conditions[0] matches: targets[1]");
  EXPECT_EQ(paid["candidates"][0]["state"], "unused");
  const json unpaid = ask(conditional, "{}");
  EXPECT_FALSE(unpaid.contains("chosen"));
  EXPECT_EQ(unpaid["candidates"][1]["reason"], "no condition matches");

  const json refused =
      ask(R"({"strategy":{"mode":"fallback"},"targets":[)" + conditional + R"(,{"provider":"echo"}]})", "{}");
  EXPECT_FALSE(refused.contains("chosen"));
  for (const json& candidate : refused["candidates"]) EXPECT_EQ(candidate["state"], "unused");

  const json drawn = ask(
      R"({"strategy":{"mode":"loadbalance"},"targets":[{"provider":"echo","weight":0},{"provider":"anthropic"}]})",
      "{}");
  EXPECT_EQ(drawn["chosen"], "config.targets[1]");
  EXPECT_THAT(drawn["decisions"][0]["what"].get<std::string>(), HasSubstr("of 1: targets[1]"));
  EXPECT_THAT(drawn["candidates"][1]["problem"].get<std::string>(), HasSubstr("missing_provider_key"));
}

TEST(GatewayExplain, NamesTheGuardrailsOfEachCandidate) {
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const std::string config =
      R"({"strategy":{"mode":"fallback"},"input_guardrails":[{"id":"polite","notNull":{}},{"notNull":{}}],)"
      R"("targets":[{"provider":"echo"},{"provider":"echo","input_guardrails":[],)"
      R"("output_guardrails":[{"notNull":{}}]},{"provider":"echo","input_guardrails":[]}]})";
  const TestAnswer answer = client.Post("/explain", kBody, {{"x-portolan-config", config}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json candidates = json::parse(answer.body)["candidates"];
  EXPECT_EQ(candidates[0]["input_guardrails"], json({"polite", "input[1]"}));
  EXPECT_FALSE(candidates[0].contains("output_guardrails"));
  EXPECT_FALSE(candidates[1].contains("input_guardrails"));
  EXPECT_EQ(candidates[1]["output_guardrails"], json({"output[0]"}));
  EXPECT_FALSE(candidates[2].contains("input_guardrails"));
}

// What looks at a call does not stand in its route alone.
TEST(GatewayExplain, NamesWhatLooksAtEveryAttempt) {
  const TempFolder folder;
  const std::string path = folder.path() + "/gateway.yaml";
  std::ofstream(path)
      << "guardrails: {all: {notNull: {}}, mine: {notNull: {}}}\n"
         "middleware: {a: {built_in: user_of_caller}, b: {built_in: user_of_caller}, "
         "c: {built_in: user_of_caller}}\n"
         "default_input_guardrails: [all]\ndefault_middleware: [a]\n"
         "callers: {keys: [{name: ann, key: \"env:ANN\", input_guardrails: [mine], middleware: [b]}]}\n";
  GatewayFixture gateway = GatewayFixture::FromFile(path, {{"ANN", "ann-key"}});
  const std::string config =
      R"({"provider":"echo","input_guardrails":[{"id":"own","notNull":{}}],"middleware":["c","a"]})";
  const TestAnswer answer = TestClient(gateway.http_address())
                                .Post("/explain", kBody,
                                      {{"x-portolan-api-key", "ann-key"},
                                       {"x-portolan-config", config},
                                       {"x-portolan-default-input-guardrails", R"([{"notNull":{}}])"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json candidate = json::parse(answer.body)["candidates"][0];
  EXPECT_EQ(candidate["input_guardrails"], json({"own", "headers.input[0]", "mine", "all"}));
  EXPECT_EQ(candidate["middleware"], json({"a", "b", "c"}));
}

TEST(GatewayExplain, RefusesWhatACallWouldRefuse) {
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const auto code = [](const TestAnswer& answer) {
    EXPECT_EQ(answer.status, 400);
    return json::parse(answer.body)["error"]["code"].get<std::string>();
  };
  EXPECT_EQ(code(client.Post("/v1/explain?operation=sing", kBody)), "invalid_value");
  EXPECT_EQ(code(client.Post("/v1/explain", R"({"model":5})")), "invalid_value");
  EXPECT_EQ(code(client.Post("/v1/explain", "{")), "invalid_json");
  EXPECT_EQ(code(client.Post("/v1/explain", kBody, {{"x-portolan-config", "[object Object]"}})),
            "invalid_config");
  EXPECT_EQ(client.Post("/v1/explain?operation=embedding", R"({"model":"echo/echo","input":"x"})").status,
            200);
}

TEST(GatewayExplain, ExplainsTypedRequests) {
  GatewayFixture gateway;
  const auto stub = v1::RoutingService::NewStub(
      grpc::CreateChannel(gateway.grpc_address(), grpc::InsecureChannelCredentials()));
  v1::ExplainRequest request;
  request.mutable_chat()->set_model("echo/echo");
  request.mutable_chat()->set_stream(true);
  request.mutable_chat()->mutable_portolan()->mutable_config()->add_targets()->set_provider("echo");
  v1::Explanation explanation;
  grpc::ClientContext context;
  const grpc::Status status = stub->Explain(&context, request, &explanation);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(explanation.chosen(), "config.targets[0]");
  EXPECT_EQ(explanation.candidates(0).provider(), "echo");

  grpc::ClientContext empty;
  EXPECT_EQ(stub->Explain(&empty, v1::ExplainRequest(), &explanation).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(GatewayExplain, ACallThatAsksBringsItsRecord) {
  const FakeUpstream upstream([](const SeenRequest& request) {
    return request.Header("authorization") == "Bearer first"
               ? RespondJson(503, R"({"error":{"message":"no"}})")
               : RespondJson(200, kAnswer);
  });
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const std::string config = R"({"strategy":{"mode":"fallback"},"custom_host":")" + upstream.url() +
                             R"(","targets":[{"provider":"openai","api_key":"first"},)"
                             R"({"provider":"openai","api_key":"second"}]})";
  const Headers headers = {{"x-portolan-config", config}};
  EXPECT_EQ(client.Post("/v1/chat/completions", kBody, headers).Header("x-portolan-explain"), "");

  Headers asking = headers;
  asking.emplace_back("x-portolan-explain", "true");
  const TestAnswer answer = client.Post("/v1/chat/completions", kBody, asking);
  EXPECT_EQ(answer.status, 200);
  const json told = json::parse(answer.Header("x-portolan-explain"));
  EXPECT_EQ(told["chosen"], "config.targets[1]");
  EXPECT_EQ(told["decisions"][0]["what"], "503: falls back to targets[1]");
  EXPECT_EQ(told["candidates"][0]["state"], "failed");
  EXPECT_EQ(told["candidates"][1]["state"], "chosen");
}

// Bounded, however many targets there are.
TEST(GatewayExplain, TheRecordFitsAHeader) {
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  std::string config = R"({"strategy":{"mode":"fallback"},"targets":[{"provider":"echo"})";
  for (int i = 0; i < 200; ++i) config += R"(,{"provider":"echo"})";
  const TestAnswer answer =
      client.Post("/v1/chat/completions", R"({"model":"echo","messages":[{"role":"user","content":"x"}]})",
                  {{"x-portolan-config", config + "]}"}, {"x-portolan-explain", "true"}});
  EXPECT_EQ(answer.status, 200);
  const std::string header = answer.Header("x-portolan-explain");
  EXPECT_LE(header.size(), 4096u);
  EXPECT_EQ(json::parse(header)["chosen"], "config.targets[0]");
}

}  // namespace
}  // namespace portolan::test
