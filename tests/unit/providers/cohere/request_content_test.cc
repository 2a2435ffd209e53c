// What messages say: parts of several media.

#include "portolan/v1/chat_request.pb.h"
#include "tests/unit/providers/cohere/request_case.h"

namespace portolan::providers::cohere {
namespace {

class ContentTest : public testing::TestWithParam<RequestCase> {};
TEST_P(ContentTest, IsSent) { ExpectSent(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Images, ContentTest,
    testing::Values(
        // As in the recording chat-v2-stream-image-input.
        RequestCase{"OfTheWeb",
                    R"({"messages":[{"role":"user","content":[{"type":"text","text":"What?"},
                {"type":"image_url","image_url":{"url":"https://cohere.com/favicon-32x32.png"}}]}]})",
                    R"({"messages":[{"role":"user","content":[{"type":"text","text":"What?"},
                {"type":"image_url","image_url":{"url":"https://cohere.com/favicon-32x32.png"}}]}]})"},
        RequestCase{"Inline",
                    R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":
                        {"url":"data:image/png;base64,AA==","detail":"low"}}]}]})",
                    R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":
                        {"url":"data:image/png;base64,AA==","detail":"low"}}]}]})"},
        RequestCase{
            "ByABareUrlOrAsAFile",
            R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":"https://x.example/a"},
                        {"type":"file","file":{"file_data":"data:image/gif;base64,AA==","filename":"a.gif"}}]}]})",
            R"({"messages":[{"role":"user","content":[
                        {"type":"image_url","image_url":{"url":"https://x.example/a"}},
                        {"type":"image_url","image_url":{"url":"data:image/gif;base64,AA=="}}]}]})"}),
    NameOfCase);

// `aGkg4oKs` is `hi €`.
INSTANTIATE_TEST_SUITE_P(
    Documents, ContentTest,
    testing::Values(
        RequestCase{"TextsStandApart",
                    R"({"messages":[{"role":"user","content":[{"type":"text","text":"Who?"},
                        {"type":"file","file":{"file_data":"data:text/plain;base64,aGkg4oKs","filename":"a.txt"}}]}]})",
                    R"({"messages":[{"role":"user","content":[{"type":"text","text":"Who?"}]}],
                        "documents":[{"data":{"title":"a.txt","text":"hi €"}}]})"},
        RequestCase{
            "WithTheCallersOwn",
            R"({"documents":["x",{"id":"d","data":{"text":"y"}}],"messages":[{"role":"user","content":[
                        {"type":"file","file":{"file_data":"aGkg4oKs","filename":"a.md"}}]}]})",
            R"({"messages":[{"role":"user","content":[{"type":"text","text":"See the attached document."}]}],
                        "documents":[{"data":{"title":"a.md","text":"hi €"}},"x",{"id":"d","data":{"text":"y"}}]})"}),
    NameOfCase);

// What the gateway has fetched for the call; images Cohere fetches itself.
TEST(Content, TextsOfTheWeb) {
  const nlohmann::json hub = nlohmann::json::parse(R"({"messages":[{"role":"user","content":[
      {"type":"image_url","image_url":{"url":"https://x.example/a.png"}},
      {"type":"file","file":{"file_data":"https://x.example/a.txt?b"}}]}]})");
  const FetchedMedia media = {{"https://x.example/a.txt?b", "data:application/octet-stream;base64,aGkg4oKs"}};
  const auto sent = TheHarness().Encode(hub, {.media = &media});
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.wire.at("documents"),
            nlohmann::json::parse(R"([{"data":{"title":"https://x.example/a.txt?b","text":"hi €"}}])"));
  const Form& form = TheHarness().form(operation::kChat);
  EXPECT_TRUE(form.fetches_media);
  ::portolan::v1::ChatCompletionRequest request;
  auto* parts = request.add_messages()->mutable_content()->mutable_parts();
  parts->add_items()->mutable_image_url()->set_uri("https://x.example/a.png");
  parts->add_items()->mutable_file()->set_file_data("https://x.example/a.txt");
  const auto wanted = form.mapping->MediaOf(request);
  ASSERT_EQ(wanted.size(), 1u);
  EXPECT_EQ(wanted[0].url, "https://x.example/a.txt");
  EXPECT_EQ(wanted[0].path, "messages[0].content[1].file.file_data");
}

class RefusedContentTest : public testing::TestWithParam<RefusalCase> {};
TEST_P(RefusedContentTest, SaysWhere) { ExpectRefused(GetParam()); }
INSTANTIATE_TEST_SUITE_P(
    All, RefusedContentTest,
    testing::Values(
        RefusalCase{"Pdf",
                    R"({"messages":[{"role":"user","content":[{"type":"file","file":
                        {"file_data":"data:application/pdf;base64,AA==","filename":"a.pdf"}}]}]})",
                    "messages[0].content[0].file.file_data"},
        RefusalCase{"AFileOfTheWeb",
                    R"({"messages":[{"role":"user","content":[{"type":"file","file":
                        {"file_data":"https://x.example/a.txt"}}]}]})",
                    "messages[0].content[0].file.file_data"},
        RefusalCase{"AnUploadedFile",
                    R"({"messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}]})",
                    "messages[0].content[0].file.file_id"},
        RefusalCase{"NoBase64",
                    R"({"messages":[{"role":"user","content":[{"type":"file","file":
                        {"file_data":"data:text/plain;base64,~"}}]}]})",
                    "messages[0].content[0].file.file_data"},
        RefusalCase{"NoUtf8",
                    R"({"messages":[{"role":"user","content":[{"type":"file","file":
                        {"file_data":"data:text/plain;base64,gA=="}}]}]})",
                    "messages[0].content[0].file.file_data"},
        RefusalCase{"AnotherImage",
                    R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":
                        {"url":"data:image/tiff;base64,AA=="}}]}]})",
                    "messages[0].content[0].image_url.url"},
        RefusalCase{
            "AnImageOfNowhere",
            R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"a.png"}}]}]})",
            "messages[0].content[0].image_url.url"},
        RefusalCase{"Sound",
                    R"({"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":
                        {"data":"AA==","format":"wav"}}]}]})",
                    "messages[0].content[0].type"},
        RefusalCase{"AnImageOfTheAssistants",
                    R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[
                        {"type":"image_url","image_url":{"url":"https://x.example/a"}}]}]})",
                    "messages[1].content[0].type"}),
    NameOfRefusal);

}  // namespace
}  // namespace portolan::providers::cohere
