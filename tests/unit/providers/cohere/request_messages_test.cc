// The conversation. What is sent has the form of ChatMessages in cohere-ai, against whose types
// tests/conformance/cohere_schema checks it.

#include "tests/unit/providers/cohere/request_case.h"

namespace portolan::providers::cohere {
namespace {

class MessagesTest : public testing::TestWithParam<RequestCase> {};
TEST_P(MessagesTest, AreSent) { ExpectSent(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Roles, MessagesTest,
    testing::Values(
        RequestCase{"InstructionsWhereverTheyStand",
                    R"({"messages":[{"role":"developer","content":"a"},{"role":"user","content":"b"},
                        {"role":"system","content":[{"type":"text","text":"c"}]}]})",
                    R"({"messages":[{"role":"system","content":"a"},{"role":"user","content":"b"},
                        {"role":"system","content":[{"type":"text","text":"c"}]}]})"},
        RequestCase{"BlankOnesAreLeftOut",
                    R"({"messages":[{"role":"system","content":" "},{"role":"user","content":"a"},
                        {"role":"assistant","content":null},{"role":"user","content":[{"type":"text","text":""},
                        {"type":"text","text":"b"}]}]})",
                    R"({"messages":[{"role":"user","content":"a"},
                        {"role":"user","content":[{"type":"text","text":"b"}]}]})"},
        RequestCase{"NamesAndMarksAreNamed",
                    R"({"messages":[{"role":"user","name":"Ann","content":[{"type":"text","text":"a",
                        "cache_control":{"type":"ephemeral"}}],"cache_control":{"type":"ephemeral"},"novel":1}]})",
                    R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}]})",
                    {"messages[0].name", "messages[0].cache_control", "messages[0].content[0].cache_control",
                     "messages[0].novel"}},
        RequestCase{"ARefusalIsText",
                    R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","refusal":"no"},
                        {"role":"user","content":"b"}]})",
                    R"({"messages":[{"role":"user","content":"a"},
                        {"role":"assistant","content":[{"type":"text","text":"no"}]},
                        {"role":"user","content":"b"}]})"}),
    NameOfCase);

INSTANTIATE_TEST_SUITE_P(
    Calls, MessagesTest,
    testing::Values(
        RequestCase{
            "ParallelCallsAndTheirResults",
            R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[
                {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
                {"id":"c2","type":"function","function":{"name":"g","arguments":""}}]},
                {"role":"tool","tool_call_id":"c1","content":"x"},
                {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"y"}]}]})",
            R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[
                {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
                {"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}]},
                {"role":"tool","tool_call_id":"c1","content":"x"},
                {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"y"}]}]})"},
        RequestCase{"ArgumentsThatAreNoObject",
                    R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[
                {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":"}}]},
                {"role":"tool","tool_call_id":"c1","content":"x"}]})",
                    R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[
                {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"arguments\":\"{\\\"a\\\":\"}"}}]},
                {"role":"tool","tool_call_id":"c1","content":"x"}]})",
                    {"messages[1].tool_calls[0].function.arguments"}},
        RequestCase{"AFailedResult",
                    R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[
                        {"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
                        {"role":"tool","tool_call_id":"c1","content":"x","is_error":true}]})",
                    R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[
                        {"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
                        {"role":"tool","tool_call_id":"c1","content":"Error: x"}]})"},
        // A result holds texts only; nothing may stand between results.
        RequestCase{"PicturesOfResultsFollowThem",
                    R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[
                {"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}},
                {"id":"c2","type":"function","function":{"name":"f","arguments":"{}"}}]},
                {"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"see"},
                 {"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]},
                {"role":"tool","tool_call_id":"c2","content":"y"},{"role":"user","content":"b"}]})",
                    R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[
                {"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}},
                {"id":"c2","type":"function","function":{"name":"f","arguments":"{}"}}]},
                {"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"see"}]},
                {"role":"tool","tool_call_id":"c2","content":"y"},
                {"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]},
                {"role":"user","content":"b"}]})"},
        // As in the recording chat-v2-tool-call-tool-result.
        RequestCase{
            "CoheresOwnPlanAndDocuments",
            R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_plan":"I will f.","tool_calls":[
                {"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
                {"role":"tool","tool_call_id":"c1","content":[{"type":"document","document":{"data":{"output":"60"}}}]}]})",
            R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_plan":"I will f.","tool_calls":[
                {"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
                {"role":"tool","tool_call_id":"c1","content":[{"type":"document","document":{"data":{"output":"60"}}}]}]})"}),
    NameOfCase);

