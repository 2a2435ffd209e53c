#include "tests/unit/providers/bedrock/request_case.h"

namespace portolan::providers::bedrock {
namespace {

class BlocksTest : public testing::TestWithParam<RequestCase> {};
TEST_P(BlocksTest, AreSentAsExpected) { ExpectSent(GetParam()); }

const RequestCase kCases[] = {
    {"TurnsWithReasoning",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","content":"ignored","content_blocks":[
           {"type":"thinking","thinking":"hm","signature":"SIG"},{"type":"redacted_thinking","data":"QUJD"},
           {"type":"text","text":" "},{"type":"text","text":"so","cache_control":{"type":"ephemeral"}},
           {"type":"tool_use","id":"c1","name":"f","input":{"a":1}}]},
         {"role":"tool","tool_call_id":"c1","content":"1"}],
         "tools":[{"type":"function","function":{"name":"f"}}]})",
     R"({"messages":[{"role":"user","content":[{"text":"q"}]},
         {"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"SIG"}}},
           {"reasoningContent":{"redactedContent":"QUJD"}},{"text":"so"},{"cachePoint":{"type":"default"}},
           {"toolUse":{"toolUseId":"c1","name":"f","input":{"a":1}}}]},
         {"role":"user","content":[{"toolResult":{"toolUseId":"c1","content":[{"text":"1"}]}}]}],
         "toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]}})"},
    // openrouter.ai/docs/guides/best-practices/reasoning-tokens.
    {"ReasoningDetails",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","content":"so","reasoning":"hm","reasoning_details":[
           {"type":"reasoning.text","text":"h","format":"anthropic-claude-v1","index":0},
           {"type":"reasoning.text","text":"m","signature":"SIG","format":"anthropic-claude-v1","index":0},
           {"type":"reasoning.encrypted","data":"QUJD","format":"anthropic-claude-v1","index":1},
           {"type":"reasoning.summary","summary":"s","index":2}]},
         {"role":"user","content":"r"},
         {"role":"assistant","reasoning_details":[
           {"type":"reasoning.text","text":"m","signature":"SIG","format":"anthropic-claude-v1","index":0}]}]})",
     R"({"messages":[{"role":"user","content":[{"text":"q"}]},
         {"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"SIG"}}},
           {"reasoningContent":{"redactedContent":"QUJD"}},{"text":"so"}]},
         {"role":"user","content":[{"text":"r"}]}]})",
     {"messages[1].reasoning_details[3]", "messages[3].reasoning_details"}},
    {"ReasoningDetailsForOthers",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","content":"so","reasoning":"hm","reasoning_details":[
           {"type":"reasoning.text","text":"hm","signature":"SIG","format":"anthropic-claude-v1","index":0}]},
         {"role":"user","content":"r"}]})",
     R"({"messages":[{"role":"user","content":[{"text":"q"}]},{"role":"assistant","content":[{"text":"so"}]},
         {"role":"user","content":[{"text":"r"}]}]})",
     {"messages[1].reasoning", "messages[1].reasoning_details"},
     "us.amazon.nova-2-lite-v1:0"},
    {"ResultsAndMedia",
     R"({"messages":[{"role":"assistant","content_blocks":[{"type":"tool_use","id":"c1","name":"f","input":"x"}]},
         {"role":"user","content_blocks":[
           {"type":"tool_result","tool_use_id":"c1","is_error":true,"content":[{"type":"text","text":"no"},
             {"type":"image","source":{"type":"base64","media_type":"image/jpg","data":"AA"}}]},
           {"type":"document","title":"A.b","context":"old","citations":{"enabled":true},
            "source":{"type":"text","media_type":"text/plain","data":"words"}},
           {"type":"document","source":{"type":"content","content":[{"type":"text","text":"one"}]}},
           {"type":"search_result","source":"https://x","title":"X","content":[{"type":"text","text":"found"}],
            "citations":{"enabled":true}},
           {"type":"text","text":"hi"}]}],
         "tools":[{"type":"function","function":{"name":"f"}}]})",
     R"({"messages":[{"role":"assistant","content":[{"toolUse":{"toolUseId":"c1","name":"f","input":{"arguments":"x"}}}]},
         {"role":"user","content":[
           {"toolResult":{"toolUseId":"c1","status":"error","content":[{"text":"no"},
             {"image":{"format":"jpeg","source":{"bytes":"AA"}}}]}},
           {"document":{"format":"txt","name":"A","context":"old","citations":{"enabled":true},"source":{"text":"words"}}},
           {"document":{"format":"txt","name":"document","source":{"content":[{"text":"one"}]}}},
           {"searchResult":{"source":"https://x","title":"X","content":[{"text":"found"}],"citations":{"enabled":true}}},
           {"text":"hi"}]}],
         "toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]}})",
     {"messages[0].content_blocks[0].input"}},
    {"CallsOfBedrocksOwnTools",
     R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content_blocks":[
           {"type":"server_tool_use","id":"s1","name":"nova_grounding","input":{"query":"x"}},
           {"type":"nova_grounding_result","tool_use_id":"s1","content":[{"type":"text","text":"y"},
             {"type":"json","json":{"a":1}},{"type":"other","other":{"text":"o"}}]},
           {"type":"text","text":"z","citations":[{"type":"web_search_result_location","url":"https://a"}]}]},
         {"role":"user","content":"r"}],"web_search_options":{}})",
     R"({"messages":[{"role":"user","content":[{"text":"q"}]},{"role":"assistant","content":[
           {"toolUse":{"toolUseId":"s1","name":"nova_grounding","input":{"query":"x"},"type":"server_tool_use"}},
           {"toolResult":{"toolUseId":"s1","content":[{"text":"y"},{"json":{"a":1}},{"text":"o"}],"type":"nova_grounding_result"}},
           {"text":"z"}]},
         {"role":"user","content":[{"text":"r"}]}],
         "toolConfig":{"tools":[{"systemTool":{"name":"nova_grounding"}}]}})",
     {"messages[1].content_blocks[2].citations"},
     "us.amazon.nova-2-lite-v1:0"},
};
INSTANTIATE_TEST_SUITE_P(All, BlocksTest, testing::ValuesIn(kCases), NameOfCase);

class BlocksRefusalTest : public testing::TestWithParam<RefusalCase> {};
TEST_P(BlocksRefusalTest, AreRefused) { ExpectRefused(GetParam()); }

const RefusalCase kRefusals[] = {
    {"Unknown", R"({"messages":[{"role":"assistant","content_blocks":[{"type":"novel"}]}]})",
     "messages[0].content_blocks[0].type"},
    {"ImagesOfTheWeb",
     R"({"messages":[{"role":"user","content_blocks":[{"type":"image","source":{"type":"url","url":"https://x"}}]}]})",
     "messages[0].content_blocks[0].source.url"},
    {"UploadedFiles",
     R"({"messages":[{"role":"user","content_blocks":[{"type":"image","source":{"type":"file","file_id":"f"}}]}]})",
     "messages[0].content_blocks[0].source.type"},
    {"JsonThatIsNotThere",
     R"({"messages":[{"role":"user","content_blocks":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"json"}]}]}]})",
     "messages[0].content_blocks[0].content[0].type"},
    {"ResultsWithoutACall",
     R"({"messages":[{"role":"user","content_blocks":[{"type":"tool_result","content":"x"}]}]})",
     "messages[0].content_blocks[0].tool_use_id"},
};
INSTANTIATE_TEST_SUITE_P(All, BlocksRefusalTest, testing::ValuesIn(kRefusals), NameOfRefusal);

}  // namespace
}  // namespace portolan::providers::bedrock
