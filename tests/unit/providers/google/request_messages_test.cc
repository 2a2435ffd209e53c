// Messages and what they say.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/providers/google/harness.h"

namespace portolan::providers::gemini {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

const Harness& TheHarness() {
  static const Harness harness;
  return harness;
}

Harness::Request Encode(const json& messages, std::string_view model = "gemini-2.5-flash") {
  return TheHarness().Encode({{"model", model}, {"messages", messages}});
}

json User(const json& content) { return {{"role", "user"}, {"content", content}}; }

json ContentsOf(const Harness::Request& sent) {
  if (sent.error) ADD_FAILURE() << sent.error->message << " at " << sent.error->param;
  return sent.wire.value("contents", json());
}

TEST(GoogleMessages, RolesAndInstructions) {
  const auto sent = Encode({{{"role", "system"}, {"content", "Be brief."}},
                            User("Hi"),
                            {{"role", "assistant"}, {"content", "Hello"}},
                            {{"role", "developer"}, {"content", "In verse."}},
                            User("Again")});
  EXPECT_EQ(ContentsOf(sent), json::parse(R"([
      {"role":"user","parts":[{"text":"Hi"}]},
      {"role":"model","parts":[{"text":"Hello"}]},
      {"role":"user","parts":[{"text":"Again"}]}])"));
  EXPECT_EQ(sent.wire["systemInstruction"],
            json::parse(R"({"parts":[{"text":"Be brief."},{"text":"In verse."}]})"));
  EXPECT_THAT(sent.dropped, IsEmpty());
  EXPECT_FALSE(sent.wire.contains("model"));  // it stands in the path
}

TEST(GoogleMessages, NeighboursOfOneRoleAreOneTurn) {
  const auto sent = Encode({User("a"),
                            User("b"),
                            {{"role", "assistant"}, {"content", "c"}},
                            {{"role", "assistant"}, {"content", "d"}},
                            User("e")});
  EXPECT_EQ(ContentsOf(sent), json::parse(R"([
      {"role":"user","parts":[{"text":"a"},{"text":"b"}]},
      {"role":"model","parts":[{"text":"c"},{"text":"d"}]},
      {"role":"user","parts":[{"text":"e"}]}])"));
}

TEST(GoogleMessages, EmptyTextsAreNoParts) {
  const auto sent = Encode({User(""),
                            User({{{"type", "text"}, {"text", ""}}}),
                            User("a"),
                            {{"role", "assistant"}, {"content", nullptr}},
                            User("b")});
  EXPECT_EQ(ContentsOf(sent), json::parse(R"([{"role":"user","parts":[{"text":"a"},{"text":"b"}]}])"));
}

TEST(GoogleMessages, NothingToAnswerIsRefused) {
  for (const json& messages :
       {json::array(), json::array({{{"role", "system"}, {"content", "x"}}}), json::array({User("")})}) {
    const auto sent = Encode(messages);
    ASSERT_TRUE(sent.error) << messages;
    EXPECT_EQ(sent.error->http_status, 400);
    EXPECT_EQ(sent.error->param, "messages");
  }
}

TEST(GoogleMessages, Media) {
  const struct {
    json part;
    const char* expected;
  } kCases[] = {
      {{{"type", "image_url"}, {"image_url", {{"url", "data:image/png;base64,AAAA"}}}},
       R"({"inlineData":{"mimeType":"image/png","data":"AAAA"}})"},
      {{{"type", "image_url"}, {"image_url", "DATA:IMAGE/JPG;BASE64,AAAA"}},
       R"({"inlineData":{"mimeType":"image/jpeg","data":"AAAA"}})"},
      {{{"type", "image_url"}, {"image_url", {{"url", "https://example.com/a/b.JPG?x=.png"}}}},
       R"({"fileData":{"mimeType":"image/jpeg","fileUri":"https://example.com/a/b.JPG?x=.png"}})"},
      {{{"type", "image_url"}, {"image_url", {{"url", "gs://bucket/cat.webp"}}}},
       R"({"fileData":{"mimeType":"image/webp","fileUri":"gs://bucket/cat.webp"}})"},
      {{{"type", "image_url"}, {"image_url", {{"url", "https://example.com/picture"}}}},
       R"({"fileData":{"fileUri":"https://example.com/picture"}})"},
      {{{"type", "input_audio"}, {"input_audio", {{"data", "AAAA"}, {"format", "mp3"}}}},
       R"({"inlineData":{"mimeType":"audio/mp3","data":"AAAA"}})"},
      {{{"type", "input_audio"}, {"input_audio", "data:audio/wav;base64,AAAA"}},
       R"({"inlineData":{"mimeType":"audio/wav","data":"AAAA"}})"},
      {{{"type", "file"}, {"file", {{"file_data", "data:application/pdf;base64,AAAA"}}}},
       R"({"inlineData":{"mimeType":"application/pdf","data":"AAAA"}})"},
      {{{"type", "file"}, {"file", {{"file_data", "https://example.com/a.pdf"}}}},
       R"({"fileData":{"mimeType":"application/pdf","fileUri":"https://example.com/a.pdf"}})"},
      {{{"type", "file"}, {"file", {{"file_id", "files/abc"}}}},
       R"({"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/abc"}})"},
      {json::parse(R"({"type":"video_url","video_url":{"url":"data:video/mp4;base64,AAAA"}})"),
       R"({"inlineData":{"mimeType":"video/mp4","data":"AAAA"}})"},
      {json::parse(R"({"type":"video_url","video_url":"gs://bucket/a.mov"})"),
       R"({"fileData":{"mimeType":"video/quicktime","fileUri":"gs://bucket/a.mov"}})"},
      {json::parse(R"({"type":"video_url","video_url":{"url":"https://www.youtube.com/watch?v=x"}})"),
       R"({"fileData":{"fileUri":"https://www.youtube.com/watch?v=x"}})"},
      {json::parse(R"({"type":"video_url","video_url":{"url":"files/abc"}})"),
       R"({"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/abc"}})"},
      {json::parse(R"({"type":"google_part","part":{"fileData":{"fileUri":"https://youtu.be/x"},
                       "videoMetadata":{"fps":0.2}}})"),
       R"({"fileData":{"fileUri":"https://youtu.be/x"},"videoMetadata":{"fps":0.2}})"}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.part.dump());
    const auto sent = Encode(json::array({User(json::array({one.part}))}));
    EXPECT_EQ(ContentsOf(sent)[0]["parts"], json::array({json::parse(one.expected)}));
    EXPECT_THAT(sent.dropped, IsEmpty());
  }
}

TEST(GoogleMessages, PartsThatCannotBeSentAreRefusedWithTheirPath) {
  const struct {
    json message;
    const char* path;
  } kCases[] = {
      {User({{{"type", "image_url"}, {"image_url", {{"url", "ftp://x"}}}}}),
       "messages[0].content[0].image_url.url"},
      {User({{{"type", "image_url"}, {"image_url", {{"url", "data:image/png,raw"}}}}}),
       "messages[0].content[0].image_url.url"},
      {User({{{"type", "image_url"}, {"image_url", "data:;base64,AAAA"}}}),
       "messages[0].content[0].image_url"},
      {User({{{"type", "input_audio"}, {"input_audio", {{"data", "AAAA"}}}}}),
       "messages[0].content[0].input_audio.format"},
      {User({{{"type", "file"}, {"file", {{"filename", "a"}}}}}), "messages[0].content[0].file"},
      {User({{{"type", "file"}, {"file", {{"file_id", "file-abc"}}}}}),
       "messages[0].content[0].file.file_id"},
      {User({{{"type", "novel"}}}), "messages[0].content[0].type"},
      {User({{{"type", "google_part"}}}), "messages[0].content[0].part"},
      {{{"role", "system"}, {"content", {{{"type", "image_url"}, {"image_url", "https://x/a.png"}}}}},
       "messages[0].content[0].type"},
      {{{"role", "system"}, {"content", {{{"type", "video_url"}, {"video_url", "https://x/a.mp4"}}}}},
       "messages[0].content[0].type"},
      {User({{{"type", "novel"}, {"novel", 1}}}), "messages[0].content[0].type"},
      {User({{{"type", "video_url"}, {"video_url", {{"url", "ftp://x"}}}}}),
       "messages[0].content[0].video_url.url"},
      {User({{{"type", "video_url"}, {"video_url", json::object()}}}),
       "messages[0].content[0].video_url.url"},
      {User({{{"type", "video_url"}}}), "messages[0].content[0].video_url.url"},
      {{{"role", "narrator"}, {"content", "x"}}, "messages[0].role"},
      {json::parse(R"({"role":"assistant","tool_calls":[
         {"id":"1","type":"custom","custom":{"name":"f","input":"x"}}]})"),
       "messages[0].tool_calls[0]"}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.message.dump());
    const auto sent = Encode(json::array({one.message, User("x")}));
    ASSERT_TRUE(sent.error);
    EXPECT_EQ(sent.error->http_status, 400);
    EXPECT_EQ(sent.error->param, one.path);
    // What the call was refused for was not left out. Names of files are, of all.
    for (const std::string& dropped : sent.dropped) EXPECT_THAT(dropped, testing::EndsWith(".filename"));
  }
}

TEST(GoogleMessages, WhatIsLeftOutOfVideosIsNamed) {
  const auto sent = Encode(json::parse(R"([{"role":"user","content":[{"type":"video_url","novel":1,
      "video_url":{"url":"gs://b/a.mp4","fps":2,"detail":null}}]}])"));
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_THAT(sent.dropped,
              ElementsAre("messages[0].content[0].novel", "messages[0].content[0].video_url.fps"));
}

TEST(GoogleMessages, WhatIsLeftOutIsNamed) {
  const auto sent = Encode(json::parse(R"([
      {"role":"user","name":"ann","novel":1,"content":[
        {"type":"text","text":"a","cache_control":{"type":"ephemeral"}},
        {"type":"image_url","image_url":{"url":"https://x/a.png","detail":"high"}},
        {"type":"file","file":{"file_data":"data:text/plain;base64,YQ==","filename":"a.txt"}}]},
      {"role":"assistant","content":"b","reasoning_content":"hm","refusal":null},
      {"role":"user","content":"c","name":null}])"));
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_THAT(sent.dropped,
              ElementsAre("messages[0].name", "messages[0].novel", "messages[0].content[0].cache_control",
                          "messages[0].content[1].image_url.detail", "messages[0].content[2].file.filename",
                          "messages[1].reasoning_content"));
}

TEST(GoogleMessages, RefusalsAreWhatTheModelSaid) {
  const auto sent = Encode({User("a"), {{"role", "assistant"}, {"refusal", "No."}}, User("b")});
  EXPECT_EQ(ContentsOf(sent)[1], json::parse(R"({"role":"model","parts":[{"text":"No."}]})"));
}

}  // namespace
}  // namespace portolan::providers::gemini
