#include <gtest/gtest.h>

#include "tests/unit/providers/anthropic/harness.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;

const Harness& TheHarness() {
  static const Harness* const harness = new Harness;
  return *harness;
}

struct Case {
  const char* name;
  const char* messages;  // of the hub
  const char* wire;      // the `messages` and, if any, `system` that must be sent
  const char* model = "claude-sonnet-4-5";
};

class MessagesTest : public testing::TestWithParam<Case> {};

TEST_P(MessagesTest, AreSentAsExpected) {
  const Case& c = GetParam();
  const json hub = {{"model", c.model}, {"max_tokens", 100}, {"messages", json::parse(c.messages)}};
  const auto sent = TheHarness().Encode(hub);
  ASSERT_FALSE(sent.error) << sent.error->message << " at " << sent.error->param;
  json expected = json::parse(c.wire);
  expected["model"] = c.model;
  expected["max_tokens"] = 100;
  EXPECT_EQ(sent.wire, expected);
}

constexpr Case kCases[] = {
    {"TextStaysText", R"([{"role":"user","content":"hi"}])",
     R"({"messages":[{"role":"user","content":"hi"}]})"},
    {"LeadingSystemMessagesBecomeTheSystem",
     R"([{"role":"system","content":"a"},{"role":"developer","content":[{"type":"text","text":"b"}]},
         {"role":"user","content":"hi"}])",
     R"({"system":[{"type":"text","text":"a"},{"type":"text","text":"b"}],
         "messages":[{"role":"user","content":"hi"}]})"},
    {"LaterSystemMessagesJoinTheFirstOnOlderModels",
     R"([{"role":"system","content":"a"},{"role":"user","content":"hi"},{"role":"system","content":"b"}])",
     R"({"system":[{"type":"text","text":"a"},{"type":"text","text":"b"}],
         "messages":[{"role":"user","content":"hi"}]})"},
    {"LaterSystemMessagesKeepTheirPlaceOnNewerModels",
     R"([{"role":"system","content":"a"},{"role":"user","content":"hi"},{"role":"developer","content":"b"},
         {"role":"user","content":"ho"}])",
     R"({"system":[{"type":"text","text":"a"}],
         "messages":[{"role":"user","content":"hi"},{"role":"system","content":[{"type":"text","text":"b"}]},
                     {"role":"user","content":"ho"}]})",
     "claude-sonnet-5"},
    {"NothingStandsBetweenACallAndItsResult",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"system","content":"be brief"},{"role":"tool","tool_call_id":"c1","content":"1"}])",
     R"({"system":[{"type":"text","text":"be brief"}],
         "messages":[{"role":"user","content":"q"},
          {"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"}]}]})",
     "claude-opus-4-8"},
    {"SystemCacheMarkIsKept",
     R"([{"role":"system","content":"a","cache_control":{"type":"ephemeral","ttl":"1h"}},
         {"role":"user","content":"hi"}])",
     R"({"system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}],
         "messages":[{"role":"user","content":"hi"}]})"},
    {"EmptySystemIsLeftOut", R"([{"role":"system","content":""},{"role":"user","content":"hi"}])",
     R"({"messages":[{"role":"user","content":"hi"}]})"},
    {"ParallelResultsShareOneMessage",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","content":"let me see","tool_calls":[
           {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}},
           {"id":"c2","type":"function","function":{"name":"g","arguments":""}}]},
         {"role":"tool","tool_call_id":"c1","content":"one"},
         {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"two"},
           {"type":"image_url","image_url":{"url":"https://x.test/a.png"}}]},
         {"role":"user","content":"and?"}])",
     R"({"messages":[{"role":"user","content":"q"},
          {"role":"assistant","content":[{"type":"text","text":"let me see"},
            {"type":"tool_use","id":"c1","name":"f","input":{"a":1}},
            {"type":"tool_use","id":"c2","name":"g","input":{}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"one"},
            {"type":"tool_result","tool_use_id":"c2","content":[{"type":"text","text":"two"},
              {"type":"image","source":{"type":"url","url":"https://x.test/a.png"}}]}]},
          {"role":"user","content":"and?"}]})"},
    {"SuccessiveCallsKeepTheirOwnResults",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","content":null,
          "tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"c1","content":""},
         {"role":"assistant","content":null,
          "tool_calls":[{"id":"c2","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"c2","content":"2"}])",
     R"({"messages":[{"role":"user","content":"q"},
          {"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1"}]},
          {"role":"assistant","content":[{"type":"tool_use","id":"c2","name":"f","input":{}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"c2","content":"2"}]}]})"},
    {"ForeignCallIdsAreMadeFit",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","tool_calls":[{"id":"functions.f:0","type":"function",
           "function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"functions.f:0","content":"1"}])",
     R"({"messages":[{"role":"user","content":"q"},
          {"role":"assistant","content":[{"type":"tool_use","id":"functions_f_0","name":"f","input":{}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"functions_f_0","content":"1"}]}]})"},
    {"FailedToolsAndCacheMarksAreKept",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"c1","content":"no","is_error":true,"cache_control":{"type":"ephemeral"}}])",
     R"({"messages":[{"role":"user","content":"q"},
          {"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"no","is_error":true,
            "cache_control":{"type":"ephemeral"}}]}]})"},
    {"ACallsOwnCacheMarkCounts",
     R"([{"role":"user","content":"q","cache_control":{"type":"ephemeral"}},
         {"role":"assistant","cache_control":{"type":"ephemeral","ttl":"1h"},"tool_calls":[{"id":"c1","type":"function",
           "function":{"name":"f","arguments":"{}"},"cache_control":{"type":"ephemeral"}}]},
         {"role":"tool","tool_call_id":"c1","content":"1"}])",
     R"({"messages":[{"role":"user","content":[{"type":"text","text":"q","cache_control":{"type":"ephemeral"}}]},
          {"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{},
            "cache_control":{"type":"ephemeral"}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"}]}]})"},
    {"AMessagesCacheMarkIsSetOnce",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","content":"a","cache_control":{"type":"ephemeral"},"tool_calls":[{"id":"c1",
           "type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"c1","content":"1"},
         {"role":"assistant","content":"b","cache_control":{"type":"ephemeral"}},{"role":"user","content":"q"}])",
     R"({"messages":[{"role":"user","content":"q"},
          {"role":"assistant","content":[{"type":"text","text":"a"},{"type":"tool_use","id":"c1","name":"f",
            "input":{},"cache_control":{"type":"ephemeral"}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"}]},
          {"role":"assistant","content":[{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]},
          {"role":"user","content":"q"}]})"},
    {"DeprecatedFunctionMessagesArePairedByOrder",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{\"a\":1}"}},
         {"role":"function","name":"f","content":"1"}])",
     R"({"messages":[{"role":"user","content":"q"},
          {"role":"assistant","content":[{"type":"tool_use","id":"call_2","name":"f","input":{"a":1}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"call_2","content":"1"}]}]})"},
    {"BlocksOfHistoryGoBackAsTheyAreAndWin",
     R"([{"role":"user","content":"q"},
         {"role":"assistant","content":"projection","tool_calls":[{"id":"x","type":"function",
            "function":{"name":"f","arguments":"{}"}}],
          "content_blocks":[
           {"type":"thinking","thinking":"hm","signature":"c2ln"},
           {"type":"redacted_thinking","data":"ZGF0YQ=="},
           {"type":"text","text":""},
           {"type":"text","text":"hello","citations":null},
           {"type":"server_tool_use","id":"s1","name":"web_search","input":{"query":"x"}},
           {"type":"web_search_tool_result","tool_use_id":"s1","content":[
             {"type":"web_search_result","url":"https://x.test","title":"t","encrypted_content":"e","page_age":null}]},
           {"type":"novel","anything":[1,{"b":2}]},
           {"type":"tool_use","id":"t1","name":"f","input":{"a":[1,2.5e3]},"caller":{"type":"direct"}}]},
         {"role":"tool","tool_call_id":"t1","content":"1"}])",
     R"({"messages":[{"role":"user","content":"q"},
          {"role":"assistant","content":[
           {"type":"thinking","thinking":"hm","signature":"c2ln"},
           {"type":"redacted_thinking","data":"ZGF0YQ=="},
           {"type":"text","text":"hello","citations":null},
           {"type":"server_tool_use","id":"s1","name":"web_search","input":{"query":"x"}},
           {"type":"web_search_tool_result","tool_use_id":"s1","content":[
             {"type":"web_search_result","url":"https://x.test","title":"t","encrypted_content":"e","page_age":null}]},
           {"type":"novel","anything":[1,{"b":2}]},
           {"type":"tool_use","id":"t1","name":"f","input":{"a":[1,2.5e3]},"caller":{"type":"direct"}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"1"}]}]})"},
    {"AssistantPartsAndRefusalsAreText",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"a"},
          {"type":"refusal","refusal":"no"}]},{"role":"user","content":"why"},
         {"role":"assistant","content":null,"refusal":"because"},{"role":"user","content":"oh"}])",
     R"({"messages":[{"role":"user","content":"q"},
          {"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":"no"}]},
          {"role":"user","content":"why"},
          {"role":"assistant","content":[{"type":"text","text":"because"}]},{"role":"user","content":"oh"}]})"},
    {"MessagesWithoutContentAreLeftOut",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":""},{"role":"user","content":[]},
         {"role":"user","content":[{"type":"text","text":""}]}])",
     R"({"messages":[{"role":"user","content":"q"}]})"},
};

