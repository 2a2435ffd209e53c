// What users and tools say, in OpenAI's parts.

#include "providers/dialects/anthropic/caller_request.h"
#include "providers/dialects/anthropic/request.h"
#include "providers/dialects/common/text.h"

namespace portolan::providers::anthropic {
namespace {

using Block = api::ContentBlock;
using Source = api::MediaSource;

constexpr std::array<int, 3> kTextMembers = {Block::kTypeFieldNumber, Block::kTextFieldNumber,
                                             Block::kCacheControlFieldNumber};
constexpr std::array<int, 3> kImageMembers = {Block::kTypeFieldNumber, Block::kSourceFieldNumber,
                                              Block::kCacheControlFieldNumber};
constexpr std::array<int, 4> kDocumentMembers = {Block::kTypeFieldNumber, Block::kSourceFieldNumber,
                                                 Block::kTitleFieldNumber, Block::kCacheControlFieldNumber};
constexpr std::array<int, 4> kSourceMembers = {Source::kTypeFieldNumber, Source::kMediaTypeFieldNumber,
                                               Source::kDataFieldNumber, Source::kUrlFieldNumber};

api::ContentPart* NewPart(std::string_view type, const Block& block, Parts* parts) {
  api::ContentPart* part = parts->Add();
  part->set_type(std::string(type));
  if (block.has_cache_control()) *part->mutable_cache_control() = block.cache_control();
  return part;
}

void AddText(std::string text, const Block& block, Parts* parts) {
  if (!IsBlank(text)) NewPart("text", block, parts)->set_text(std::move(text));
}

std::string DataUrl(const Source& source) {
  return "data:" + source.media_type() + ";base64," + source.data();
}

// Texts one below the other, without those that are empty.
std::string Lines(std::initializer_list<std::string_view> texts) {
  std::string out;
  for (const std::string_view text : texts) {
    if (text.empty()) continue;
    if (!out.empty()) out += '\n';
    out += text;
  }
  return out;
}

// What a search found, as its title, its source and its texts.
std::string FoundText(const Block& block) {
  std::string out = Lines({block.title(), block.source().name()});
  for (const Block& inner : block.content().blocks().items()) out = Lines({out, inner.text()});
  return Lines({out, block.content().text()});
}

}  // namespace

// The part says as much as the block unless *exact becomes false.
bool RequestDecoder::AppendPart(const api::ContentBlock& block, const MemberPath& path, Parts* parts,
                                bool* exact) {
  const std::string& type = block.type();
  if (type == "image") return AppendImage(block, path, parts, exact);
  if (type == "document") return AppendDocument(block, path, parts, exact);
  if (type == "text") {
    *exact = *exact && HasOnly(block, kTextMembers);
    AddText(block.text(), block, parts);
    return true;
  }
  *exact = false;
  if (type == "search_result") {
    AddText(FoundText(block), block, parts);
  } else if (type == "tool_reference") {
    for (const api::Extra& extra : block.extra()) {
      if (extra.name() == "tool_name") AddText(AsText(extra.json()), block, parts);
    }
  } else if (type == "compaction") {
    AddText(block.content().text(), block, parts);  // stands for what was said before it
  } else {
    return Fail("unsupported_value", "a block of type \"" + type + "\" cannot be translated here",
                MemberPath{&path, "type"});
  }
  return true;
}

bool RequestDecoder::AppendImage(const api::ContentBlock& block, const MemberPath& path, Parts* parts,
                                 bool* exact) {
  const Source& source = block.source().media();
  *exact = *exact && HasOnly(block, kImageMembers) && HasOnly(source, kSourceMembers);
  if (source.type() == "file") {
    *exact = false;
    NewPart("file", block, parts)->mutable_file()->set_file_id(source.file_id());
    return true;
  }
  std::string url;
  if (source.type() == "base64") {
    url = DataUrl(source);
  } else if (source.type() == "url") {
    url = source.url();
  } else {
    return Fail("unsupported_value", "expected an image as base64, URL or file", MemberPath{&path, "source"});
  }
  NewPart("image_url", block, parts)->mutable_image_url()->mutable_image()->set_url(std::move(url));
  return true;
}

bool RequestDecoder::AppendDocument(const api::ContentBlock& block, const MemberPath& path, Parts* parts,
                                    bool* exact) {
  const Source& source = block.source().media();
  const std::string& type = source.type();
  const MemberPath at{&path, "source"};
  if (type == "base64" || type == "url") {
    *exact = *exact && HasOnly(block, kDocumentMembers) && HasOnly(source, kSourceMembers);
    api::FilePart* file = NewPart("file", block, parts)->mutable_file();
    file->set_file_data(type == "url" ? source.url() : DataUrl(source));
    if (block.has_title()) file->set_filename(block.title());
    return true;
  }
  *exact = false;
  if (type == "file") {
    NewPart("file", block, parts)->mutable_file()->set_file_id(source.file_id());
    return true;
  }
  if (type == "text") {
    AddText(Lines({block.title(), block.context(), source.data()}), block, parts);
    return true;
  }
  if (type != "content") {
    return Fail("unsupported_value", "expected a document as base64, URL, file, text or content", at);
  }
  AddText(Lines({block.title(), block.context(), source.content().text()}), block, parts);
  const auto& inner = source.content().blocks().items();
  for (int i = 0; i < inner.size(); ++i) {
    const MemberPath place{&at, "content", i};
    // No documents in documents: they would have no end.
    const std::string& kind = inner.Get(i).type();
    if (kind != "text" && kind != "image") {
      return Fail("unsupported_value", "expected text or images in a document", place);
    }
    if (!AppendPart(inner.Get(i), place, parts, exact)) return false;
  }
  return true;
}

}  // namespace portolan::providers::anthropic
