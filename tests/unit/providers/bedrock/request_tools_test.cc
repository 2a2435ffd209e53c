#include "tests/unit/providers/bedrock/request_case.h"

namespace portolan::providers::bedrock {
namespace {

constexpr std::string_view kLlama = "meta.llama3-1-70b-instruct-v1:0";
constexpr std::string_view kNova = "us.amazon.nova-2-lite-v1:0";

class ToolsTest : public testing::TestWithParam<RequestCase> {};
TEST_P(ToolsTest, AreSentAsExpected) { ExpectSent(GetParam()); }

#define PORTOLAN_TOOL R"({"type":"function","function":{"name":"f"}})"
#define PORTOLAN_SPEC R"({"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}})"
#define PORTOLAN_TURN                                                  \
  R"([{"role":"user","content":"q"},)"                                 \
  R"({"role":"assistant","tool_calls":[{"id":"c1","type":"function",)" \
  R"("function":{"name":"f","arguments":"{}"}}]},)"                    \
  R"({"role":"tool","tool_call_id":"c1","content":"1"}])"
#define PORTOLAN_SENT_TURN                                                                    \
  R"([{"role":"user","content":[{"text":"q"}]},)"                                             \
  R"({"role":"assistant","content":[{"toolUse":{"toolUseId":"c1","name":"f","input":{}}}]},)" \
  R"({"role":"user","content":[{"toolResult":{"toolUseId":"c1","content":[{"text":"1"}]}}]}])"

const RequestCase kCases[] = {
    {"Functions",
     R"({"tools":[{"type":"function","function":{"name":"f","description":"d","strict":true,
           "parameters":{"type":"object","properties":{"a":{"type":"string"}}}}},
         {"type":"function","function":{"name":"g","description":" ","parameters":{},"strict":false}},
         {"type":"function","function":{"name":"h","parameters":{"properties":{"b":{}}}}}],
         "functions":[{"name":"i"}]})",
     R"({"toolConfig":{"tools":[{"toolSpec":{"name":"f","description":"d","strict":true,
           "inputSchema":{"json":{"type":"object","properties":{"a":{"type":"string"}}}}}},
         {"toolSpec":{"name":"g","inputSchema":{"json":{"type":"object","properties":{}}}}},
         {"toolSpec":{"name":"h","inputSchema":{"json":{"type":"object","properties":{"b":{}}}}}},
         {"toolSpec":{"name":"i","inputSchema":{"json":{"type":"object","properties":{}}}}}]}})"},
    {"ChoiceAuto", R"({"tools":[)" PORTOLAN_TOOL R"(],"tool_choice":"auto","parallel_tool_calls":true})",
     R"({"toolConfig":{"tools":[)" PORTOLAN_SPEC R"(],"toolChoice":{"auto":{}}}})"},
    {"ChoiceRequired", R"({"tools":[)" PORTOLAN_TOOL R"(],"tool_choice":"required"})",
     R"({"toolConfig":{"tools":[)" PORTOLAN_SPEC R"(],"toolChoice":{"any":{}}}})"},
    {"ChoiceOfOne",
     R"({"tools":[)" PORTOLAN_TOOL R"(],"tool_choice":{"type":"function","function":{"name":"f"}}})",
     R"({"toolConfig":{"tools":[)" PORTOLAN_SPEC R"(],"toolChoice":{"tool":{"name":"f"}}}})"},
    {"DeprecatedChoiceOfOne", R"({"functions":[{"name":"f"}],"function_call":{"name":"f"}})",
     R"({"toolConfig":{"tools":[)" PORTOLAN_SPEC R"(],"toolChoice":{"tool":{"name":"f"}}}})"},
    {"ChoiceInAnthropicsForm", R"({"tools":[)" PORTOLAN_TOOL R"(],"tool_choice":{"type":"tool","name":"f"}})",
     R"({"toolConfig":{"tools":[)" PORTOLAN_SPEC R"(],"toolChoice":{"tool":{"name":"f"}}}})"},
    {"AllowedTools",
     R"({"tools":[)" PORTOLAN_TOOL
     R"(,{"type":"function","function":{"name":"g"}}],"tool_choice":{"type":"allowed_tools",
         "allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}}]}}})",
     R"({"toolConfig":{"tools":[)" PORTOLAN_SPEC R"(],"toolChoice":{"any":{}}}})"},
    {"NoneOffersNoTools", R"({"tools":[)" PORTOLAN_TOOL R"(],"tool_choice":"none"})", "{}", {}, kLlama},
    {"NoneAfterCallsIsClaudesOwnChoice",
     R"({"tools":[)" PORTOLAN_TOOL R"(],"tool_choice":"none","messages":)" PORTOLAN_TURN "}",
     R"({"toolConfig":{"tools":[)" PORTOLAN_SPEC
     R"(]},"additionalModelRequestFields":{"tool_choice":{"type":"none"}},
         "messages":)" PORTOLAN_SENT_TURN "}"},
    {"OneCallAtATimeIsClaudesOwnChoice", R"({"tools":[)" PORTOLAN_TOOL R"(],"parallel_tool_calls":false})",
     R"({"toolConfig":{"tools":[)" PORTOLAN_SPEC R"(]},
         "additionalModelRequestFields":{"tool_choice":{"type":"auto","disable_parallel_tool_use":true}}})"},
    {"OneCallOfOneTool", R"({"tools":[)" PORTOLAN_TOOL R"(],"parallel_tool_calls":false,
         "tool_choice":{"type":"function","function":{"name":"f"}}})",
     R"({"toolConfig":{"tools":[)" PORTOLAN_SPEC R"(]},
         "additionalModelRequestFields":{"tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true}}})"},
    {"OneCallAtATimeIsUnknownToOthers",
     R"({"tools":[)" PORTOLAN_TOOL R"(],"parallel_tool_calls":false,"tool_choice":"auto"})",
     R"({"toolConfig":{"tools":[)" PORTOLAN_SPEC R"(],"toolChoice":{"auto":{}}}})",
     {"parallel_tool_calls"},
     kLlama},
    {"ToolsOfTheHistoryAreOffered",
     R"({"messages":)" PORTOLAN_TURN "}",
     R"({"messages":)" PORTOLAN_SENT_TURN R"(,"toolConfig":{"tools":[{"toolSpec":{"name":"f",
         "description":"Not on offer any more. Do not call it.",
         "inputSchema":{"json":{"type":"object","properties":{}}}}}]}})",
     {},
     kLlama},
    {"SystemTools",
     R"({"tools":[{"systemTool":{"name":"nova_code_interpreter"}},)" PORTOLAN_TOOL R"(]})",
     R"({"toolConfig":{"tools":[{"systemTool":{"name":"nova_code_interpreter"}},)" PORTOLAN_SPEC "]}}",
     {},
     kNova},
    {"WebSearch",
     R"({"web_search_options":{"search_context_size":"high"}})",
     R"({"toolConfig":{"tools":[{"systemTool":{"name":"nova_grounding"}}]}})",
     {"web_search_options.search_context_size"},
     kNova},
    {"ChoiceAmongNothing", R"({"tool_choice":"auto"})", "{}"},
};
INSTANTIATE_TEST_SUITE_P(All, ToolsTest, testing::ValuesIn(kCases), NameOfCase);