INSTANTIATE_TEST_SUITE_P(All, MessagesTest, testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

struct PartCase {
  const char* name;
  const char* part;   // of a user message
  const char* block;  // that it becomes
};

class PartTest : public testing::TestWithParam<PartCase> {};

TEST_P(PartTest, BecomesABlock) {
  const PartCase& c = GetParam();
  const json hub = {{"model", "claude-sonnet-4-5"},
                    {"messages", {{{"role", "user"}, {"content", json::array({json::parse(c.part)})}}}}};
  const auto sent = TheHarness().Encode(hub);
  ASSERT_FALSE(sent.error) << sent.error->message << " at " << sent.error->param;
  EXPECT_EQ(sent.wire["messages"][0]["content"], json::array({json::parse(c.block)}));
}

constexpr PartCase kParts[] = {
    {"Text", R"({"type":"text","text":"hi"})", R"({"type":"text","text":"hi"})"},
    {"TextWithCacheMark", R"({"type":"text","text":"hi","cache_control":{"type":"ephemeral","ttl":"5m"}})",
     R"({"type":"text","text":"hi","cache_control":{"type":"ephemeral","ttl":"5m"}})"},
    {"OpenAisCacheMark", R"({"type":"text","text":"hi","prompt_cache_breakpoint":{"mode":"explicit"}})",
     R"({"type":"text","text":"hi","cache_control":{"type":"ephemeral"}})"},
    {"ImageByUrl", R"({"type":"image_url","image_url":{"url":"https://x.test/a.png","detail":"auto"}})",
     R"({"type":"image","source":{"type":"url","url":"https://x.test/a.png"}})"},
    {"ImageByBareUrl", R"({"type":"image_url","image_url":"http://x.test/a.png"})",
     R"({"type":"image","source":{"type":"url","url":"http://x.test/a.png"}})"},
    {"ImageInline",
     R"({"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw=="},
         "cache_control":{"type":"ephemeral"}})",
     R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw=="},
         "cache_control":{"type":"ephemeral"}})"},
    {"ImageTypeIsNormalised", R"({"type":"image_url","image_url":{"url":"data:IMAGE/jpg;x=y;base64,AAAA"}})",
     R"({"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AAAA"}})"},
    {"ImageTypeOfOldBrowsers", R"({"type":"image_url","image_url":"DATA:image/PJPEG;base64,AAAA"})",
     R"({"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AAAA"}})"},
    {"CapitalBase64", R"({"type":"image_url","image_url":{"url":"data:image/png;BASE64,iVBORw=="}})",
     R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw=="}})"},
    {"ImageByCapitalUrl", R"({"type":"image_url","image_url":{"url":"HTTPS://x.test/a.png"}})",
     R"({"type":"image","source":{"type":"url","url":"HTTPS://x.test/a.png"}})"},
    {"PdfInCapitals", R"({"type":"file","file":{"file_data":"data:Application/PDF;Base64,JVBERi0="}})",
     R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}})"},
    {"TextInCapitals", R"({"type":"file","file":{"file_data":"Data:TEXT/plain;charset=UTF-8;bAsE64,aGk="}})",
     R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"hi"}})"},
    {"ImageFileOfOldBrowsers", R"({"type":"file","file":{"file_data":"data:image/pjpeg;base64,AAAA"}})",
     R"({"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AAAA"}})"},
    {"PdfAsImageUrl", R"({"type":"image_url","image_url":{"url":"data:application/pdf;base64,JVBERi0="}})",
     R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}})"},
    {"PdfInline",
     R"({"type":"file","file":{"file_data":"data:application/pdf;base64,JVBERi0=","filename":"a.pdf"}})",
     R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="},
         "title":"a.pdf"})"},
    {"PdfWithoutPrefix", R"({"type":"file","file":{"file_data":"JVBERi0xLjQ="}})",
     R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0xLjQ="}})"},
    {"TextFileInline",
     R"({"type":"file","file":{"file_data":"data:text/markdown;base64,IyBow6kK","filename":"a.md"},
         "citations":{"enabled":true},"context":"notes"})",
     R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"# h\u00e9\n"},"title":"a.md",
         "citations":{"enabled":true},"context":"notes"})"},
    {"ImageFileInline",
     R"({"type":"file","file":{"file_data":"data:image/webp;base64,AAAA","filename":"a.webp"}})",
     R"({"type":"image","source":{"type":"base64","media_type":"image/webp","data":"AAAA"}})"},
    {"FileById", R"({"type":"file","file":{"file_id":"file_1"}})",
     R"({"type":"document","source":{"type":"file","file_id":"file_1"}})"},
    {"FileByUrl", R"({"type":"file","file":{"file_data":"https://x.test/a.pdf"}})",
     R"({"type":"document","source":{"type":"url","url":"https://x.test/a.pdf"}})"},
    {"AnthropicsOwnForm",
     R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"x"},"title":"t",
         "citations":{"enabled":true},"cache_control":{"type":"ephemeral"}})",
     R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"x"},"title":"t",
         "citations":{"enabled":true},"cache_control":{"type":"ephemeral"}})"},
};

