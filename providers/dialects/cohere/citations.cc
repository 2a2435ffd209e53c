#include <algorithm>

#include "providers/dialects/cohere/response.h"

namespace portolan::providers::cohere {
namespace {

struct Page {
  std::string url;
  std::string title;
};

// `{"type":"document","document":{"url",…}}` or `{"type":"tool","tool_output":{"url",…}}`.
Page PageOf(std::string_view source) {
  std::string_view said = JsonMember(source, "document");
  if (said.empty()) said = JsonMember(source, "tool_output");
  return {JsonText(JsonMember(said, "url")), JsonText(JsonMember(said, "title"))};
}

}  // namespace

CitedText ReadCitation(std::string_view citation) {
  const auto number = [&](std::string_view name) {
    return std::clamp<int64_t>(JsonInteger(JsonMember(citation, name)).value_or(0), 0, INT32_MAX);
  };
  CitedText cited;
  const std::string type = JsonText(JsonMember(citation, "type"));
  cited.of_text = type.empty() || type == "TEXT_CONTENT";
  cited.content_index = number("content_index");
  cited.start = number("start");
  cited.end = std::max(cited.start, number("end"));
  return cited;
}

void TranslateCitation(std::string_view citation, int64_t offset,
                       google::protobuf::RepeatedPtrField<api::Annotation>* annotations,
                       api::ContentBlock* block) {
  const CitedText cited = ReadCitation(citation);
  if (!cited.of_text) return;
  ForEachElement(JsonMember(citation, "sources"), [&](std::string_view source) {
    const Page page = PageOf(source);
    if (page.url.empty()) return;
    api::Annotation* annotation = annotations->Add();
    annotation->set_type("url_citation");
    api::UrlCitation* to = annotation->mutable_url_citation();
    to->set_start_index(offset + cited.start);
    to->set_end_index(offset + cited.end);
    to->set_url(page.url);
    to->set_title(page.title.empty() ? page.url : page.title);
    if (block == nullptr) return;
    api::Citation* of_block = block->mutable_citations()->mutable_list()->add_items();
    of_block->set_type("web_search_result_location");
    of_block->set_url(page.url);
    if (!page.title.empty()) of_block->set_title(page.title);
  });
}

}  // namespace portolan::providers::cohere
