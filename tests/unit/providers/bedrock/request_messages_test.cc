#include "tests/unit/providers/bedrock/request_case.h"

namespace portolan::providers::bedrock {
namespace {

class MessagesTest : public testing::TestWithParam<RequestCase> {};
TEST_P(MessagesTest, AreSentAsExpected) { ExpectSent(GetParam()); }

const RequestCase kCases[] = {
    {"Text", "{}", "{}"},
    {"SystemMessages",
     R"({"messages":[{"role":"system","content":"a"},{"role":"developer","content":[{"type":"text","text":"b"}]},
         {"role":"user","content":"hi"},{"role":"system","content":"c"}]})",
     R"({"system":[{"text":"a"},{"text":"b"},{"text":"c"}]})"},
    {"LaterSystemMessagesKeepTheirPlaceOnTheNewestModels",
     R"({"messages":[{"role":"system","content":"a"},{"role":"user","content":"hi"},{"role":"system","content":"b"}]})",
     R"({"system":[{"text":"a"}],
         "messages":[{"role":"user","content":[{"text":"hi"}]},{"role":"system","content":[{"text":"b"}]}]})",
     {},
     "us.anthropic.claude-opus-4-8-v1"},
    {"NothingStandsBetweenACallAndItsResult",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"system","content":"b"},{"role":"tool","tool_call_id":"c1","content":"1"}],
         "tools":[{"type":"function","function":{"name":"f"}}]})",
     R"({"system":[{"text":"b"}],"messages":[{"role":"user","content":[{"text":"q"}]},
          {"role":"assistant","content":[{"toolUse":{"toolUseId":"c1","name":"f","input":{}}}]},
          {"role":"user","content":[{"toolResult":{"toolUseId":"c1","content":[{"text":"1"}]}}]}],
         "toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]}})",
     {},
     "us.anthropic.claude-opus-4-8-v1"},
    {"BlankTextsAreLeftOut",
     R"({"messages":[{"role":"system","content":" \n"},{"role":"user","content":""},
         {"role":"user","content":[{"type":"text","text":"\t"},{"type":"text","text":"hi"}]}]})",
     "{}"},
    {"NeighboursOfOneRoleAreOneMessage",
     R"({"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"assistant","content":"c"},
         {"role":"assistant","content":"d"},{"role":"user","content":"e"}]})",
     R"({"messages":[{"role":"user","content":[{"text":"a"},{"text":"b"}]},
         {"role":"assistant","content":[{"text":"c"},{"text":"d"}]},{"role":"user","content":[{"text":"e"}]}]})"},
    {"BlankMessageBetweenMakesNoHole",
     R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null},{"role":"user","content":"b"}]})",
     R"({"messages":[{"role":"user","content":[{"text":"a"},{"text":"b"}]}]})"},
    {"ResultsOfATurnShareOneUserMessage",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","content":"let me see","tool_calls":[
           {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\": 1.50}"}},
           {"id":"c2","type":"function","function":{"name":"g","arguments":""}}]},
         {"role":"tool","tool_call_id":"c1","content":"one"},
         {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"two"},
           {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
         {"role":"user","content":"and?"}],
         "tools":[{"type":"function","function":{"name":"f"}}]})",
     R"({"messages":[{"role":"user","content":[{"text":"q"}]},
         {"role":"assistant","content":[{"text":"let me see"},
           {"toolUse":{"toolUseId":"c1","name":"f","input":{"a":1.5}}},
           {"toolUse":{"toolUseId":"c2","name":"g","input":{}}}]},
         {"role":"user","content":[{"toolResult":{"toolUseId":"c1","content":[{"text":"one"}]}},
           {"toolResult":{"toolUseId":"c2","content":[{"text":"two"},
              {"image":{"format":"png","source":{"bytes":"AAAA"}}}]}},
           {"text":"and?"}]}],
         "toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]}})"},
    {"ResultsComeBeforeWhatElseTheUserSays",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}},
           {"id":"c2","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"c1","content":"1"},{"role":"user","content":"wait"},
         {"role":"tool","tool_call_id":"c2","content":"2","cache_control":{"type":"ephemeral"}}],
         "tools":[{"type":"function","function":{"name":"f"}}]})",
     R"({"messages":[{"role":"user","content":[{"text":"q"}]},
         {"role":"assistant","content":[{"toolUse":{"toolUseId":"c1","name":"f","input":{}}},
           {"toolUse":{"toolUseId":"c2","name":"f","input":{}}}]},
         {"role":"user","content":[{"toolResult":{"toolUseId":"c1","content":[{"text":"1"}]}},
           {"toolResult":{"toolUseId":"c2","content":[{"text":"2"}]}},{"cachePoint":{"type":"default"}},
           {"text":"wait"}]}],
         "toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]}})"},
    {"EmptyResultsAndFailures",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}},
           {"id":"c2","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"c1","content":""},
         {"role":"tool","tool_call_id":"c2","content":"no","is_error":true}],
         "tools":[{"type":"function","function":{"name":"f"}}]})",
     R"({"messages":[{"role":"user","content":[{"text":"q"}]},
         {"role":"assistant","content":[{"toolUse":{"toolUseId":"c1","name":"f","input":{}}},
           {"toolUse":{"toolUseId":"c2","name":"f","input":{}}}]},
         {"role":"user","content":[{"toolResult":{"toolUseId":"c1","content":[]}},
           {"toolResult":{"toolUseId":"c2","content":[{"text":"no"}],"status":"error"}}]}],
         "toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]}})"},
    {"FailuresAreTextForModelsThatTakeNoStatus",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"c1","content":"no","is_error":true}],
         "tools":[{"type":"function","function":{"name":"f"}}]})",
     R"({"messages":[{"role":"user","content":[{"text":"q"}]},
         {"role":"assistant","content":[{"toolUse":{"toolUseId":"c1","name":"f","input":{}}}]},
         {"role":"user","content":[{"toolResult":{"toolUseId":"c1","content":[{"text":"Error: no"}]}}]}],
         "toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]}})",
     {},
     "meta.llama3-1-70b-instruct-v1:0"},
    {"IdsAreMadeFit",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","tool_calls":[{"id":"functions.f:0","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"functions.f:0","content":"1"},
         {"role":"assistant","function_call":{"name":"f","arguments":"no json"}},
         {"role":"function","name":"f","content":"2"}],
         "tools":[{"type":"function","function":{"name":"f"}}]})",
     R"({"messages":[{"role":"user","content":[{"text":"q"}]},
         {"role":"assistant","content":[{"toolUse":{"toolUseId":"functions_f_0","name":"f","input":{}}}]},
         {"role":"user","content":[{"toolResult":{"toolUseId":"functions_f_0","content":[{"text":"1"}]}}]},
         {"role":"assistant","content":[{"toolUse":{"toolUseId":"call_4","name":"f","input":{"arguments":"no json"}}}]},
         {"role":"user","content":[{"toolResult":{"toolUseId":"call_4","content":[{"text":"2"}]}}]}],
         "toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]}})",
     {"messages[3].function_call.arguments"}},
    {"AnswersThatAreToBeContinuedEndWithoutWhiteSpace",
     R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"It is \n"}]})",
     R"({"messages":[{"role":"user","content":[{"text":"q"}]},{"role":"assistant","content":[{"text":"It is"}]}]})"},
    {"WhatHasNoPlaceIsNamed",
     R"({"messages":[{"role":"user","content":"a","name":"Ann"},
         {"role":"assistant","content":"b","reasoning_content":"hm","audio":{"id":"x"},"novel":1},
         {"role":"user","content":[{"type":"text","text":"c","novel":2}]}]})",
     R"({"messages":[{"role":"user","content":[{"text":"a"}]},{"role":"assistant","content":[{"text":"b"}]},
         {"role":"user","content":[{"text":"c"}]}]})",
     {"messages[0].name", "messages[1].reasoning_content", "messages[1].audio", "messages[1].novel",
      "messages[2].content[0].novel"}},
    {"CacheMarks",
     R"({"messages":[{"role":"system","content":"a","cache_control":{"type":"ephemeral","ttl":"1h"}},
         {"role":"user","content":[{"type":"text","text":"b","cache_control":{"type":"ephemeral"}},
           {"type":"text","text":"c","prompt_cache_breakpoint":{"mode":"explicit"}},{"type":"text","text":"d"}]},
         {"role":"assistant","content":"e","cache_control":{"type":"ephemeral"}},{"role":"user","content":"f"}]})",
     R"({"system":[{"text":"a"},{"cachePoint":{"type":"default","ttl":"1h"}}],
         "messages":[{"role":"user","content":[{"text":"b"},{"cachePoint":{"type":"default"}},{"text":"c"},
           {"cachePoint":{"type":"default"}},{"text":"d"}]},
          {"role":"assistant","content":[{"text":"e"},{"cachePoint":{"type":"default"}}]},
          {"role":"user","content":[{"text":"f"}]}]})"},
    {"CacheMarksOfPartsOfAResultStandBehindIt",
     R"({"messages":[{"role":"user","content":"q"},
         {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"1","cache_control":{"type":"ephemeral"}}]}],
         "tools":[{"type":"function","function":{"name":"f"},"cache_control":{"type":"ephemeral"}}]})",
     R"({"messages":[{"role":"user","content":[{"text":"q"}]},
         {"role":"assistant","content":[{"toolUse":{"toolUseId":"c1","name":"f","input":{}}}]},
         {"role":"user","content":[{"toolResult":{"toolUseId":"c1","content":[{"text":"1"}]}},
           {"cachePoint":{"type":"default"}}]}],
         "toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}},
           {"cachePoint":{"type":"default"}}]}})"},
    {"ModelsWithoutACacheGetNoMarks",
     R"({"messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}]})",
     "{}",
     {"messages[0].content[0].cache_control"},
     "meta.llama3-1-70b-instruct-v1:0"},
    {"GuardedText",
     R"({"messages":[{"role":"user","content":[{"type":"guarded_text","text":"a"},{"type":"text","text":"b"}]}]})",
     R"({"messages":[{"role":"user","content":[{"guardContent":{"text":{"text":"a"}}},{"text":"b"}]}]})"},
};
INSTANTIATE_TEST_SUITE_P(All, MessagesTest, testing::ValuesIn(kCases), NameOfCase);