INSTANTIATE_TEST_SUITE_P(All, PartTest, testing::ValuesIn(kParts),
                         [](const auto& test) { return test.param.name; });

TEST(RequestMessages, MediaTypesOfGivenBlocksAreNormalised) {
  const auto sent = TheHarness().Encode(json::parse(R"({"model":"claude-sonnet-4-5","messages":[
      {"role":"user","content_blocks":[
        {"type":"image","source":{"type":"base64","media_type":"image/JPG","data":"AAAA"}},
        {"type":"image","source":{"type":"url","url":"https://x.test/a.jpg"}}]},
      {"role":"assistant","content_blocks":[{"type":"tool_use","id":"a","name":"f","input":{}}]},
      {"role":"user","content_blocks":[{"type":"tool_result","tool_use_id":"a","content":[
        {"type":"image","source":{"type":"base64","media_type":"image/pjpeg","data":"AAAA"}}]}]}]})"));
  ASSERT_FALSE(sent.error);
  const json& messages = sent.wire["messages"];
  EXPECT_EQ(messages[0]["content"][0]["source"]["media_type"], "image/jpeg");
  EXPECT_EQ(messages[0]["content"][1]["source"],
            json::parse(R"({"type":"url","url":"https://x.test/a.jpg"})"));
  EXPECT_EQ(messages[2]["content"][0]["content"][0]["source"]["media_type"], "image/jpeg");
}

TEST(RequestMessages, MembersThatCannotBeSentAreNamed) {
  const auto sent = TheHarness().Encode(json::parse(R"({"model":"claude-sonnet-4-5","messages":[
      {"role":"system","content":"s","name":"n"},
      {"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.test/a","detail":"high","zoom":2}},
                                {"type":"text","text":"x","colour":"red","nothing":null}]},
      {"role":"assistant","content":"a","reasoning_content":"r","audio":{"id":"a1"},"refusal":null,"mood":"good"},
      {"role":"user","content":"q"}]})"));
  ASSERT_FALSE(sent.error);
  const DroppedMembers expected = {"messages[0].name",
                                   "messages[1].content[0].image_url.detail",
                                   "messages[1].content[0].image_url.zoom",
                                   "messages[1].content[1].colour",
                                   "messages[2].reasoning_content",
                                   "messages[2].mood",
                                   "messages[2].audio"};
  EXPECT_EQ(sent.dropped, expected);
}

