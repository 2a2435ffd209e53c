// Everything else in a request. The ranges are those of V2ChatRequest in cohere-ai.

#include "tests/unit/providers/cohere/request_case.h"

namespace portolan::providers::cohere {
namespace {

class ParametersTest : public testing::TestWithParam<RequestCase> {};
TEST_P(ParametersTest, AreSent) { ExpectSent(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Sampling, ParametersTest,
    testing::Values(
        RequestCase{
            "AllThereAre",
            R"({"max_tokens":9,"temperature":1.5,"top_p":0.5,"top_k":40,"seed":7,"frequency_penalty":0.5,
                        "presence_penalty":1,"stop":["a","b"]})",
            R"({"max_tokens":9,"temperature":1.5,"p":0.5,"k":40,"seed":7,"frequency_penalty":0.5,
                        "presence_penalty":1.0,"stop_sequences":["a","b"]})"},
        RequestCase{"TheNewerLimit",
                    R"({"max_tokens":9,"max_completion_tokens":8})",
                    R"({"max_tokens":8})",
                    {"max_tokens"}},
        RequestCase{"AllTokens", R"({"top_p":1,"top_k":0})", R"({"p":0.99,"k":0})"},
        RequestCase{"BeyondTheRange",
                    R"({"top_p":0,"top_k":501,"frequency_penalty":2,"presence_penalty":-1})",
                    R"({"p":0.01,"k":500,"frequency_penalty":1.0})",
                    {"top_p", "top_k", "frequency_penalty", "presence_penalty"}},
        RequestCase{
            "AsksForNothing",
            R"({"n":1,"frequency_penalty":0,"presence_penalty":0,"logprobs":false,"store":false,"stop":"",
                        "modalities":["text"],"service_tier":"auto","verbosity":"medium","response_format":{"type":"text"}})",
            "{}"},
        RequestCase{"ABlankStop", R"({"stop":["\n","x",""]})", R"({"stop_sequences":["x"]})", {"stop[0]"}},
        RequestCase{"Logprobs", R"({"logprobs":true,"top_logprobs":0})", R"({"logprobs":true})"},
        RequestCase{
            "WhatIsLeftOut",
            R"({"logit_bias":{"1":1},"store":true,"user":"u","safety_identifier":"s","metadata":{"a":"b"},
                        "service_tier":"flex","verbosity":"low","prompt_cache_key":"k","prediction":{"type":"content",
                        "content":"x"},"novel":1})",
            "{}",
            {"logit_bias", "store", "user", "safety_identifier", "metadata.a", "service_tier", "verbosity",
             "prompt_cache_key", "prediction", "novel"}},
        RequestCase{"InCoheresOwnWords",
                    R"({"k":3,"p":0.5,"stop_sequences":["x"],"safety_mode":"STRICT","priority":2,
                        "citation_options":{"mode":"FAST"},"documents":["d"]})",
                    R"({"k":3,"p":0.5,"stop_sequences":["x"],"safety_mode":"STRICT","priority":2,
                        "citation_options":{"mode":"FAST"},"documents":["d"]})"}),
    NameOfCase);

// As in the recording chat-v2-json-mode.
INSTANTIATE_TEST_SUITE_P(
    Format, ParametersTest,
    testing::Values(RequestCase{"Json", R"({"response_format":{"type":"json_object"}})",
                                R"({"response_format":{"type":"json_object"}})"},
                    RequestCase{
                        "Schema",
                        R"({"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,
                        "description":"d","schema":{"type":"object","properties":{"a":{"type":"string"}}}}}})",
                        R"({"response_format":{"type":"json_object","json_schema":
                        {"type":"object","properties":{"a":{"type":"string"}}}}})",
                        {"response_format.json_schema.description"}}),
    NameOfCase);

INSTANTIATE_TEST_SUITE_P(
    Thinking, ParametersTest,
    testing::Values(
        RequestCase{"Off", R"({"reasoning_effort":"none"})", R"({"thinking":{"type":"disabled"}})"},
        RequestCase{"Little", R"({"reasoning_effort":"low"})",
                    R"({"thinking":{"type":"enabled","token_budget":1024}})"},
        RequestCase{"AsMuchAsItLikes", R"({"reasoning_effort":"high"})",
                    R"({"thinking":{"type":"enabled"}})"},
        RequestCase{"InAnthropicsForm",
                    R"({"thinking":{"type":"enabled","budget_tokens":2000,"display":"omitted"},
                        "reasoning_effort":"low"})",
                    R"({"thinking":{"type":"enabled","token_budget":2000}})",
                    {"thinking.display", "reasoning_effort"}},
        RequestCase{"InCoheresForm", R"({"thinking":{"type":"enabled","token_budget":500}})",
                    R"({"thinking":{"type":"enabled","token_budget":500}})"},
        RequestCase{"Adaptive", R"({"thinking":{"type":"adaptive"}})", R"({"thinking":{"type":"enabled"}})"},
        RequestCase{"ModelsThatDoNot",
                    R"({"thinking":{"type":"enabled","budget_tokens":2000}})",
                    "{}",
                    {"thinking"},
                    kPlainModel},
        RequestCase{"EffortOfModelsThatDoNot",
                    R"({"reasoning_effort":"high"})",
                    "{}",
                    {"reasoning_effort"},
                    "command-r-plus-08-2024"},
        RequestCase{"OffForModelsThatDoNot", R"({"reasoning_effort":"none"})", "{}", {}, kPlainModel}),
    NameOfCase);

TEST(Parameters, AStream) {
  const auto sent = TheHarness().Encode(WithDefaults(R"({"stream":true})", kModel), {.stream = true});
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.wire.at("stream"), true);
  EXPECT_FALSE(sent.wire.contains("stream_options"));
}

class RefusedParametersTest : public testing::TestWithParam<RefusalCase> {};
TEST_P(RefusedParametersTest, SayWhere) { ExpectRefused(GetParam()); }
INSTANTIATE_TEST_SUITE_P(
    All, RefusedParametersTest,
    testing::Values(
        RefusalCase{"Answers", R"({"n":2})", "n"},
        RefusalCase{"Alternatives", R"({"logprobs":true,"top_logprobs":2})", "top_logprobs"},
        RefusalCase{"AlternativesByNumber", R"({"logprobs":2})", "logprobs"},
        RefusalCase{"Speech", R"({"modalities":["text","audio"]})", "modalities[1]"},
        RefusalCase{"Moderation", R"({"moderation":{"model":"m"}})", "moderation"},
        RefusalCase{"Cold", R"({"temperature":-1})", "temperature"},
        RefusalCase{"Improbable", R"({"top_p":1.5})", "top_p"},
        RefusalCase{"Stops", R"({"stop":["1","2","3","4","5","6"]})", "stop"},
        RefusalCase{"Format", R"({"response_format":{"type":"grammar"}})", "response_format.type"},
        RefusalCase{"NoSchema", R"({"response_format":{"type":"json_schema","json_schema":{"name":"n"}}})",
                    "response_format.json_schema.schema"},
        RefusalCase{"Effort", R"({"reasoning_effort":"some"})", "reasoning_effort"},
        RefusalCase{"Thinking", R"({"thinking":{"type":"maybe"}})", "thinking.type"},
        RefusalCase{"Twice", R"({"top_k":1,"k":2})", "k"},
        RefusalCase{"StopsTwice", R"({"stop":"a","stop_sequences":["b"]})", "stop_sequences"},
        RefusalCase{"DocumentsThatAreNoList", R"({"documents":{"a":1}})", "documents"}),
    NameOfRefusal);

}  // namespace
}  // namespace portolan::providers::cohere
