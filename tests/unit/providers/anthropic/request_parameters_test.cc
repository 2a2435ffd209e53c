#include <gtest/gtest.h>

#include "tests/unit/providers/anthropic/harness.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;

const Harness& TheHarness() {
  static const Harness* const harness = new Harness;
  return *harness;
}

constexpr const char* kDefaultModel = "claude-sonnet-4-5";

// A request of one user message with `members` in it.
json Hub(const char* model, const json& members) {
  json hub = {{"model", model}, {"max_tokens", 100}, {"messages", {{{"role", "user"}, {"content", "q"}}}}};
  hub.merge_patch(members);  // null removes
  return hub;
}

struct Case {
  const char* name;
  const char* members;         // of the hub's request; null takes the default one away
  const char* wire;            // what must be sent beside model and messages
  const char* dropped = "[]";  // what must be named
  const char* model = kDefaultModel;
};

class ParametersTest : public testing::TestWithParam<Case> {};

TEST_P(ParametersTest, AreSentAsExpected) {
  const Case& c = GetParam();
  const auto sent = TheHarness().Encode(Hub(c.model, json::parse(c.members)));
  ASSERT_FALSE(sent.error) << sent.error->message << " at " << sent.error->param;
  json rest = sent.wire;
  EXPECT_EQ(rest["model"], c.model);
  rest.erase("model");
  rest.erase("messages");
  json expected = {{"max_tokens", 100}};
  expected.merge_patch(json::parse(c.wire));
  EXPECT_EQ(rest, expected);
  EXPECT_EQ(json(sent.dropped), json::parse(c.dropped));
}

constexpr Case kLimits[] = {
    {"MaxTokens", R"({})", R"({})"},
    {"MaxCompletionTokens", R"({"max_tokens":null,"max_completion_tokens":7})", R"({"max_tokens":7})"},
    {"TheNewerOfTwoLimitsCounts", R"({"max_completion_tokens":7})", R"({"max_tokens":7})",
     R"(["max_tokens"])"},
    {"TheDefaultLimitLetsUnstreamedAnswersEnd", R"({"max_tokens":null})", R"({"max_tokens":21333})"},
    {"TheDefaultLimitOfAnOldModel", R"({"max_tokens":null})", R"({"max_tokens":4096})", "[]",
     "claude-3-opus-20240229"},
    {"TheDefaultLimitOfClaude35", R"({"max_tokens":null})", R"({"max_tokens":8192})", "[]",
     "claude-3-5-sonnet-20241022"},
    {"TheDefaultLimitOfAnotherMaker", R"({"max_tokens":null})", R"({"max_tokens":8192})", "[]", "kimi-k3"},
    {"StopAsString", R"({"stop":"END"})", R"({"stop_sequences":["END"]})"},
    {"StopAsList", R"({"stop":["A","B"]})", R"({"stop_sequences":["A","B"]})"},
    {"StopAsEmptyList", R"({"stop":[]})", R"({})"},
    {"AnEmptyStopAsksForNothing", R"({"stop":""})", R"({})"},
    {"EmptyStopsAskForNothing", R"({"stop":["","A",""]})", R"({"stop_sequences":["A"]})"},
    {"ABlankStopIsNamed", R"({"stop":"\n"})", R"({})", R"(["stop"])"},
    {"BlankStopsAreNamed", R"({"stop":["A"," ","\n\n","","\u3000"]})", R"({"stop_sequences":["A"]})",
     R"(["stop[1]","stop[2]","stop[4]"])"},
    {"BlankStopsInAnthropicsForm", R"({"stop_sequences":["A","","\t"]})", R"({"stop_sequences":["A"]})",
     R"(["stop_sequences[2]"])"},
    {"NoStopIsLeftInAnthropicsForm", R"({"stop_sequences":[""]})", R"({})"},
};
INSTANTIATE_TEST_SUITE_P(Limits, ParametersTest, testing::ValuesIn(kLimits),
                         [](const auto& test) { return test.param.name; });

