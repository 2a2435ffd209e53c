// What only a typed request can say: verbatim texts that the gateway did not read itself.

#include <gmock/gmock.h>

#include <limits>

#include "portolan/v1/chat_request.pb.h"
#include "tests/conformance/fidelity.h"

namespace portolan::conformance {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using v1::ChatCompletionRequest;

constexpr int kInvalidArgument = -3;

class RpcFidelity : public Fidelity {
 protected:
  using Alter = std::function<void(ChatCompletionRequest&)>;

  static Outcome Call(const Alter& alter, bool stream = false) {
    const Sent sent{.body = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})",
                    .stream = stream,
                    .alter = [&alter](google::protobuf::Message& message) {
                      alter(static_cast<ChatCompletionRequest&>(message));
                    }};
    return ways().Call(
        Way::kGrpc, sent,
        stream ? test::RespondEvents({"data: {\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}]}\n\n",
                                      "data: [DONE]\n\n"})
               : PlainAnswer(Endpoint::kChat));
  }

  static void AddExtra(const std::string& name, const std::string& json, ChatCompletionRequest& request) {
    auto* extra = request.add_extra();
    extra->set_name(name);
    extra->set_json(json);
  }
};

TEST_F(RpcFidelity, VerbatimTextIsSentAsItIs) {
  const Outcome outcome = Call([](ChatCompletionRequest& request) {
    AddExtra("z", " { \"b\" : 1.0,\n\"a\":1E2 } ", request);
    AddExtra("a \"q\"\n", "\"\\u00e9\\/\"", request);
    request.add_tools()->mutable_function()->set_parameters("{\"type\" :\t\"object\"}");
  });
  EXPECT_EQ(outcome.status, 200) << outcome.answer;
  EXPECT_EQ(
      outcome.seen,
      R"({"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[{"function":{"parameters":{"type" :)"
      "\t\"object\"}}}],\"z\": { \"b\" : 1.0,\n\"a\":1E2 } ,\"a \\\"q\\\"\\n\":\"\\u00e9\\/\"}");
}

TEST_F(RpcFidelity, VerbatimTextThatIsNotOneValueIsRefused) {
  for (const char* json : {"", " ", "nul", "1 2", "1}", "1,\"model\":\"other\"", "{\"a\":1,\"a\":2}", "[1,]",
                           "\"a", "{\"a\":1}}", "01", "NaN", "// 1", "1\n,\"b\":2"}) {
    const Outcome extra = Call([json](ChatCompletionRequest& request) { AddExtra("x", json, request); });
    EXPECT_EQ(extra.status, kInvalidArgument) << json;
    EXPECT_FALSE(extra.reached) << json;
    const Outcome schema = Call([json](ChatCompletionRequest& request) {
      request.add_tools()->mutable_function()->set_parameters(json);
    });
    EXPECT_EQ(schema.status, kInvalidArgument) << json;
    EXPECT_FALSE(schema.reached) << json;
    EXPECT_THAT(schema.answer, StartsWith("tools[0].function.parameters")) << json;
  }
}

TEST_F(RpcFidelity, WhatJsonCannotSayIsRefused) {
  const std::pair<const char*, Alter> cases[] = {
      {"a name of a field that is there", [](ChatCompletionRequest& r) { AddExtra("model", "\"x\"", r); }},
      {"a name twice", [](ChatCompletionRequest& r) { AddExtra("x", "1", r), AddExtra("x", "1", r); }},
      {"a free key twice",
       [](ChatCompletionRequest& r) { r.add_metadata()->set_key("k"), r.add_metadata()->set_key("k"); }},
      {"not a number",
       [](ChatCompletionRequest& r) { r.set_temperature(std::numeric_limits<double>::quiet_NaN()); }},
      {"infinity", [](ChatCompletionRequest& r) { r.set_top_p(-std::numeric_limits<double>::infinity()); }},
      {"a number of a free key that is none",
       [](ChatCompletionRequest& r) {
         auto* bias = r.add_logit_bias();
         bias->set_key("1");
         bias->set_value(std::numeric_limits<double>::infinity());
       }},
      {"too deep",
       [](ChatCompletionRequest& r) { AddExtra("x", std::string(200, '[') + std::string(200, ']'), r); }},
      {"a stream of the unary rpc", [](ChatCompletionRequest& r) { r.set_stream(true); }},
  };
  for (const auto& [name, alter] : cases) {
    const Outcome outcome = Call(alter);
    EXPECT_EQ(outcome.status, kInvalidArgument) << name << ": " << outcome.answer;
    EXPECT_FALSE(outcome.reached) << name << ": " << outcome.seen;
  }
}

TEST_F(RpcFidelity, PresenceIsSentAsItIs) {
  const Outcome outcome = Call([](ChatCompletionRequest& request) {
    request.Clear();
    request.set_model("");
    request.set_n(0);
    request.set_store(false);
    request.set_temperature(-0.0);
    request.mutable_web_search_options();
    AddExtra("seed", "null", request);
    AddExtra("metadata", "{}", request);
    AddExtra("messages", "[]", request);
  });
  EXPECT_EQ(outcome.status, 200) << outcome.answer;
  EXPECT_EQ(
      outcome.seen,
      R"({"model":"","temperature":-0,"n":0,"store":false,"web_search_options":{},"seed":null,"metadata":{},"messages":[]})");
}

TEST_F(RpcFidelity, TheStreamingRpcAsksForAStream) {
  for (const bool asked : {false, true}) {
    const Outcome outcome = Call(
        [asked](ChatCompletionRequest& request) {
          if (asked) request.set_stream(true);
        },
        /*stream=*/true);
    EXPECT_EQ(outcome.status, 200) << outcome.answer;
    EXPECT_THAT(outcome.seen, HasSubstr("\"stream\":true"));
    EXPECT_EQ(outcome.events.size(), 1u);
  }
}

}  // namespace
}  // namespace portolan::conformance
