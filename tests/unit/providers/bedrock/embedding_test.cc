// Embeddings by InvokeModel. Bodies are those of AWS's user guide (model-parameters-titan-embed-text,
// model-parameters-titan-embed-mm, model-parameters-embed-v3, model-parameters-embed-v4) and of the Nova user
// guide (embeddings-schema); ids and ARNs have the forms that botocore's InvokeModelIdentifier allows.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/providers/bedrock/harness.h"

namespace portolan::providers::bedrock {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr char kTitan[] = "amazon.titan-embed-text-v2:0";
constexpr char kTitanV1[] = "amazon.titan-embed-text-v1";
constexpr char kTitanImage[] = "amazon.titan-embed-image-v1";
constexpr char kNova[] = "amazon.nova-2-multimodal-embeddings-v1:0";
constexpr char kCohere[] = "cohere.embed-v4:0";

const Harness& TheHarness() {
  static const Harness harness;
  return harness;
}

// A request for a model, with more members.
Harness::Request Encode(const char* model, const char* members) {
  json hub = json::parse(members);
  hub["model"] = model;
  return TheHarness().EncodeFor(operation::kEmbedding, hub);
}

json Wire(const char* model, const char* members) {
  const auto sent = Encode(model, members);
  EXPECT_FALSE(sent.error) << sent.error->message;
  EXPECT_THAT(sent.dropped, IsEmpty());
  return sent.wire;
}

CallFacts Facts(const char* model, int64_t input_tokens = -1) {
  CallFacts facts;
  facts.operation = operation::kEmbedding;
  facts.model = model;
  facts.input_tokens = input_tokens;
  return facts;
}

void ExpectRefused(const char* model, const char* members, const char* param) {
  const auto sent = Encode(model, members);
  ASSERT_TRUE(sent.error) << model << members;
  EXPECT_EQ(sent.error->http_status, 400);
  EXPECT_EQ(sent.error->param, param) << model << members;
}

TEST(BedrockEmbeddings, TheModelsNameTellsHowItIsSpokenTo) {
  struct {
    const char* id;
    const char* style;
    size_t most;
  } const cases[] = {
      {kTitan, "titan", 1},
      {kTitanV1, "titan_v1", 1},
      {"amazon.titan-embed-g1-text-02", "titan_v1", 1},
      {kTitanImage, "titan_image", 1},
      {kNova, "nova", 1},
      {"cohere.embed-english-v3", "", 96},
      {"cohere.embed-multilingual-v3", "", 96},
      {kCohere, "", 96},
      {"us.cohere.embed-v4:0", "", 96},
      {"global.cohere.embed-v4:0", "", 96},
      {"arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0", "titan", 1},
      {"arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.cohere.embed-v4:0", "", 96},
      {"arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/amazon.titan-embed-text-v1", "titan_v1", 1},
  };
  for (const auto& one : cases) {
    const Form* const form = TheHarness().FormOf(operation::kEmbedding, one.id);
    ASSERT_NE(form, nullptr) << one.id;
    EXPECT_EQ(form->style, one.style) << one.id;
    EXPECT_EQ(form->max_inputs, one.most) << one.id;
    EXPECT_EQ(form->path, "/model/{model}/invoke");
    EXPECT_EQ(TheHarness().FormOf(operation::kChat, one.id), nullptr) << one.id;
  }
  for (const char* const id : {"us.amazon.nova-2-lite-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                               "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc1"}) {
    EXPECT_EQ(TheHarness().FormOf(operation::kEmbedding, id), nullptr) << id;
    EXPECT_NE(TheHarness().FormOf(operation::kChat, id), nullptr) << id;
  }
}

TEST(BedrockEmbeddings, TitansRequests) {
  EXPECT_EQ(Wire(kTitan, R"({"input":"a"})"), json({{"inputText", "a"}}));
  EXPECT_EQ(Wire(kTitan, R"({"input":["a"],"dimensions":256,"encoding_format":"base64","normalize":true})"),
            json({{"inputText", "a"}, {"dimensions", 256}, {"normalize", true}}));
  EXPECT_EQ(Wire(kTitan, R"({"input":"a","embedding_types":["binary"]})"),
            json({{"inputText", "a"}, {"embeddingTypes", {"binary"}}}));
  EXPECT_EQ(Wire(kTitanV1, R"({"input":"a","dimensions":1536})"), json({{"inputText", "a"}}));
  EXPECT_EQ(Wire(kTitanImage, R"({"input":"a","inputImage":"iVBORw0KGgo=","dimensions":384})"),
            json::parse(R"({"inputText":"a","inputImage":"iVBORw0KGgo=",
                            "embeddingConfig":{"outputEmbeddingLength":384}})"));
  EXPECT_EQ(Wire(kTitanImage, R"({"input_image":"iVBORw0KGgo="})"), json({{"inputImage", "iVBORw0KGgo="}}));
}

TEST(BedrockEmbeddings, WhatTitanHasNoWordFor) {
  const auto sent =
      Encode(kTitan, R"({"input":"a","user":"u","input_type":"search_query","inputImage":"x","novel":1})");
  ASSERT_FALSE(sent.error);
  EXPECT_EQ(sent.wire, json({{"inputText", "a"}}));
  EXPECT_THAT(sent.dropped, UnorderedElementsAre("input_type", "inputImage", "novel", "user"));
  // The first model takes nothing but the text.
  EXPECT_THAT(Encode(kTitanV1, R"({"input":"a","normalize":true})").dropped, ElementsAre("normalize"));
  ExpectRefused(kTitanV1, R"({"input":"a","dimensions":256})", "dimensions");
  ExpectRefused(kTitan, R"({"input":"a","embeddingTypes":["float","binary"]})", "embeddingTypes");
  ExpectRefused(kTitan, R"({"input":[1,2]})", "input");
  ExpectRefused(kTitan, R"({"input":[[1],[2]]})", "input");
  ExpectRefused(kTitan, R"({"input":["a","b"]})", "input");
  ExpectRefused(kTitan, R"({"input":[]})", "input");
  ExpectRefused(kTitan, R"({})", "input");
}

TEST(BedrockEmbeddings, TitansAnswers) {
  const auto floats = TheHarness().DecodeFor(
      Facts(kTitan),
      R"({"embedding":[0.5,-1],"embeddingsByType":{"float":[0.5,-1]},"inputTextTokenCount":4})");
  ASSERT_FALSE(floats.error) << floats.error->message;
  EXPECT_EQ(floats.hub, json::parse(R"({"object":"list","model":"amazon.titan-embed-text-v2:0",
      "data":[{"object":"embedding","index":0,"embedding":[0.5,-1.0]}],
      "usage":{"prompt_tokens":4,"total_tokens":4}})"));
  const auto binary = TheHarness().DecodeFor(
      Facts(kTitan), R"({"embeddingsByType":{"binary":[0,1,1]},"inputTextTokenCount":4})");
  ASSERT_FALSE(binary.error) << binary.error->message;
  EXPECT_EQ(binary.hub["data"][0]["embedding"], json({0, 1, 1}));
  // Python: base64.b64encode(struct.pack("<2f", 0.5, -1)).
  CallFacts facts = Facts(kTitanImage, 7);
  facts.base64 = true;
  const auto base64 = TheHarness().DecodeFor(facts, R"({"embedding":[0.5,-1],"message":null})");
  ASSERT_FALSE(base64.error) << base64.error->message;
  EXPECT_EQ(base64.hub["data"][0]["embedding"], "AAAAPwAAgL8=");
  EXPECT_EQ(base64.hub["usage"]["prompt_tokens"], 7);
}

TEST(BedrockEmbeddings, NovasRequests) {
  EXPECT_EQ(Wire(kNova, R"({"input":"a"})"), json::parse(R"({"taskType":"SINGLE_EMBEDDING",
      "singleEmbeddingParams":{"embeddingPurpose":"GENERIC_INDEX","text":{"truncationMode":"NONE","value":"a"}}})"));
  EXPECT_EQ(Wire(kNova, R"({"input":["a"],"dimensions":384,"embedding_purpose":"TEXT_RETRIEVAL",
                            "truncation_mode":"END"})"),
            json::parse(R"({"taskType":"SINGLE_EMBEDDING","singleEmbeddingParams":{
                "embeddingPurpose":"TEXT_RETRIEVAL","embeddingDimension":384,
                "text":{"truncationMode":"END","value":"a"}}})"));
  struct {
    const char* type;
    const char* purpose;
  } const types[] = {{"search_document", "GENERIC_INDEX"},
                     {"search_query", "GENERIC_RETRIEVAL"},
                     {"classification", "CLASSIFICATION"},
                     {"clustering", "CLUSTERING"}};
  for (const auto& one : types) {
    const std::string members = R"({"input":"a","input_type":")" + std::string(one.type) + "\"}";
    EXPECT_EQ(Wire(kNova, members.c_str())["singleEmbeddingParams"]["embeddingPurpose"], one.purpose);
  }
  // What Nova's own word says goes before.
  for (const char* const members :
       {R"({"input":"a","input_type":"clustering","embeddingPurpose":"TEXT_RETRIEVAL"})",
        R"({"input":"a","embeddingPurpose":"TEXT_RETRIEVAL","input_type":"clustering"})"}) {
    EXPECT_EQ(Wire(kNova, members)["singleEmbeddingParams"]["embeddingPurpose"], "TEXT_RETRIEVAL");
  }
  EXPECT_EQ(Wire(kNova, R"({"image":{"format":"png","source":{"bytes":"iVBORw0KGgo="}}})"),
            json::parse(R"({"taskType":"SINGLE_EMBEDDING","singleEmbeddingParams":{
                "embeddingPurpose":"GENERIC_INDEX",
                "image":{"format":"png","source":{"bytes":"iVBORw0KGgo="}}}})"));
}