INSTANTIATE_TEST_SUITE_P(
    Reasoning, MessagesTest,
    testing::Values(
        RequestCase{"IsAPartForModelsThatReason",
                    R"({"messages":[{"role":"user","content":"a"},
                        {"role":"assistant","reasoning_content":"Hm.","content":"b"},{"role":"user","content":"c"}]})",
                    R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[
                        {"type":"thinking","thinking":"Hm."},{"type":"text","text":"b"}]},
                        {"role":"user","content":"c"}]})"},
        RequestCase{
            "IsThePlanOfCallsForOthers",
            R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","reasoning":"Hm.","tool_calls":[
                        {"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
                        {"role":"tool","tool_call_id":"c1","content":"x"}]})",
            R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_plan":"Hm.","tool_calls":[
                        {"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
                        {"role":"tool","tool_call_id":"c1","content":"x"}]})",
            {},
            kPlainModel},
        RequestCase{"IsLeftOutWithoutCalls",
                    R"({"messages":[{"role":"user","content":"a"},
                        {"role":"assistant","reasoning_content":"Hm.","content":"b"},{"role":"user","content":"c"}]})",
                    R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},
                        {"role":"user","content":"c"}]})",
                    {"messages[1].reasoning_content"},
                    kPlainModel},
        RequestCase{
            "IsNotSaidTwice",
            R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","reasoning_content":"Hm.",
                        "tool_plan":"Hm.","content":"b","citations":[{"start":0,"end":1,"text":"b"}],
                        "annotations":[{"type":"url_citation","url_citation":{"url":"https://x"}}]}]})",
            R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_plan":"Hm.","content":"b",
                        "citations":[{"start":0,"end":1,"text":"b"}]}]})"}),
    NameOfCase);

// Calls without ids get one, and so do their results.
TEST(Messages, MissingIds) {
  const auto sent = TheHarness().Encode(nlohmann::json::parse(
      R"({"messages":[{"role":"user","content":"a"},
          {"role":"assistant","function_call":{"name":"f","arguments":"{}"}},
          {"role":"function","name":"f","content":"x"}]})"));
  ASSERT_FALSE(sent.error) << sent.error->message;
  const auto& messages = sent.wire.at("messages");
  const std::string id = messages.at(1).at("tool_calls").at(0).at("id");
  EXPECT_FALSE(id.empty());
  EXPECT_EQ(messages.at(2).at("tool_call_id"), id);
  EXPECT_EQ(messages.at(2).at("role"), "tool");
}

class RefusedMessagesTest : public testing::TestWithParam<RefusalCase> {};
TEST_P(RefusedMessagesTest, SayWhere) { ExpectRefused(GetParam()); }
INSTANTIATE_TEST_SUITE_P(
    All, RefusedMessagesTest,
    testing::Values(
        RefusalCase{"Nothing", R"({"messages":[]})", "messages"},
        RefusalCase{"NothingSaid", R"({"messages":[{"role":"user","content":" "}]})", "messages"},
        RefusalCase{"Role", R"({"messages":[{"role":"critic","content":"a"}]})", "messages[0].role"},
        RefusalCase{"ACustomCall",
                    R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[
                        {"id":"c","type":"custom","custom":{"name":"f","input":"x"}}]}]})",
                    "messages[1].tool_calls[0]"},
        RefusalCase{"AResultOfNothing", R"({"messages":[{"role":"tool","content":"x"}]})",
                    "messages[0].tool_call_id"},
        RefusalCase{"Audio",
                    R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","audio":{"id":"x"}}]})",
                    "messages[1].audio"}),
    NameOfRefusal);

}  // namespace
}  // namespace portolan::providers::cohere