struct RefusalCase {
  const char* name;
  const char* messages;
  const char* path;
};

class RefusedMessagesTest : public testing::TestWithParam<RefusalCase> {};

TEST_P(RefusedMessagesTest, TellWhere) {
  const RefusalCase& c = GetParam();
  const auto sent =
      TheHarness().Encode({{"model", "claude-sonnet-4-5"}, {"messages", json::parse(c.messages)}});
  ASSERT_TRUE(sent.error);
  EXPECT_EQ(sent.error->http_status, 400);
  EXPECT_EQ(sent.error->error_class, ErrorClass::kCaller);
  EXPECT_EQ(sent.error->param, c.path);
}

constexpr RefusalCase kRefusals[] = {
    {"Sound", R"([{"role":"user","content":[{"type":"text","text":"x"},
       {"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]}])",
     "messages[0].content[1].type"},
    {"UnknownPart", R"([{"role":"user","content":[{"type":"hologram","hologram":{}}]}])",
     "messages[0].content[0].type"},
    {"ImageInSystem",
     R"([{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://x.test"}}]}])",
     "messages[0].content[0].type"},
    {"ForeignUrl", R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"gs://b/o"}}]}])",
     "messages[0].content[0].image_url.url"},
    {"ForeignImageType",
     R"([{"role":"user","content":[{"type":"image_url","image_url":"data:image/svg+xml;base64,AA"}]}])",
     "messages[0].content[0].image_url"},
    {"DataUrlWithoutBase64",
     R"([{"role":"user","content":[{"type":"image_url","image_url":"data:image/png,AA"}]}])",
     "messages[0].content[0].image_url"},
    {"DataUrlWithoutComma",
     R"([{"role":"user","content":[{"type":"image_url","image_url":"data:image/png"}]}])",
     "messages[0].content[0].image_url"},
    {"TextFileThatIsNoText",
     R"([{"role":"user","content":[{"type":"file","file":{"file_data":"data:text/plain;base64,//8="}}]}])",
     "messages[0].content[0].file.file_data"},
    {"FileOfNoKnownForm", R"([{"role":"user","content":[{"type":"file","file":{"file_data":"AAAA"}}]}])",
     "messages[0].content[0].file"},
    {"CustomToolCall", R"([{"role":"user","content":"q"},{"role":"assistant","tool_calls":[
       {"id":"a","type":"custom","custom":{"name":"f","input":"x"}}]}])",
     "messages[1].tool_calls[0]"},
    {"ResultWithoutCall", R"([{"role":"tool","content":"x"}])", "messages[0].tool_call_id"},
    {"SpokenHistory", R"([{"role":"user","content":"q"},{"role":"assistant","audio":{"id":"a"}}])",
     "messages[1].audio"},
    {"UnknownRole", R"([{"role":"narrator","content":"x"}])", "messages[0].role"},
};

INSTANTIATE_TEST_SUITE_P(All, RefusedMessagesTest, testing::ValuesIn(kRefusals),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace portolan::providers::anthropic
