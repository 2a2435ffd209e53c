// Tools and the choice among them: ToolV2 and V2ChatRequestToolChoice of cohere-ai.

#include "tests/unit/providers/cohere/request_case.h"

namespace portolan::providers::cohere {
namespace {

class ToolsTest : public testing::TestWithParam<RequestCase> {};
TEST_P(ToolsTest, AreSent) { ExpectSent(GetParam()); }

#define F R"({"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}})"
#define G R"({"type":"function","function":{"name":"g","parameters":{"type":"object","properties":{}}}})"

INSTANTIATE_TEST_SUITE_P(
    All, ToolsTest,
    testing::Values(
        RequestCase{"AFunction",
                    R"({"tools":[{"type":"function","function":{"name":"f","description":"d",
                        "parameters":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}}}]})",
                    R"({"tools":[{"type":"function","function":{"name":"f","description":"d",
                        "parameters":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}}}]})"},
        RequestCase{"ParametersAreRequired", R"({"tools":[{"type":"function","function":{"name":"f"}}]})",
                    R"({"tools":[)" F R"(]})"},
        RequestCase{"Deprecated", R"({"functions":[{"name":"f"},{"name":"g"}],"function_call":{"name":"g"}})",
                    R"({"tools":[)" G R"(],"tool_choice":"REQUIRED"})"},
        RequestCase{"AllStrict", R"({"tools":[{"type":"function","function":{"name":"f","strict":true}}]})",
                    R"({"tools":[)" F R"(],"strict_tools":true})"},
        RequestCase{"SomeStrict",
                    R"({"tools":[{"type":"function","function":{"name":"f","strict":true}},
                        {"type":"function","function":{"name":"g"}}]})",
                    R"({"tools":[)" F "," G R"(]})",
                    {"tools[0].function.strict"}},
        RequestCase{"InCoheresOwnWord",
                    R"({"strict_tools":true,"tools":[{"type":"function","function":{"name":"f"}}]})",
                    R"({"tools":[)" F R"(],"strict_tools":true})"},
        RequestCase{
            "WhatIsLeftOut",
            R"({"parallel_tool_calls":false,"tools":[{"type":"function","cache_control":{"type":"ephemeral"},
                        "novel":1,"function":{"name":"f","novel":2}}]})",
            R"({"tools":[)" F R"(]})",
            {"parallel_tool_calls", "tools[0].cache_control", "tools[0].novel", "tools[0].function.novel"}}),
    NameOfCase);

#define TOOLS R"("tools":[)" F "," G "]"

INSTANTIATE_TEST_SUITE_P(
    Choice, ToolsTest,
    testing::Values(
        RequestCase{"Auto", "{" TOOLS R"(,"tool_choice":"auto"})", "{" TOOLS "}"},
        RequestCase{"None", "{" TOOLS R"(,"tool_choice":"none"})", "{" TOOLS R"(,"tool_choice":"NONE"})"},
        RequestCase{"Required", "{" TOOLS R"(,"tool_choice":"required"})",
                    "{" TOOLS R"(,"tool_choice":"REQUIRED"})"},
        RequestCase{"ByName", "{" TOOLS R"(,"tool_choice":{"type":"function","function":{"name":"g"}}})",
                    R"({"tools":[)" G R"(],"tool_choice":"REQUIRED"})"},
        RequestCase{"Allowed",
                    "{" TOOLS R"(,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto",
                        "tools":[{"type":"function","function":{"name":"g"}}]}}})",
                    R"({"tools":[)" G R"(]})"},
        RequestCase{"AllowedAndRequired",
                    "{" TOOLS R"(,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required",
                        "tools":[{"type":"function","function":{"name":"f"}},{"type":"function","name":"g"}]}}})",
                    "{" TOOLS R"(,"tool_choice":"REQUIRED"})"},
        RequestCase{"OfAnthropics", "{" TOOLS R"(,"tool_choice":{"type":"any"}})",
                    "{" TOOLS R"(,"tool_choice":"REQUIRED"})"},
        RequestCase{"WithoutTools", R"({"tool_choice":"none"})", "{}"}),
    NameOfCase);

#undef TOOLS
#undef G
#undef F

class RefusedToolsTest : public testing::TestWithParam<RefusalCase> {};
TEST_P(RefusedToolsTest, SayWhere) { ExpectRefused(GetParam()); }
INSTANTIATE_TEST_SUITE_P(
    All, RefusedToolsTest,
    testing::Values(
        RefusalCase{"Custom", R"({"tools":[{"type":"custom","custom":{"name":"f"}}]})", "tools[0].custom"},
        RefusalCase{"Foreign", R"({"tools":[{"type":"web_search_20250305","name":"w"}]})", "tools[0].type"},
        RefusalCase{"NoSchema", R"({"tools":[{"type":"function","function":{"name":"f","parameters":[1]}}]})",
                    "tools[0].function.parameters"},
        RefusalCase{"NoToolToCall", R"({"tool_choice":"required"})", "tool_choice"},
        RefusalCase{"NoToolOfThatName",
                    R"({"tools":[{"type":"function","function":{"name":"f"}}],
                        "tool_choice":{"type":"function","function":{"name":"g"}}})",
                    "tool_choice"},
        RefusalCase{
            "NothingAllowed",
            R"({"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"allowed_tools",
                        "allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"g"}}]}}})",
            "tool_choice.allowed_tools.tools[0]"},
        RefusalCase{"AnotherWord", R"({"tool_choice":"maybe"})", "tool_choice"},
        RefusalCase{"WebSearch", R"({"web_search_options":{}})", "web_search_options"}),
    NameOfRefusal);

}  // namespace
}  // namespace portolan::providers::cohere
