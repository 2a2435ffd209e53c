#include "providers/dialects/bedrock/response.h"

namespace portolan::providers::bedrock {

void TranslateCitation(const wire::Citation& from, api::Citation* to) {
  const wire::CitationLocation& location = from.location();
  std::string cited;
  for (const wire::TextBlock& piece : from.source_content()) cited += piece.text();
  if (!cited.empty()) to->set_cited_text(cited);
  if (from.has_source()) to->set_source(from.source());
  if (location.has_web()) {
    to->set_type("web_search_result_location");
    if (location.web().has_url()) to->set_url(location.web().url());
    if (from.has_title()) to->set_title(from.title());
    if (location.web().has_domain())
      AddExtra("domain", JsonString(location.web().domain()), to->mutable_extra());
    return;
  }
  if (location.has_search_result_location()) {
    const wire::Range& range = location.search_result_location();
    to->set_type("search_result_location");
    if (from.has_title()) to->set_title(from.title());
    to->set_search_result_index(range.search_result_index());
    to->set_start_block_index(range.start());
    to->set_end_block_index(range.end());
    return;
  }
  if (from.has_title()) to->set_document_title(from.title());
  if (location.has_document_page()) {
    to->set_type("page_location");
    to->set_document_index(location.document_page().document_index());
    to->set_start_page_number(location.document_page().start());
    to->set_end_page_number(location.document_page().end());
  } else if (location.has_document_chunk()) {
    to->set_type("content_block_location");
    to->set_document_index(location.document_chunk().document_index());
    to->set_start_block_index(location.document_chunk().start());
    to->set_end_block_index(location.document_chunk().end());
  } else if (location.has_document_char()) {
    to->set_type("char_location");
    to->set_document_index(location.document_char().document_index());
    to->set_start_char_index(location.document_char().start());
    to->set_end_char_index(location.document_char().end());
  }
  TakeExtras(location.extra(), to);
}

bool TranslateAnnotation(const wire::Citation& from, int64_t begin, int64_t end, api::Annotation* out) {
  const wire::WebPage& page = from.location().web();
  if (page.url().empty()) return false;
  out->set_type("url_citation");
  api::UrlCitation* to = out->mutable_url_citation();
  to->set_start_index(begin);
  to->set_end_index(end);
  to->set_url(page.url());
  if (from.has_title()) {
    to->set_title(from.title());
  } else {
    to->set_title(page.has_domain() ? page.domain() : page.url());
  }
  return true;
}

}  // namespace portolan::providers::bedrock