TEST(BedrockEmbeddings, WhatNovaHasNoWordFor) {
  EXPECT_THAT(Encode(kNova, R"({"input":"a","user":"u","novel":1})").dropped, ElementsAre("novel", "user"));
  ExpectRefused(kNova, R"({"input":"a","input_type":"image"})", "input_type");
  ExpectRefused(kNova, R"({"input":"a","embeddingPurpose":1})", "embeddingPurpose");
  ExpectRefused(kNova, R"({"input":"a","truncationMode":{"a":1}})", "truncationMode");
  ExpectRefused(kNova, R"({"input":"a","image":{"format":"png"}})", "image");
  ExpectRefused(kNova, R"({"audio":{"format":"mp3"},"video":{"format":"mp4"}})", "video");
  ExpectRefused(kNova, R"({"input":[1,2]})", "input");
  ExpectRefused(kNova, R"({"input":[]})", "input");
}

TEST(BedrockEmbeddings, NovasAnswers) {
  const auto answer = TheHarness().DecodeFor(Facts(kNova, 9), R"({"embeddings":[
      {"embeddingType":"TEXT","embedding":[0.5,-1],"truncatedCharLength":5}]})");
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(answer.hub, json::parse(R"({"object":"list","model":"amazon.nova-2-multimodal-embeddings-v1:0",
      "data":[{"object":"embedding","index":0,"embedding":[0.5,-1.0],"truncatedCharLength":5}],
      "usage":{"prompt_tokens":9,"total_tokens":9}})"));
}