constexpr Case kSampling[] = {
    {"TemperatureAndTopK", R"({"temperature":0.3,"top_k":5})", R"({"temperature":0.3,"top_k":5})"},
    {"TopP", R"({"top_p":0.3})", R"({"top_p":0.3})"},
    {"HotterThanAnthropic", R"({"temperature":1.2})", R"({"temperature":1})", R"(["temperature"])"},
    {"AsHotAsOpenAiGoes", R"({"temperature":2,"top_k":3})", R"({"temperature":1,"top_k":3})",
     R"(["temperature"])", "claude-3-haiku-20240307"},
    {"HotterBesideTopP", R"({"temperature":1.000001,"top_p":0.5})", R"({"temperature":1})",
     R"(["temperature","top_p"])"},
    {"AsHotAsAnthropic", R"({"temperature":1})", R"({"temperature":1})"},
    {"AsColdAsCanBe", R"({"temperature":0})", R"({"temperature":0})"},
    {"BothOnOldModels", R"({"temperature":0.5,"top_p":0.5})", R"({"temperature":0.5,"top_p":0.5})", "[]",
     "claude-3-haiku-20240307"},
    {"OneOfBothOnModelsThatTakeOne", R"({"temperature":0.5,"top_p":0.5})", R"({"temperature":0.5})",
     R"(["top_p"])"},
    {"NeutralTopPIsNotNamed", R"({"temperature":0.5,"top_p":1})", R"({"temperature":0.5})"},
    {"NoneOnNewModels", R"({"temperature":0.5,"top_p":0.5,"top_k":3})", R"({})",
     R"(["temperature","top_p","top_k"])", "claude-opus-4-7"},
    {"HotterThanAnthropicOnNewModels", R"({"temperature":1.7})", R"({})", R"(["temperature"])",
     "claude-sonnet-5"},
    {"DefaultsOnNewModelsAreNotNamed", R"({"temperature":1,"top_p":1})", R"({})", "[]", "claude-fable-5"},
};
INSTANTIATE_TEST_SUITE_P(Sampling, ParametersTest, testing::ValuesIn(kSampling),
                         [](const auto& test) { return test.param.name; });

constexpr Case kFormat[] = {
    {"Text", R"({"response_format":{"type":"text"}})", R"({})"},
    {"JsonSchema",
     R"({"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,
         "schema":{"type":"object","properties":{"b":{"type":"string"},"a":{}},"additionalProperties":false}}}})",
     R"({"output_config":{"format":{"type":"json_schema",
         "schema":{"type":"object","properties":{"b":{"type":"string"},"a":{}},"additionalProperties":false}}}})"},
    {"DescriptionOfASchemaIsNamed",
     R"({"response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","schema":{"a":1}}}})",
     R"({"output_config":{"format":{"type":"json_schema","schema":{"a":1}}}})",
     R"(["response_format.json_schema.description"])"},
    {"JsonModeIsAskedFor", R"({"response_format":{"type":"json_object"}})",
     R"({"system":[{"type":"text",
         "text":"Answer with one JSON object and nothing else: no text around it and no code fence."}]})"},
};
INSTANTIATE_TEST_SUITE_P(Format, ParametersTest, testing::ValuesIn(kFormat),
                         [](const auto& test) { return test.param.name; });