class MessagesRefusalTest : public testing::TestWithParam<RefusalCase> {};
TEST_P(MessagesRefusalTest, AreRefused) { ExpectRefused(GetParam()); }

const RefusalCase kRefusals[] = {
    {"NoMessages", R"({"messages":[]})", "messages"},
    {"NothingSaid", R"({"messages":[{"role":"system","content":"a"},{"role":"user","content":"  "}]})",
     "messages"},
    {"UnknownRole", R"({"messages":[{"role":"critic","content":"a"}]})", "messages[0].role"},
    {"ResultWithoutACall", R"({"messages":[{"role":"tool","content":"a"}]})", "messages[0].tool_call_id"},
    {"CustomCalls",
     R"({"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"custom","custom":{"name":"f","input":"x"}}]}]})",
     "messages[0].tool_calls[0]"},
    {"SpokenAnswers", R"({"messages":[{"role":"assistant","audio":{"id":"x"}}]})", "messages[0].audio"},
    {"UnknownParts", R"({"messages":[{"role":"user","content":[{"type":"novel"}]}]})",
     "messages[0].content[0].type"},
    {"PicturesOfAnAssistant",
     R"({"messages":[{"role":"assistant","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]}]})",
     "messages[0].content[0].type"},
};
INSTANTIATE_TEST_SUITE_P(All, MessagesRefusalTest, testing::ValuesIn(kRefusals), NameOfRefusal);