TEST(BedrockEmbeddings, CoheresRequests) {
  EXPECT_EQ(Wire(kCohere, R"({"input":["a","b"],"dimensions":256,"input_type":"search_query",
                              "truncate":"RIGHT"})"),
            json::parse(R"({"texts":["a","b"],"input_type":"search_query","embedding_types":["float"],
                            "output_dimension":256,"truncate":"RIGHT"})"));
  EXPECT_EQ(Wire("cohere.embed-english-v3", R"({"input":"a","embedding_types":["int8"]})"),
            json::parse(R"({"texts":["a"],"input_type":"search_document","embedding_types":["int8"]})"));
}

TEST(BedrockEmbeddings, CoheresAnswers) {
  constexpr char kAnswer[] = R"({"id":"f1","embeddings":{"float":[[0.5,-1],[2,0.25]]},"texts":["a","b"],
                                 "response_type":"embeddings_by_type"})";
  const auto answer = TheHarness().DecodeFor(Facts(kCohere, 6), kAnswer);
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(answer.hub["data"], json::parse(R"([{"object":"embedding","index":0,"embedding":[0.5,-1.0]},
                                                {"object":"embedding","index":1,"embedding":[2.0,0.25]}])"));
  EXPECT_EQ(answer.hub["usage"], json::parse(R"({"prompt_tokens":6,"total_tokens":6})"));
  // Nobody has counted, and clients look for a count.
  EXPECT_EQ(TheHarness().DecodeFor(Facts(kCohere), kAnswer).hub["usage"],
            json::parse(R"({"prompt_tokens":0,"total_tokens":0})"));
}

TEST(BedrockEmbeddings, NoEmbeddingsIsNoAnswer) {
  struct {
    const char* model;
    const char* answer;
  } const cases[] = {{kTitan, "{}"},
                     {kTitan, R"({"embedding":[],"inputTextTokenCount":4})"},
                     {kTitanImage, R"({"message":"The image cannot be read."})"},
                     {kNova, "{}"},
                     {kNova, R"({"embeddings":[]})"},
                     {kNova, R"({"embeddings":[{"embeddingType":"TEXT","embedding":[]}]})"},
                     {kCohere, R"({"embeddings":{}})"}};
  for (const auto& one : cases) {
    const auto answer = TheHarness().DecodeFor(Facts(one.model), one.answer);
    ASSERT_TRUE(answer.error) << one.answer;
    EXPECT_EQ(answer.error->http_status, 502);
    EXPECT_EQ(answer.error->code, "upstream_invalid_answer");
  }
}

}  // namespace
}  // namespace portolan::providers::bedrock
