#include "providers/dialects/google/grounding.h"

#include <algorithm>
#include <string>

#include "providers/dialects/common/json.h"
#include "server/base/utf8.h"

namespace portolan::providers::gemini {
namespace {

struct Page {
  std::string url;
  std::string title;
};

// A stretch of text: byte counts of Google's, turned into characters of the whole.
class Stretch {
 public:
  Stretch(std::string_view segment, const GroundedText& grounded) {
    const auto part = static_cast<size_t>(std::max<int64_t>(Index(segment, "partIndex"), 0));
    const size_t begin = part < grounded.part_begins.size() ? grounded.part_begins[part] : 0;
    begin_ = Characters(grounded.text, begin, Index(segment, "startIndex"));
    end_ = Characters(grounded.text, begin, Index(segment, "endIndex"));
  }
  int64_t begin() const { return begin_; }
  int64_t end() const { return std::max(begin_, end_); }

 private:
  static int64_t Index(std::string_view segment, std::string_view name) {
    return JsonInteger(JsonMember(segment, name)).value_or(0);
  }
  static int64_t Characters(std::string_view text, size_t begin, int64_t offset) {
    const size_t left = text.size() - std::min(begin, text.size());
    const size_t at = begin + std::min(left, static_cast<size_t>(std::max<int64_t>(offset, 0)));
    const std::string_view before = text.substr(0, at);
    return std::count_if(before.begin(), before.end(), [](char c) { return !IsUtf8Tail(c); });
  }

  int64_t begin_ = 0;
  int64_t end_ = 0;
};

// `{"web":{"uri","title"}}`; documents and places alike.
Page PageOf(std::string_view chunk) {
  Page page;
  ForEachMember(chunk, [&](std::string_view, std::string_view source) {
    if (page.url.empty()) page.url = JsonText(JsonMember(source, "uri"));
    if (page.title.empty()) page.title = JsonText(JsonMember(source, "title"));
  });
  return page;
}

void Annotate(const Page& page, const Stretch& stretch, Annotations* to) {
  if (page.url.empty()) return;
  ::portolan::v1::Annotation* annotation = to->Add();
  annotation->set_type("url_citation");
  ::portolan::v1::UrlCitation* citation = annotation->mutable_url_citation();
  citation->set_start_index(stretch.begin());
  citation->set_end_index(stretch.end());
  citation->set_url(page.url);
  citation->set_title(page.title.empty() ? page.url : page.title);
}

}  // namespace

void TranslateGrounding(std::string_view grounding, const GroundedText& grounded, Annotations* to) {
  std::vector<Page> pages;
  ForEachElement(JsonMember(grounding, "groundingChunks"),
                 [&](std::string_view chunk) { pages.push_back(PageOf(chunk)); });
  ForEachElement(JsonMember(grounding, "groundingSupports"), [&](std::string_view support) {
    const Stretch stretch(JsonMember(support, "segment"), grounded);
    ForEachElement(JsonMember(support, "groundingChunkIndices"), [&](std::string_view index) {
      const int64_t at = JsonInteger(index).value_or(-1);
      if (at >= 0 && at < static_cast<int64_t>(pages.size())) {
        Annotate(pages[static_cast<size_t>(at)], stretch, to);
      }
    });
  });
}

void TranslateCitations(std::string_view citations, const GroundedText& grounded, Annotations* to) {
  std::string_view list = JsonMember(citations, "citations");
  if (list.empty()) list = JsonMember(citations, "citationSources");  // as older models have it
  ForEachElement(list, [&](std::string_view citation) {
    Annotate({JsonText(JsonMember(citation, "uri")), JsonText(JsonMember(citation, "title"))},
             Stretch(citation, grounded), to);
  });
}

}  // namespace portolan::providers::gemini
