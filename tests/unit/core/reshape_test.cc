#include "server/core/reshape.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/completion.pb.h"
#include "providers/registry.h"
#include "server/core/operations.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;
using nlohmann::json;

class Collector final : public providers::MessageSink {
 public:
  explicit Collector(const Message& type) : type_(type) {}
  Message* Add() override {
    all_.emplace_back(type_.New());
    return all_.back().get();
  }
  const std::vector<std::unique_ptr<Message>>& all() const { return all_; }

 private:
  const Message& type_;
  std::vector<std::unique_ptr<Message>> all_;
};

class ReshapeTest : public testing::Test {
 protected:
  ReshapeTest() {
    auto operations = Operations::Build(providers::BuiltInCatalog().dialects);
    EXPECT_TRUE(operations.ok()) << operations.status();
    operations_ = *std::move(operations);
  }

  void Read(const json& value, Message* message) {
    codec::DecodeError error;
    ASSERT_TRUE(codec::Decode(*operations_->codec().Find(message->GetDescriptor()), value.dump(),
                              {.strictness = codec::Strictness::kResponse}, message, &error))
        << error.ToString();
  }
  json Written(const Message& message) {
    std::string text;
    codec::Encode(*operations_->codec().Find(message.GetDescriptor()), message, {}, &text);
    return json::parse(text);
  }
  template <typename Answer, typename Chunk>
  json Split(const json& value, bool include_usage) {
    Answer answer;
    Read(value, &answer);
    Collector chunks(Chunk::default_instance());
    SplitAnswer(answer, include_usage, chunks);
    json all = json::array();
    for (const auto& chunk : chunks.all()) all.push_back(Written(*chunk));
    return all;
  }
  template <typename Answer, typename Chunk>
  json Join(const json& values) {
    Answer answer;
    AnswerJoiner joiner(&answer);
    for (const json& value : values) {
      Chunk chunk;
      Read(value, &chunk);
      joiner.Add(chunk);
    }
    joiner.Finish();
    return Written(answer);
  }

  std::unique_ptr<Operations> operations_;
};

// The shapes of OpenAI's API reference: chat completion objects and their chunks.
const json kAnswer = json::parse(R"({
  "id": "c", "object": "chat.completion", "created": 17, "model": "m", "system_fingerprint": "f", "x": {"y": 1},
  "choices": [
    {"index": 0, "message": {"role": "assistant", "content": "Hi", "refusal": null, "reasoning_content": "so"},
     "logprobs": {"content": [{"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": []}], "refusal": null},
     "finish_reason": "stop"},
    {"index": 1, "message": {"role": "assistant", "content": null, "tool_calls": [
       {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"p\":1}"}},
       {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}}]},
     "finish_reason": "tool_calls"}],
  "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}})");

TEST_F(ReshapeTest, AnAnswerAsAStreamSaysItsMessagesThenTheirEndsThenItsUsage) {
  const json chunks = Split<v1::ChatCompletion, v1::ChatCompletionChunk>(kAnswer, true);
  ASSERT_EQ(chunks.size(), 5u);
  for (const json& chunk : chunks) {
    EXPECT_EQ(chunk["object"], "chat.completion.chunk");
    EXPECT_EQ(chunk["id"], "c");
    EXPECT_EQ(chunk["created"], 17);
    EXPECT_EQ(chunk["model"], "m");
  }
  const json& said = chunks[0]["choices"][0];
  EXPECT_EQ(said["delta"]["role"], "assistant");
  EXPECT_EQ(said["delta"]["content"], "Hi");
  EXPECT_EQ(said["delta"]["reasoning_content"], "so");
  EXPECT_EQ(said["logprobs"]["content"][0]["token"], "Hi");
  EXPECT_FALSE(said.contains("finish_reason") && !said["finish_reason"].is_null());
  EXPECT_EQ(chunks[0]["x"]["y"], 1);
  EXPECT_TRUE(chunks[0]["usage"].is_null());
  EXPECT_EQ(chunks[1]["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(chunks[1]["choices"][0]["delta"], json::object());
  const json& calls = chunks[2]["choices"][0]["delta"]["tool_calls"];
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0]["index"], 0);
  EXPECT_EQ(calls[1]["index"], 1);
  EXPECT_EQ(calls[1]["id"], "b");
  EXPECT_EQ(calls[0]["function"]["arguments"], "{\"p\":1}");
  EXPECT_EQ(chunks[2]["choices"][0]["index"], 1);
  EXPECT_EQ(chunks[3]["choices"][0]["finish_reason"], "tool_calls");
  EXPECT_EQ(chunks[4]["choices"], json::array());
  EXPECT_EQ(chunks[4]["usage"]["total_tokens"], 7);

  const json unasked = Split<v1::ChatCompletion, v1::ChatCompletionChunk>(kAnswer, false);
  ASSERT_EQ(unasked.size(), 4u);
  for (const json& chunk : unasked) EXPECT_FALSE(chunk.contains("usage"));
}