// 64 characters are the most that an id has. Results find their calls all the same.
TEST(LongIdsTest, AreShortenedAlike) {
  const std::string one(300, 'a');
  const std::string other = one + "b";
  const auto call = [](const std::string& id) {
    return nlohmann::json{
        {"id", id}, {"type", "function"}, {"function", {{"name", "f"}, {"arguments", "{}"}}}};
  };
  const auto result = [](const std::string& id) {
    return nlohmann::json{{"role", "tool"}, {"tool_call_id", id}, {"content", "1"}};
  };
  const auto sent =
      TheHarness().Encode({{"messages",
                            {{{"role", "user"}, {"content", "q"}},
                             {{"role", "assistant"}, {"tool_calls", {call(one), call(other), call(one)}}},
                             result(other),
                             result(one),
                             result(one)}}});
  ASSERT_FALSE(sent.error);
  std::vector<std::string> ids;
  for (const auto& block : sent.wire["messages"][1]["content"]) ids.push_back(block["toolUse"]["toolUseId"]);
  ASSERT_EQ(ids.size(), 3u);
  for (const std::string& id : ids) EXPECT_LE(id.size(), 64u);
  EXPECT_NE(ids[0], ids[1]);
  EXPECT_EQ(ids[2], ids[0] + "_2");
  const auto& results = sent.wire["messages"][2]["content"];
  EXPECT_EQ(results[0]["toolResult"]["toolUseId"], ids[1]);
  EXPECT_EQ(results[1]["toolResult"]["toolUseId"], ids[0]);
  EXPECT_EQ(results[2]["toolResult"]["toolUseId"], ids[2]);
}

TEST(MessagesWithoutAModelTest, AreRefused) {
  const auto sent = TheHarness().EncodeText(R"({"model":"","messages":[{"role":"user","content":"hi"}]})");
  ASSERT_TRUE(sent.error);
  EXPECT_EQ(sent.error->param, "model");
}

}  // namespace
}  // namespace portolan::providers::bedrock
