// Messages in their ordered form, as callers of Anthropic's API send them.

#include "tests/unit/providers/cohere/request_case.h"

namespace portolan::providers::cohere {
namespace {

class BlocksTest : public testing::TestWithParam<RequestCase> {};
TEST_P(BlocksTest, AreSent) { ExpectSent(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    All, BlocksTest,
    testing::Values(RequestCase{"OfAnAssistant",
                                R"({"messages":[{"role":"user","content_blocks":[{"type":"text","text":"a"}]},
                {"role":"assistant","content_blocks":[{"type":"thinking","thinking":"Hm.","signature":"s"},
                 {"type":"redacted_thinking","data":"x"},{"type":"text","text":"b"},
                 {"type":"tool_use","id":"c1","name":"f","input":{"a":1}}]},
                {"role":"tool","content_blocks":[{"type":"tool_result","tool_use_id":"c1","content":"x","is_error":true}]}]})",
                                R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"}]},
                {"role":"assistant","content":[{"type":"thinking","thinking":"Hm."},{"type":"text","text":"b"}],
                 "tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
                {"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"Error: x"}]}]})",
                                {"messages[1].content_blocks[1]"}},
                    RequestCase{"ThinkingBeforeCallsIsThePlanOfOthers",
                                R"({"messages":[{"role":"user","content":"a"},
                {"role":"assistant","content_blocks":[{"type":"thinking","thinking":"Hm."},
                 {"type":"tool_use","id":"c1","name":"f","input":{}}]},
                {"role":"tool","content_blocks":[{"type":"tool_result","tool_use_id":"c1","content":[
                 {"type":"text","text":"x"},
                 {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]}]}]})",
                                R"({"messages":[{"role":"user","content":"a"},
                {"role":"assistant","tool_plan":"Hm.",
                 "tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
                {"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"x"}]},
                {"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}]})",
                                {},
                                kPlainModel},
                    RequestCase{"Documents",
                                R"({"messages":[{"role":"user","content_blocks":[
                {"type":"document","title":"t","context":"c","source":{"type":"text","media_type":"text/plain","data":"x"}},
                {"type":"document","source":{"type":"content","content":[{"type":"text","text":"y"}]}},
                {"type":"search_result","source":"https://x.example","title":"s","content":[{"type":"text","text":"z"}]},
                {"type":"image","source":{"type":"url","url":"https://x.example/a.png"}},
                {"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}]})",
                                R"({"messages":[{"role":"user","content":[
                {"type":"image_url","image_url":{"url":"https://x.example/a.png"}},{"type":"text","text":"a"}]}],
                "documents":[{"data":{"title":"t","text":"x"}},{"data":{"text":"y"}},
                {"data":{"title":"s","url":"https://x.example","text":"z"}}]})",
                                {"messages[0].content_blocks[0].context",
                                 "messages[0].content_blocks[4].cache_control"}}),
    NameOfCase);

class RefusedBlocksTest : public testing::TestWithParam<RefusalCase> {};
TEST_P(RefusedBlocksTest, SayWhere) { ExpectRefused(GetParam()); }
INSTANTIATE_TEST_SUITE_P(
    All, RefusedBlocksTest,
    testing::Values(
        RefusalCase{"Pdf",
                    R"({"messages":[{"role":"user","content_blocks":[{"type":"document","source":
                        {"type":"base64","media_type":"application/pdf","data":"AA=="}}]}]})",
                    "messages[0].content_blocks[0].source"},
        RefusalCase{"ADocumentOfTheWeb",
                    R"({"messages":[{"role":"user","content_blocks":[{"type":"document","source":
                        {"type":"url","url":"https://x.example"}}]}]})",
                    "messages[0].content_blocks[0].source.type"},
        RefusalCase{"AnUploadedImage",
                    R"({"messages":[{"role":"user","content_blocks":[{"type":"image","source":
                        {"type":"file","file_id":"f"}}]}]})",
                    "messages[0].content_blocks[0].source.type"},
        RefusalCase{
            "Unknown",
            R"({"messages":[{"role":"user","content_blocks":[{"type":"container_upload","file_id":"f"}]}]})",
            "messages[0].content_blocks[0].type"}),
    NameOfRefusal);

}  // namespace
}  // namespace portolan::providers::cohere