constexpr Case kOthers[] = {
    {"User", R"({"user":"u"})", R"({"metadata":{"user_id":"u"}})"},
    {"SafetyIdentifier", R"({"safety_identifier":"u"})", R"({"metadata":{"user_id":"u"}})"},
    {"TheSameUserTwice", R"({"user":"u","safety_identifier":"u"})", R"({"metadata":{"user_id":"u"}})"},
    {"TwoUsers", R"({"user":"u","safety_identifier":"v"})", R"({"metadata":{"user_id":"u"}})",
     R"(["safety_identifier"])"},
    {"MetadataHoldsAUser", R"({"metadata":{"user_id":"u","team":"x"}})", R"({"metadata":{"user_id":"u"}})",
     R"(["metadata.team"])"},
    {"TierAuto", R"({"service_tier":"auto"})", R"({"service_tier":"auto"})"},
    {"TierPriority", R"({"service_tier":"priority"})", R"({"service_tier":"auto"})"},
    {"TierDefault", R"({"service_tier":"default"})", R"({"service_tier":"standard_only"})"},
    {"TierFlex", R"({"service_tier":"flex"})", R"({})", R"(["service_tier"])"},
    {"NeutralValuesAreNeitherSentNorNamed",
     R"({"n":1,"frequency_penalty":0,"presence_penalty":0,"logprobs":false,"top_logprobs":0,"store":false,
         "modalities":["text"],"verbosity":"medium","logit_bias":{},"tools":[],"parallel_tool_calls":true,
         "tool_choice":"auto","stream":false,"stream_options":{"include_usage":true},"metadata":{}})",
     R"({})"},
    {"OthersAreNamed",
     R"({"frequency_penalty":0.1,"presence_penalty":-1,"logit_bias":{"5":1},"seed":4,"store":true,"verbosity":"low",
         "prediction":{"type":"content","content":"x"},"prompt_cache_key":"k","novelty":{"a":1}})",
     R"({})",
     R"(["frequency_penalty","presence_penalty","logit_bias","seed","store","prediction","verbosity",
         "prompt_cache_key","novelty"])"},
    {"AnthropicsOwnMembersPass",
     R"({"container":"c1","context_management":{"edits":[]},"mcp_servers":[{"type":"url","url":"https://x","name":"n"}],
         "inference_geo":"eu","speed":"fast","cache_control":{"type":"ephemeral"},"system":"s",
         "stop_sequences":["x"],"output_config":{"task_budget":{"type":"tokens","total":20}}})",
     R"({"container":"c1","context_management":{"edits":[]},"mcp_servers":[{"type":"url","url":"https://x","name":"n"}],
         "inference_geo":"eu","speed":"fast","cache_control":{"type":"ephemeral"},"system":"s",
         "stop_sequences":["x"],"output_config":{"task_budget":{"type":"tokens","total":20}}})"},
};
constexpr Case kNativeSystem[] = {
    {"BlankAsText", R"({"system":" \n"})", R"({})"},
    {"BlankAsBlocks", R"({"system":[{"type":"text","text":""},{"text":"\t","type":"text"}]})", R"({})"},
    {"BlankInPart",
     R"({"system":[{"type":"text","text":" "},{"type":"text","text":"s ","cache_control":{"type":"ephemeral"}}]})",
     R"({"system":[{"type":"text","text":"s ","cache_control":{"type":"ephemeral"}}]})"},
    {"BlankBesideASystemMessage",
     R"({"system":"","messages":[{"role":"system","content":"s"},{"role":"user","content":"q"}]})",
     R"({"system":[{"type":"text","text":"s"}]})"},
};
INSTANTIATE_TEST_SUITE_P(NativeSystem, ParametersTest, testing::ValuesIn(kNativeSystem),
                         [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(Others, ParametersTest, testing::ValuesIn(kOthers),
                         [](const auto& test) { return test.param.name; });

constexpr Case kThinking[] = {
    {"ThinkingPassesAsGiven",
     R"({"max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":2000,"display":"omitted",
        "novel":1}})",
     R"({"max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":2000,"display":"omitted","novel":1}})"},
    {"AGivenBudgetRaisesTheDefaultLimit",
     R"({"max_tokens":null,"thinking":{"type":"enabled","budget_tokens":40000}})",
     R"({"max_tokens":64000,"thinking":{"type":"enabled","budget_tokens":40000}})"},
    {"EffortAsBudget", R"({"max_tokens":null,"reasoning_effort":"medium"})",
     R"({"max_tokens":21333,"thinking":{"type":"enabled","budget_tokens":8192}})"},
    {"ABudgetLeavesRoomForTheAnswer", R"({"max_tokens":4000,"reasoning_effort":"high"})",
     R"({"max_tokens":4000,"thinking":{"type":"enabled","budget_tokens":2000}})"},
    {"NoRoomForABudget", R"({"reasoning_effort":"high"})", R"({})", R"(["reasoning_effort"])"},
    {"EffortOnModelsThatCannotThink", R"({"reasoning_effort":"high"})", R"({})", R"(["reasoning_effort"])",
     "claude-3-5-haiku-20241022"},
    {"EffortAndBudget", R"({"max_tokens":20000,"reasoning_effort":"max"})",
     R"({"max_tokens":20000,"output_config":{"effort":"high"},"thinking":{"type":"enabled","budget_tokens":10000}})",
     "[]", "claude-opus-4-5"},
    {"EffortAdaptive", R"({"reasoning_effort":"xhigh"})",
     R"({"output_config":{"effort":"high"},"thinking":{"type":"adaptive"}})", "[]", "claude-opus-4-6"},
    {"EffortMax", R"({"reasoning_effort":"max"})",
     R"({"output_config":{"effort":"max"},"thinking":{"type":"adaptive"}})", "[]", "claude-opus-4-7"},
    {"EffortOnModelsThatThinkAnyway", R"({"reasoning_effort":"minimal"})",
     R"({"output_config":{"effort":"low"}})", "[]", "claude-sonnet-5"},
    {"EffortNone", R"({"reasoning_effort":"none"})", R"({})"},
    {"EffortNoneOnModelsThatThinkAnyway", R"({"reasoning_effort":"none"})",
     R"({"thinking":{"type":"disabled"}})", "[]", "claude-opus-5"},
    {"EffortBesideThinking", R"({"thinking":{"type":"adaptive"},"reasoning_effort":"low"})",
     R"({"thinking":{"type":"adaptive"},"output_config":{"effort":"low"}})", "[]", "claude-opus-4-6"},
    {"EffortBesideThinkingOnModelsWithoutEffort",
     R"({"max_tokens":5000,"thinking":{"type":"enabled","budget_tokens":1024},"reasoning_effort":"low"})",
     R"({"max_tokens":5000,"thinking":{"type":"enabled","budget_tokens":1024}})", R"(["reasoning_effort"])"},
    {"DerivedThinkingTakesNoTemperature",
     R"({"max_tokens":5000,"reasoning_effort":"low","temperature":0.2,"top_k":4})",
     R"({"max_tokens":5000,"thinking":{"type":"enabled","budget_tokens":2048}})",
     R"(["temperature","top_k"])"},
    {"AForcedCallExcludesThinking",
     R"({"max_tokens":5000,"reasoning_effort":"low","tool_choice":"required",
         "tools":[{"type":"function","function":{"name":"f"}}]})",
     R"({"max_tokens":5000,"tool_choice":{"type":"any"},
         "tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}]})",
     R"(["reasoning_effort"])"},
};
INSTANTIATE_TEST_SUITE_P(Thinking, ParametersTest, testing::ValuesIn(kThinking),
                         [](const auto& test) { return test.param.name; });

