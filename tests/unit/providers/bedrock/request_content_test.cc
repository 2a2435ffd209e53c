#include "tests/unit/providers/bedrock/request_case.h"

namespace portolan::providers::bedrock {
namespace {

class ContentTest : public testing::TestWithParam<RequestCase> {};
TEST_P(ContentTest, IsSentAsExpected) { ExpectSent(GetParam()); }

const RequestCase kCases[] = {
    {"Images",
     R"({"messages":[{"role":"user","content":[
         {"type":"image_url","image_url":{"url":"data:image/JPG;base64,AAAA","detail":"high"}},
         {"type":"image_url","image_url":"data:image/webp;base64,BBBB"},
         {"type":"image_url","image_url":{"url":"s3://bucket/a.PNG"}},
         {"type":"file","file":{"file_data":"data:image/gif;base64,CCCC"}},{"type":"text","text":"hi"}]}]})",
     R"({"messages":[{"role":"user","content":[
         {"image":{"format":"jpeg","source":{"bytes":"AAAA"}}},{"image":{"format":"webp","source":{"bytes":"BBBB"}}},
         {"image":{"format":"png","source":{"s3Location":{"uri":"s3://bucket/a.PNG"}}}},
         {"image":{"format":"gif","source":{"bytes":"CCCC"}}},{"text":"hi"}]}]})",
     {"messages[0].content[0].image_url.detail"}},
    {"Documents",
     R"({"messages":[{"role":"user","content":[
         {"type":"file","file":{"file_data":"data:application/pdf;base64,AA","filename":"Report_2026.v2.pdf"}},
         {"type":"file","file":{"file_data":"JVBERi0x","filename":"Report_2026.v2.pdf"}},
         {"type":"file","file":{"file_data":"data:text/csv;base64,BB","filename":"dir/a  b__(1)[2]-c.csv"}},
         {"type":"file","file":{"file_data":"data:application/octet-stream;base64,CC","filename":"x.docx"}},
         {"type":"file","file":{"file_data":"data:application/json;base64,DD"}},
         {"type":"file","file":{"file_data":"data:;base64,EE"}},
         {"type":"file","file":{"file_id":"s3://b/t.md","filename":"t.md"}},
         {"type":"text","text":"hi"}]}]})",
     R"({"messages":[{"role":"user","content":[
         {"document":{"format":"pdf","name":"Report 2026 v2","source":{"bytes":"AA"}}},
         {"document":{"format":"pdf","name":"Report 2026 v2 2","source":{"bytes":"JVBERi0x"}}},
         {"document":{"format":"csv","name":"a b (1)[2]-c","source":{"bytes":"BB"}}},
         {"document":{"format":"docx","name":"x","source":{"bytes":"CC"}}},
         {"document":{"format":"txt","name":"document","source":{"bytes":"DD"}}},
         {"document":{"format":"txt","name":"document 2","source":{"bytes":"EE"}}},
         {"document":{"format":"md","name":"t","source":{"s3Location":{"uri":"s3://b/t.md"}}}},
         {"text":"hi"}]}]})"},
    {"ATextStandsBesideADocument",
     R"({"messages":[{"role":"user","content":[
         {"type":"file","file":{"file_data":"data:application/pdf;base64,AA","filename":"a.pdf"}}]}]})",
     R"({"messages":[{"role":"user","content":[{"document":{"format":"pdf","name":"a","source":{"bytes":"AA"}}},
         {"text":"See the attached document."}]}]})"},
    {"Videos",
     R"({"messages":[{"role":"user","content":[
         {"type":"video_url","video_url":{"url":"data:video/mp4;base64,AA"}},
         {"type":"video_url","video_url":"s3://b/c.mov"},
         {"type":"file","file":{"file_data":"data:video/3gpp;base64,BB"}},{"type":"text","text":"hi"}]}]})",
     R"({"messages":[{"role":"user","content":[{"video":{"format":"mp4","source":{"bytes":"AA"}}},
         {"video":{"format":"mov","source":{"s3Location":{"uri":"s3://b/c.mov"}}}},
         {"video":{"format":"three_gp","source":{"bytes":"BB"}}},{"text":"hi"}]}]})"},
    {"Sound",
     R"({"messages":[{"role":"user","content":[
         {"type":"input_audio","input_audio":{"data":"AA","format":"wav"}},
         {"type":"input_audio","input_audio":"data:audio/mpeg;base64,BB"},{"type":"text","text":"hi"}]}]})",
     R"({"messages":[{"role":"user","content":[{"audio":{"format":"wav","source":{"bytes":"AA"}}},
         {"audio":{"format":"mp3","source":{"bytes":"BB"}}},{"text":"hi"}]}]})"},
};
INSTANTIATE_TEST_SUITE_P(All, ContentTest, testing::ValuesIn(kCases), NameOfCase);

class ContentRefusalTest : public testing::TestWithParam<RefusalCase> {};
TEST_P(ContentRefusalTest, IsRefused) { ExpectRefused(GetParam()); }

const RefusalCase kRefusals[] = {
    {"ImagesOfTheWeb",
     R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.test/a.png"}}]}]})",
     "messages[0].content[0].image_url.url"},
    {"OtherUrls",
     R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":"ftp://x/a.png"}]}]})",
     "messages[0].content[0].image_url"},
    {"OtherImages",
     R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/tiff;base64,AA"}}]}]})",
     "messages[0].content[0].image_url.url"},
    {"NamesThatTellNothing",
     R"({"messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"s3://b/thing"}}]}]})",
     "messages[0].content[0].file.file_id"},
    {"UploadedFiles",
     R"({"messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}]})",
     "messages[0].content[0].file.file_id"},
    {"NoBase64",
     R"({"messages":[{"role":"user","content":[{"type":"file","file":{"file_data":"data:text/plain,abc"}}]}]})",
     "messages[0].content[0].file.file_data"},
    {"OtherSound",
     R"({"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"A","format":"amr"}}]}]})",
     "messages[0].content[0].input_audio.format"},
    {"VideosWithoutAnAddress",
     R"({"messages":[{"role":"user","content":[{"type":"video_url","video_url":{}}]}]})",
     "messages[0].content[0].video_url.url"},
    {"SoundInAResult",
     R"({"messages":[{"role":"tool","tool_call_id":"c","content":[
         {"type":"file","file":{"file_data":"data:audio/wav;base64,AA"}}]}]})",
     "messages[0].content"},
};
INSTANTIATE_TEST_SUITE_P(All, ContentRefusalTest, testing::ValuesIn(kRefusals), NameOfRefusal);

// 200 characters are the most that a name has.
TEST(DocumentNamesTest, AreShortAndDiffer) {
  nlohmann::json parts = nlohmann::json::array();
  for (int i = 0; i < 3; ++i) {
    parts.push_back(
        {{"type", "file"},
         {"file", {{"file_data", "data:application/pdf;base64,AA"}, {"filename", std::string(300, 'x')}}}});
  }
  const auto sent = TheHarness().Encode({{"messages", {{{"role", "user"}, {"content", parts}}}}});
  ASSERT_FALSE(sent.error);
  const auto& content = sent.wire["messages"][0]["content"];
  EXPECT_EQ(content[0]["document"]["name"], std::string(200, 'x'));
  EXPECT_EQ(content[1]["document"]["name"], std::string(198, 'x') + " 2");
  EXPECT_EQ(content[2]["document"]["name"], std::string(198, 'x') + " 3");
}

}  // namespace
}  // namespace portolan::providers::bedrock
