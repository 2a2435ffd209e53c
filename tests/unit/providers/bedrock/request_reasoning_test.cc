#include "tests/unit/providers/bedrock/request_case.h"

namespace portolan::providers::bedrock {
namespace {

constexpr std::string_view kOpus45 = "us.anthropic.claude-opus-4-5-20251101-v1:0";
constexpr std::string_view kOpus46 = "us.anthropic.claude-opus-4-6-v1";
constexpr std::string_view kNewest = "us.anthropic.claude-opus-5-v1";
constexpr std::string_view kOld = "anthropic.claude-3-5-sonnet-20240620-v1:0";
constexpr std::string_view kNova = "us.amazon.nova-2-lite-v1:0";
constexpr std::string_view kProfile =
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456";

class ReasoningTest : public testing::TestWithParam<RequestCase> {};
TEST_P(ReasoningTest, IsSentAsExpected) { ExpectSent(GetParam()); }

const RequestCase kCases[] = {
    {"BudgetOnOlderClaude", R"({"reasoning_effort":"low","max_tokens":10000})",
     R"({"inferenceConfig":{"maxTokens":10000},
         "additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":2048}}})"},
    {"BudgetIsHalfOfTheLimitAtMost",
     R"({"reasoning_effort":"high","max_tokens":4000,"temperature":0.5})",
     R"({"inferenceConfig":{"maxTokens":4000},
         "additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":2000}}})",
     {"temperature"}},
    {"LimitIsSetWithABudget", R"({"reasoning_effort":"minimal"})",
     R"({"inferenceConfig":{"maxTokens":64000},
         "additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":1024}}})"},
    {"NoRoomForABudget",
     R"({"reasoning_effort":"low","max_tokens":2000})",
     R"({"inferenceConfig":{"maxTokens":2000}})",
     {"reasoning_effort"}},
    {"NoneThinks", R"({"reasoning_effort":"low"})", "{}", {"reasoning_effort"}, kOld},
    {"EffortAndBudget",
     R"({"reasoning_effort":"medium","max_tokens":20000})",
     R"({"inferenceConfig":{"maxTokens":20000},"outputConfig":{"effort":"medium"},
         "additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":8192}}})",
     {},
     kOpus45},
    {"EffortAndAdaptive",
     R"({"reasoning_effort":"minimal"})",
     R"({"outputConfig":{"effort":"low"},"additionalModelRequestFields":{"thinking":{"type":"adaptive"}}})",
     {},
     kOpus46},
    {"EffortTooHigh",
     R"({"reasoning_effort":"xhigh"})",
     R"({"outputConfig":{"effort":"high"},"additionalModelRequestFields":{"thinking":{"type":"adaptive"}}})",
     {},
     kOpus46},
    {"EffortOnTheNewest",
     R"({"reasoning_effort":"xhigh"})",
     R"({"outputConfig":{"effort":"xhigh"}})",
     {},
     kNewest},
    {"NoneOnTheNewest",
     R"({"reasoning_effort":"none"})",
     R"({"additionalModelRequestFields":{"thinking":{"type":"disabled"}}})",
     {},
     kNewest},
    {"NoneElsewhere", R"({"reasoning_effort":"none"})", "{}"},
    {"ForcedCallsExcludeThinking",
     R"({"reasoning_effort":"high","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required"})",
     R"({"outputConfig":{"effort":"high"},"toolConfig":{"toolChoice":{"any":{}},
         "tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]}})",
     {},
     kOpus46},
    {"ThinkingAsItIs", R"({"thinking":{"type":"enabled","budget_tokens":3000,"novel":1},"max_tokens":5000})",
     R"({"inferenceConfig":{"maxTokens":5000},
         "additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":3000,"novel":1}}})"},
    {"ThinkingRaisesTheLimit", R"({"thinking":{"type":"enabled","budget_tokens":70000}})",
     R"({"inferenceConfig":{"maxTokens":70001},
         "additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":70000}}})"},
    {"ThinkingOnAProfile",
     R"({"thinking":{"type":"adaptive"},"reasoning_effort":"low"})",
     R"({"additionalModelRequestFields":{"thinking":{"type":"adaptive"}}})",
     {"reasoning_effort"},
     kProfile},
    {"ThinkingElsewhere",
     R"({"thinking":{"type":"enabled","budget_tokens":3000}})",
     "{}",
     {"thinking"},
     kNova},
    {"NoThinkingElsewhere", R"({"thinking":{"type":"disabled"}})", "{}", {}, kNova},
    {"ThinkingInTheMiddleOfATurnWithout",
     R"({"thinking":{"type":"enabled","budget_tokens":3000},"tools":[{"type":"function","function":{"name":"f"}}],
         "messages":[{"role":"user","content":"q"},
         {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"c1","content":"1"}]})",
     R"({"messages":[{"role":"user","content":[{"text":"q"}]},
         {"role":"assistant","content":[{"toolUse":{"toolUseId":"c1","name":"f","input":{}}}]},
         {"role":"user","content":[{"toolResult":{"toolUseId":"c1","content":[{"text":"1"}]}}]}],
         "toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]}})",
     {"thinking"}},
    {"ThinkingInTheMiddleOfATurnWith",
     R"({"thinking":{"type":"enabled","budget_tokens":3000},"max_tokens":5000,
         "tools":[{"type":"function","function":{"name":"f"}}],
         "messages":[{"role":"user","content":"q"},{"role":"assistant","content_blocks":[
           {"type":"thinking","thinking":"hm","signature":"S"},{"type":"tool_use","id":"c1","name":"f","input":{}}]},
         {"role":"tool","tool_call_id":"c1","content":"1"}]})",
     R"({"messages":[{"role":"user","content":[{"text":"q"}]},
         {"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"S"}}},
           {"toolUse":{"toolUseId":"c1","name":"f","input":{}}}]},
         {"role":"user","content":[{"toolResult":{"toolUseId":"c1","content":[{"text":"1"}]}}]}],
         "inferenceConfig":{"maxTokens":5000},
         "additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":3000}},
         "toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]}})"},
    {"Nova",
     R"({"reasoning_effort":"minimal","max_tokens":100})",
     R"({"inferenceConfig":{"maxTokens":100},
         "additionalModelRequestFields":{"reasoningConfig":{"type":"enabled","maxReasoningEffort":"low"}}})",
     {},
     kNova},
    {"NovaAtItsHighest",
     R"({"reasoning_effort":"max"})",
     R"({"additionalModelRequestFields":{"reasoningConfig":{"type":"enabled","maxReasoningEffort":"high"}}})",
     {},
     kNova},
    {"NovaTakesNoLimitAtItsHighest",
     R"({"reasoning_effort":"high","max_tokens":100})",
     R"({"inferenceConfig":{"maxTokens":100},
         "additionalModelRequestFields":{"reasoningConfig":{"type":"enabled","maxReasoningEffort":"medium"}}})",
     {"reasoning_effort"},
     kNova},
    {"OpenAisOpenModels",
     R"({"reasoning_effort":"xhigh"})",
     R"({"additionalModelRequestFields":{"reasoning_effort":"high"}})",
     {},
     "openai.gpt-oss-120b-1:0"},
    {"Others", R"({"reasoning_effort":"low"})", "{}", {"reasoning_effort"}, "deepseek.r1-v1:0"},
};
INSTANTIATE_TEST_SUITE_P(All, ReasoningTest, testing::ValuesIn(kCases), NameOfCase);

TEST(ReasoningRefusalTest, UnknownEffort) {
  ExpectRefused({"", R"({"reasoning_effort":"novel"})", "reasoning_effort"});
}

}  // namespace
}  // namespace portolan::providers::bedrock