TEST(RequestParameters, AStreamMayBeAsLongAsTheModelCan) {
  CallFacts facts;
  facts.stream = true;
  const auto sent =
      TheHarness().Encode(Hub(kDefaultModel, {{"max_tokens", nullptr}, {"stream", true}}), facts);
  EXPECT_EQ(sent.wire["max_tokens"], 64000);
  EXPECT_EQ(sent.wire["stream"], true);
}

TEST(RequestParameters, ABudgetWithoutMeasureIsLeftToTheProvider) {
  const json thinking = {{"type", "enabled"}, {"budget_tokens", std::numeric_limits<int64_t>::max()}};
  const auto sent =
      TheHarness().Encode(Hub(kDefaultModel, {{"max_tokens", nullptr}, {"thinking", thinking}}));
  ASSERT_FALSE(sent.error);
  EXPECT_EQ(sent.wire["max_tokens"], std::numeric_limits<int64_t>::max());
}

TEST(RequestParameters, AnAbsentModelStaysAbsent) {
  const auto sent = TheHarness().Encode(json::parse(R"({"messages":[{"role":"user","content":"q"}]})"));
  ASSERT_FALSE(sent.error);
  EXPECT_FALSE(sent.wire.contains("model"));
}

TEST(RequestParameters, SchemasKeepTheirText) {
  const std::string schema =
      R"({"type":"object", "properties":{"z":{"const":1.50e1},"a":{"enum":["\u00e9",null]}}})";
  const json tool = {{"type", "function"}, {"function", {{"name", "f"}}}};
  std::string text = Hub(kDefaultModel, {{"tools", {tool}}}).dump();
  // nlohmann would reorder the schema: it is put in as text.
  text.replace(text.find(R"({"name":"f"})"), 12, R"({"name":"f","parameters":)" + schema + "}");
  const auto sent = TheHarness().EncodeText(text);
  ASSERT_FALSE(sent.error);
  EXPECT_NE(sent.text.find(schema), std::string::npos) << sent.text;
}

struct RefusalCase {
  const char* name;
  const char* members;
  const char* path;
};

class RefusedParametersTest : public testing::TestWithParam<RefusalCase> {};

TEST_P(RefusedParametersTest, TellWhere) {
  const auto sent = TheHarness().Encode(Hub(kDefaultModel, json::parse(GetParam().members)));
  ASSERT_TRUE(sent.error);
  EXPECT_EQ(sent.error->http_status, 400);
  EXPECT_EQ(sent.error->param, GetParam().path);
  EXPECT_FALSE(sent.error->message.empty());
}

constexpr RefusalCase kRefusals[] = {
    {"SeveralAnswers", R"({"n":2})", "n"},
    {"Logprobs", R"({"logprobs":true})", "logprobs"},
    {"TopLogprobs", R"({"top_logprobs":2})", "top_logprobs"},
    {"Speech", R"({"modalities":["text","audio"],"audio":{"format":"mp3","voice":"alloy"}})",
     "modalities[1]"},
    {"Moderation", R"({"moderation":{"model":"m"}})", "moderation"},
    {"BelowZero", R"({"temperature":-0.1})", "temperature"},
    {"TopPAboveOne", R"({"top_p":1.5})", "top_p"},
    {"UnknownFormat", R"({"response_format":{"type":"grammar"}})", "response_format.type"},
    {"SchemaMissing", R"({"response_format":{"type":"json_schema","json_schema":{"name":"n"}}})",
     "response_format.json_schema.schema"},
    {"UnknownEffort", R"({"reasoning_effort":"heroic"})", "reasoning_effort"},
    {"TheSameTwice", R"({"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"a":1}}},
        "output_config":{"effort":"low"}})",
     "output_config"},
    {"SystemTwice",
     R"({"system":"a","messages":[{"role":"system","content":"b"},{"role":"user","content":"q"}]})",
     "system"},
};
INSTANTIATE_TEST_SUITE_P(All, RefusedParametersTest, testing::ValuesIn(kRefusals),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace portolan::providers::anthropic
