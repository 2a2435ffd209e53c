#include "server/core/payload.h"

#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <string>

#include "providers/registry.h"
#include "server/core/operations.h"

namespace portolan::core {
namespace {

class PayloadTest : public testing::Test {
 protected:
  PayloadTest() {
    auto operations = Operations::Build(providers::BuiltInCatalog().dialects);
    EXPECT_TRUE(operations.ok()) << operations.status();
    operations_ = *std::move(operations);
  }

  // The payload as a relayed request has it, or `error: …`.
  std::string Relayed(std::string_view operation, const std::string& json, const Error** unfit = nullptr) {
    CallArena arena(blocks_);
    Payload payload(*operations_->Hub(operation), arena);
    if (auto error = payload.TakeJson(json)) return "error: " + error->param + ": " + error->code;
    std::string text;
    codec::GatherList pieces;
    std::string buffer;
    if (auto error = payload.ToJson({}, /*splice=*/true, &buffer, &pieces)) return "error: " + error->message;
    for (const std::string_view piece : pieces) text += piece;
    kept_ = payload.unfit() == nullptr ? std::nullopt : std::optional(*payload.unfit());
    if (unfit != nullptr) *unfit = kept_ ? &*kept_ : nullptr;
    const google::protobuf::Message* message = nullptr;
    EXPECT_EQ(payload.ToMessage({}, &message).has_value(), kept_.has_value()) << json;
    return text;
  }

  std::unique_ptr<Operations> operations_;
  BlockPool blocks_;
  std::optional<Error> kept_;
};

constexpr auto kChat = providers::operation::kChat;

TEST_F(PayloadTest, WhatOnlyAServersOwnApiKnowsIsKeptAsItCame) {
  const struct {
    std::string_view operation;
    std::string json;
    std::string path;
  } cases[] = {
      {kChat, R"({"model":"m","metadata":{"a":1,"b":{"c":[true]}}})", "metadata.a"},
      {kChat, R"({"model":"m","logit_bias":[[50256,-100]],"stream":true})", "logit_bias"},
      {kChat, R"({"model":"m","logit_bias":{"1":false}})", "logit_bias.1"},
      {kChat, R"({"model":"m","seed":"abc","temperature":"hot"})", "seed"},
      {kChat, R"({"model":"m","messages":{"role":"user"}})", "messages"},
      {kChat, R"({"model":"m","messages":[{"role":"user","content":5}]})", "messages[0].content"},
      {kChat, R"({"model":"m","x":{"a":1,"a":2}})", "x"},
      {providers::operation::kCompletion, R"({"model":"m","prompt":["a",[1,2],3]})", "prompt[1]"},
      {providers::operation::kEmbedding, R"({"model":"m","input":["a",[1]],"dimensions":"64"})", "input[1]"},
  };
  for (const auto& c : cases) {
    const Error* unfit = nullptr;
    EXPECT_EQ(Relayed(c.operation, c.json, &unfit), c.json);
    ASSERT_NE(unfit, nullptr) << c.json;
    EXPECT_EQ(unfit->http_status, 400);
    EXPECT_EQ(unfit->param, c.path) << c.json;
  }
}

TEST_F(PayloadTest, WhatTheGatewayItselfReadsIsAlwaysChecked) {
  const struct {
    std::string json;
    std::string expected;
  } cases[] = {
      {R"({"metadata":{"a":1},"model":5})", "error: model: invalid_value"},
      {R"({"metadata":{"a":1},"model":"a","mod\u0065l":"b"})", "error: model: invalid_value"},
      {R"({"seed":"x","model":"a","stream":"yes"})", "error: stream: invalid_value"},
      {R"({"seed":"x","stream_options":{"include_usage":1}})",
       "error: stream_options.include_usage: invalid_value"},
      {R"({"seed":"x","portolan":{"timeout":5}})", "error: portolan.timeout: invalid_value"},
      {R"({"model":5})", "error: model: invalid_value"},
      {R"({"seed":"x","a":})", "error: : invalid_json"},
      {R"({"seed":"x"}})", "error: : invalid_json"},
      {R"([1])", "error: : invalid_value"},
  };
  for (const auto& c : cases) EXPECT_EQ(Relayed(kChat, c.json), c.expected) << c.json;
}

TEST_F(PayloadTest, AByteOrderMarkIsSkipped) {
  const std::string json = R"({"model":"m","messages":[]})";
  EXPECT_EQ(Relayed(kChat, "\xEF\xBB\xBF" + json), json);
  EXPECT_EQ(Relayed(kChat, "\xEF\xBB\xBF\xEF\xBB\xBF" + json), "error: : invalid_json");
  EXPECT_EQ(Relayed(kChat, json + "\xEF\xBB\xBF"), "error: : invalid_json");
}

}  // namespace
}  // namespace portolan::core
