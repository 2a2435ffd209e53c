#include "tests/unit/providers/bedrock/request_case.h"

namespace portolan::providers::bedrock {
namespace {

constexpr std::string_view kNova = "us.amazon.nova-2-lite-v1:0";
constexpr std::string_view kLlama = "meta.llama3-1-70b-instruct-v1:0";
constexpr std::string_view kProfile =
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456";

class ParametersTest : public testing::TestWithParam<RequestCase> {};
TEST_P(ParametersTest, AreSentAsExpected) { ExpectSent(GetParam()); }

const RequestCase kCases[] = {
    {"Inference", R"({"max_tokens":10,"temperature":0.5,"stop":["a","","b"]})",
     R"({"inferenceConfig":{"maxTokens":10,"temperature":0.5,"stopSequences":["a","b"]}})"},
    {"InferenceOfOthers",
     R"({"max_completion_tokens":10,"max_tokens":5,"temperature":1.5,"top_p":0.5,"stop":"a"})",
     R"({"inferenceConfig":{"maxTokens":10,"temperature":1,"topP":0.5,"stopSequences":["a"]}})",
     {"temperature", "max_tokens"},
     kLlama},
    {"TemperatureOrTopPOnClaude",
     R"({"temperature":0.5,"top_p":0.9})",
     R"({"inferenceConfig":{"temperature":0.5}})",
     {"top_p"}},
    {"NoSamplingOnTheNewestClaude",
     R"({"temperature":0.5,"top_p":1,"top_k":5})",
     "{}",
     {"temperature", "top_k"},
     "us.anthropic.claude-opus-4-8-v1"},
    {"BlankStops", R"({"stop":[" ","\n"]})", "{}", {"stop[0]", "stop[1]"}},
    {"TopKOnClaude", R"({"top_k":5})", R"({"additionalModelRequestFields":{"top_k":5}})"},
    {"TopKOnNova",
     R"({"top_k":5})",
     R"({"additionalModelRequestFields":{"inferenceConfig":{"topK":5}}})",
     {},
     kNova},
    {"TopKOnAProfile", R"({"top_k":5})", R"({"additionalModelRequestFields":{"top_k":5}})", {}, kProfile},
    {"TopKElsewhere", R"({"top_k":5})", "{}", {"top_k"}, kLlama},
    {"JsonSchema",
     R"({"response_format":{"type":"json_schema","json_schema":{"name":"City","description":"A city.","strict":true,
         "schema":{"type":"object"}}}})",
     R"({"outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"name":"City",
         "description":"A city.","schema":"{\"type\":\"object\"}"}}}}})"},
    {"JsonMode", R"({"response_format":{"type":"json_object"}})",
     R"({"system":[{"text":"Answer with one JSON object and nothing else: no text around it and no code fence."}]})"},
    {"TextMode", R"({"response_format":{"type":"text"}})", "{}"},
    {"Metadata",
     R"({"metadata":{"team":"a b","bad":"ü","":"x"}})",
     R"({"requestMetadata":{"team":"a b"}})",
     {"metadata.bad", "metadata."}},
    {"TierAuto", R"({"service_tier":"auto"})", "{}"},
    {"TierFlex", R"({"service_tier":"flex"})", R"({"serviceTier":{"type":"flex"}})"},
    {"TierOfAnthropic", R"({"service_tier":"standard_only"})", R"({"serviceTier":{"type":"default"}})"},
    {"TierUnknown", R"({"service_tier":"scale"})", "{}", {"service_tier"}},
    {"NeutralValues",
     R"({"n":1,"logprobs":false,"frequency_penalty":0,"presence_penalty":0,"store":false,"modalities":["text"],
         "verbosity":"medium","logit_bias":{},"stream":false})",
     "{}"},
    {"WhatIsLeftOut",
     R"({"frequency_penalty":1,"presence_penalty":1,"logit_bias":{"1":2},"seed":1,"store":true,"user":"u",
         "safety_identifier":"s","verbosity":"low","prompt_cache_key":"k","novel":{"a":1},"nothing":null})",
     "{}",
     {"frequency_penalty", "presence_penalty", "logit_bias", "seed", "store", "user", "safety_identifier",
      "verbosity", "prompt_cache_key", "novel"}},
    {"NativeMembers",
     R"({"guardrailConfig":{"guardrailIdentifier":"g","guardrailVersion":"1","trace":"enabled"},
         "performanceConfig":{"latency":"optimized"},"promptVariables":{"v":{"text":"x"}},
         "additionalModelResponseFieldPaths":["/stop_sequence"],"requestMetadata":{"a":"b"},"serviceTier":{"type":"flex"}})",
     R"({"guardrailConfig":{"guardrailIdentifier":"g","guardrailVersion":"1","trace":"enabled"},
         "performanceConfig":{"latency":"optimized"},"promptVariables":{"v":{"text":"x"}},
         "additionalModelResponseFieldPaths":["/stop_sequence"],"requestMetadata":{"a":"b"},"serviceTier":{"type":"flex"}})"},
    {"NativeMembersInSnakeCase",
     R"({"guardrail_config":{"guardrailIdentifier":"g","guardrailVersion":"1"},
         "additional_model_request_fields":{"top_k":7},"performance_config":{"latency":"standard"}})",
     R"({"guardrailConfig":{"guardrailIdentifier":"g","guardrailVersion":"1"},
         "additionalModelRequestFields":{"top_k":7},"performanceConfig":{"latency":"standard"}})"},
    {"AdditionalFieldsAreMerged", R"({"additionalModelRequestFields":{"anthropic_beta":["x"]},"top_k":5})",
     R"({"additionalModelRequestFields":{"anthropic_beta":["x"],"top_k":5}})"},
};
INSTANTIATE_TEST_SUITE_P(All, ParametersTest, testing::ValuesIn(kCases), NameOfCase);

