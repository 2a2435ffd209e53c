// What messages say: parts of several media.

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