TEST_F(ReshapeTest, AStreamOfAnAnswerPutTogetherIsTheAnswer) {
  json expected = kAnswer;
  expected["choices"][0]["message"].erase("refusal");  // nulls of what is not there
  expected["choices"][1]["message"].erase("content");
  expected["choices"][0]["logprobs"].erase("refusal");
  json joined = Join<v1::ChatCompletion, v1::ChatCompletionChunk>(
      Split<v1::ChatCompletion, v1::ChatCompletionChunk>(kAnswer, true));
  for (json& choice : joined["choices"]) {
    if (choice["message"].contains("refusal") && choice["message"]["refusal"].is_null())
      choice["message"].erase("refusal");
    if (choice["message"].contains("content") && choice["message"]["content"].is_null())
      choice["message"].erase("content");
    if (choice.contains("logprobs")) choice["logprobs"].erase("refusal");
  }
  EXPECT_EQ(joined, expected);
}

TEST_F(ReshapeTest, PiecesAreJoinedByTheirPlaces) {
  const auto chunk = [](json delta, int index = 0, const char* finish = nullptr) {
    json choice = {{"index", index}, {"delta", std::move(delta)}, {"finish_reason", nullptr}};
    if (finish != nullptr) choice["finish_reason"] = finish;
    return json{{"id", "c"},
                {"object", "chat.completion.chunk"},
                {"created", 1},
                {"model", "m"},
                {"choices", {choice}}};
  };
  const auto call = [](int index, const char* id, const char* name, const char* arguments) {
    json out = {{"index", index}, {"function", {{"arguments", arguments}}}};
    if (id != nullptr) out["id"] = id, out["type"] = "function", out["function"]["name"] = name;
    return json{{"tool_calls", {out}}};
  };
  const json answer = Join<v1::ChatCompletion, v1::ChatCompletionChunk>(
      json::array({chunk({{"role", "assistant"}, {"content", ""}}, 1),
                   chunk({{"role", "assistant"}, {"content", ""}}),
                   chunk({{"content", "a"}}, 1),
                   chunk({{"content", "b"}}, 1, "length"),
                   chunk(call(1, "y", "g", "")),
                   chunk(call(0, "x", "f", "{\"a")),
                   chunk(call(1, nullptr, nullptr, "{}")),
                   chunk(call(0, nullptr, nullptr, "\":1}")),
                   {{"choices", json::array()}, {"usage", {{"prompt_tokens", 1}}}}}));
  ASSERT_EQ(answer["choices"].size(), 2u);
  const json& first = answer["choices"][0];
  EXPECT_EQ(first["index"], 0);
  // Calls without a reason: a good end all the same.
  EXPECT_EQ(first["finish_reason"], "tool_calls");
  EXPECT_EQ(first["message"]["tool_calls"],
            json::parse(R"([{"id":"x","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
                            {"id":"y","type":"function","function":{"name":"g","arguments":"{}"}}])"));
  EXPECT_EQ(answer["choices"][1]["message"]["content"], "ab");
  EXPECT_EQ(answer["choices"][1]["finish_reason"], "length");
  EXPECT_EQ(answer["usage"]["prompt_tokens"], 1);
  EXPECT_EQ(answer["object"], "chat.completion");
}

TEST_F(ReshapeTest, CompletionsGoBothWays) {
  const json answer = json::parse(R"({"id":"c","object":"text_completion","created":1,"model":"m",
      "choices":[{"text":"one","index":0,"finish_reason":"length"},{"text":"two","index":1,"finish_reason":"stop"}],
      "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})");
  const json chunks = Split<v1::Completion, v1::Completion>(answer, true);
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0]["choices"][0]["text"], "one");
  EXPECT_EQ(chunks[2]["usage"]["total_tokens"], 3);
  EXPECT_EQ((Join<v1::Completion, v1::Completion>(chunks)), answer);
}

TEST_F(ReshapeTest, OrderedBlocksAreJoinedToo) {
  const json steps = json::parse(R"([
    {"index":0,"content_block":{"type":"thinking","thinking":""}}, {"index":0,"delta":{"type":"thinking_delta","thinking":"so"}},
    {"index":0,"delta":{"type":"signature_delta","signature":"sig"}}, {"index":0,"stop":true},
    {"index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}},
    {"index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}, {"index":1,"delta":{"type":"input_json_delta","partial_json":"1}"}},
    {"index":1,"stop":true}])");
  json chunks = json::array();
  for (const json& step : steps) {
    chunks.push_back({{"choices", {{{"index", 0}, {"delta", {{"content_blocks", {step}}}}}}}});
  }
  const json answer = Join<v1::ChatCompletion, v1::ChatCompletionChunk>(chunks);
  EXPECT_EQ(answer["choices"][0]["message"]["content_blocks"],
            json::parse(R"([{"type":"thinking","thinking":"so","signature":"sig"},
                            {"type":"tool_use","id":"t","name":"f","input":{"a":1}}])"));
}

TEST_F(ReshapeTest, WhatHasNoChoicesIsNoStream) {
  EXPECT_TRUE((Split<v1::ChatCompletion, v1::ChatCompletionChunk>(json{{"id", "x"}}, true).empty()));
}

}  // namespace
}  // namespace portolan::core