class ParametersRefusalTest : public testing::TestWithParam<RefusalCase> {};
TEST_P(ParametersRefusalTest, AreRefused) { ExpectRefused(GetParam()); }

const RefusalCase kRefusals[] = {
    {"SeveralAnswers", R"({"n":2})", "n"},
    {"Logprobs", R"({"logprobs":true})", "logprobs"},
    {"TopLogprobs", R"({"top_logprobs":2})", "top_logprobs"},
    {"Speech", R"({"modalities":["text","audio"]})", "modalities[1]"},
    {"Moderation", R"({"moderation":{"model":"m"}})", "moderation"},
    {"NegativeTemperature", R"({"temperature":-0.1})", "temperature"},
    {"TopP", R"({"top_p":1.1})", "top_p"},
    {"Formats", R"({"response_format":{"type":"grammar"}})", "response_format.type"},
    {"NoSchema", R"({"response_format":{"type":"json_schema","json_schema":{"name":"a"}}})",
     "response_format.json_schema.schema"},
    {"TwoFields", R"({"top_k":5,"additionalModelRequestFields":{"top_k":6}})",
     "additionalModelRequestFields.top_k"},
    {"TwoSpellings", R"({"additionalModelRequestFields":{"a":1},"additional_model_request_fields":{"b":1}})",
     "additional_model_request_fields"},
    {"FieldsThatAreNone", R"({"additionalModelRequestFields":[1]})", "additionalModelRequestFields"},
    {"TwoMetadata", R"({"metadata":{"a":"b"},"requestMetadata":{"c":"d"}})", "requestMetadata"},
    {"TwoTiers", R"({"service_tier":"flex","serviceTier":{"type":"default"}})", "serviceTier"},
    {"TwoOutputs",
     R"({"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{}}},"outputConfig":{"effort":"low"}})",
     "outputConfig"},
};
INSTANTIATE_TEST_SUITE_P(All, ParametersRefusalTest, testing::ValuesIn(kRefusals), NameOfRefusal);

// requestMetadata holds 16 entries at most.
TEST(MetadataTest, BeyondTheMostIsNamed) {
  nlohmann::json hub = HubOf("{}");
  for (int i = 0; i < 17; ++i) hub["metadata"][std::string(1, static_cast<char>('a' + i))] = "x";
  const auto sent = TheHarness().Encode(hub);
  ASSERT_FALSE(sent.error);
  EXPECT_EQ(sent.wire["requestMetadata"].size(), 16u);
  EXPECT_EQ(sent.dropped, DroppedMembers{"metadata.q"});
}

}  // namespace
}  // namespace portolan::providers::bedrock