class ToolsRefusalTest : public testing::TestWithParam<RefusalCase> {};
TEST_P(ToolsRefusalTest, AreRefused) { ExpectRefused(GetParam()); }

const RefusalCase kRefusals[] = {
    {"FreeText", R"({"tools":[{"type":"custom","custom":{"name":"f"}}]})", "tools[0].custom"},
    {"OtherTools", R"({"tools":[{"type":"web_search_20250305","name":"web_search"}]})", "tools[0].type"},
    {"NoSchema", R"({"tools":[{"type":"function","function":{"name":"f","parameters":5}}]})",
     "tools[0].function.parameters"},
    {"RequiredOfNothing", R"({"tool_choice":"required"})", "tool_choice"},
    {"OtherWords", R"({"tools":[)" PORTOLAN_TOOL R"(],"tool_choice":"novel"})", "tool_choice"},
    {"OtherChoices", R"({"tools":[)" PORTOLAN_TOOL R"(],"tool_choice":{"type":"novel"}})",
     "tool_choice.type"},
    {"UnknownAllowedTools",
     R"({"tools":[)" PORTOLAN_TOOL R"(],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto",
         "tools":[{"type":"function","function":{"name":"g"}}]}}})",
     "tool_choice.allowed_tools.tools[0]"},
    {"NoneAfterCallsElsewhere",
     R"({"tools":[)" PORTOLAN_TOOL R"(],"tool_choice":"none","messages":)" PORTOLAN_TURN "}", "tool_choice",
     kLlama},
    {"WebSearchElsewhere", R"({"web_search_options":{}})", "web_search_options"},
};
INSTANTIATE_TEST_SUITE_P(All, ToolsRefusalTest, testing::ValuesIn(kRefusals), NameOfRefusal);

#undef PORTOLAN_TOOL
#undef PORTOLAN_SPEC
#undef PORTOLAN_TURN
#undef PORTOLAN_SENT_TURN

}  // namespace
}  // namespace portolan::providers::bedrock
