#include <algorithm>
#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "providers/dialects/anthropic/request.h"
#include "providers/dialects/common/text.h"
#include "providers/dialects/common/web_media.h"
#include "server/base/text.h"
#include "server/codec/utf8.h"

namespace portolan::providers::anthropic {
namespace {

api::MediaSource* Source(api::ContentBlock* block) { return block->mutable_source()->mutable_media(); }

bool IsDataUrl(std::string_view url) { return StartsWithIgnoreCase(url, "data:"); }

bool IsWebUrl(std::string_view url) {
  return StartsWithIgnoreCase(url, "https://") || StartsWithIgnoreCase(url, "http://");
}

}  // namespace

void MarkForCache(const api::ContentPart& part, api::ContentBlock* block) {
  if (part.has_cache_control()) {
    *block->mutable_cache_control() = part.cache_control();
  } else if (part.has_prompt_cache_breakpoint()) {
    block->mutable_cache_control()->set_type("ephemeral");
  }
}

std::string ImageType(std::string_view media_type) {
  std::string type = LowerCase(media_type);
  if (type == "image/jpg" || type == "image/pjpeg") return "image/jpeg";
  return type;
}

bool IsImageType(std::string_view media_type) {
  return media_type == "image/jpeg" || media_type == "image/png" || media_type == "image/gif" ||
         media_type == "image/webp";
}

bool RequestEncoder::AppendContent(const api::Message& message, Role role, const MemberPath& path,
                                   Blocks* blocks) {
  if (!message.content_blocks().empty()) {
    CopyGivenBlocks(message, path, blocks);
    return true;
  }
  const int before = blocks->size();
  if (message.content().kind_case() == api::Content::kText) {
    if (!IsBlank(message.content().text())) {  // the API refuses blocks of white space alone
      api::ContentBlock* block = blocks->Add();
      block->set_type("text");
      block->set_text(message.content().text());
    }
  } else {
    const auto& parts = message.content().parts().items();
    for (int i = 0; i < parts.size(); ++i) {
      if (!AppendPart(parts.Get(i), role, MemberPath{&path, "content", i}, blocks)) return false;
    }
  }
  // An assistant's calls follow and may be the last.
  if (blocks->size() > before && role != Role::kAssistant) MarkLast(message, blocks);
  return true;
}

bool RequestEncoder::AppendPart(const api::ContentPart& part, Role role, const MemberPath& path,
                                Blocks* blocks) {
  static constexpr std::array<std::string_view, 1> kTextMembers = {"citations"};
  const std::string& type = part.type();
  const bool text_only = role == Role::kSystem || role == Role::kAssistant;
  if (type == "text" || type == "refusal") {
    const std::string& text = type == "text" ? part.text() : part.refusal();
    if (IsBlank(text)) return true;  // the API refuses blocks of white space alone
    api::ContentBlock* block = blocks->Add();
    block->set_type("text");
    block->set_text(text);
    FinishPart(part, kTextMembers, path, block);
    return true;
  }
  if (!text_only && type == "image_url") return AppendImage(part, path, blocks);
  if (!text_only && type == "file") return AppendFile(part, path, blocks);
  return AppendNativePart(part, role, path, blocks);
}

bool RequestEncoder::AppendImage(const api::ContentPart& part, const MemberPath& path, Blocks* blocks) {
  const api::ImageUrl& image = part.image_url();
  const bool bare = image.kind_case() == api::ImageUrl::kUri;
  const MemberPath holder{&path, "image_url"};
  const MemberPath at = bare ? holder : MemberPath{&holder, "url"};
  const std::string& url = bare ? image.uri() : image.image().url();
  if (!bare) {
    const std::string& detail = image.image().detail();
    if (!detail.empty() && detail != "auto") Drop(MemberPath{&holder, "detail"});
    TakeExtras(image.image().extra(), {}, &holder, nullptr);
  }
  api::ContentBlock* block = blocks->Add();
  if (!FillFromUrl(url, /*image=*/true, at, block)) return false;
  static constexpr std::array<std::string_view, 1> kImageMembers = {"transformations"};
  static constexpr std::array<std::string_view, 3> kDocumentMembers = {"citations", "context", "title"};
  if (block->type() == "image") {
    FinishPart(part, kImageMembers, path, block);
  } else {
    FinishPart(part, kDocumentMembers, path, block);
  }
  return true;
}

bool RequestEncoder::AppendFile(const api::ContentPart& part, const MemberPath& path, Blocks* blocks) {
  static constexpr std::array<std::string_view, 3> kKnown = {"citations", "context", "title"};
  const api::FilePart& file = part.file();
  const MemberPath holder{&path, "file"};
  api::ContentBlock* block = blocks->Add();
  if (!file.file_id().empty()) {
    block->set_type("document");
    Source(block)->set_type("file");
    Source(block)->set_file_id(file.file_id());
  } else if (IsDataUrl(file.file_data())) {
    if (!FillFromDataUrl(file.file_data(), MemberPath{&holder, "file_data"}, block)) return false;
  } else if (file.file_data().starts_with(
                 "JVBERi")) {  // `%PDF-` in base64, from clients that leave out the prefix
    block->set_type("document");
    Source(block)->set_type("base64");
    Source(block)->set_media_type("application/pdf");
    Source(block)->set_data(file.file_data());
  } else if (IsWebUrl(file.file_data())) {
    if (!FillFromUrl(file.file_data(), /*image=*/false, MemberPath{&holder, "file_data"}, block))
      return false;
  } else {
    return Fail("unsupported_value", "expected a data URL with a PDF, a text or an image, or a file_id",
                holder);
  }
  TakeExtras(file.extra(), {}, &holder, nullptr);
  FinishPart(part, kKnown, path, block);
  if (!HasExtra(block->extra(), "title") && !file.filename().empty() && block->type() == "document")
    block->set_title(file.filename());
  return true;
}

bool RequestEncoder::FillFromUrl(std::string_view url, bool image, const MemberPath& path,
                                 api::ContentBlock* block) {
  if (IsDataUrl(url)) return FillFromDataUrl(url, path, block);
  if (!IsWebUrl(url)) return Fail("unsupported_value", "expected an http:, https: or data: URL", path);
  // Of hosts that take bytes alone.
  if (const std::string_view fetched = FetchedFrom(facts_, url); !fetched.empty()) {
    const std::string wrong = image ? WrongWithPicture(facts_, url) : std::string();
    if (!wrong.empty()) return Fail("unsupported_value", path.ToString() + ": " + wrong, path);
    return FillFromDataUrl(fetched, path, block);
  }
  block->set_type(image ? "image" : "document");
  Source(block)->set_type("url");
  Source(block)->set_url(std::string(url));
  return true;
}

// RFC 2397, with base64 only.
bool RequestEncoder::FillFromDataUrl(std::string_view url, const MemberPath& path, api::ContentBlock* block) {
  url.remove_prefix(std::string_view("data:").size());
  const size_t comma = url.find(',');
  if (comma == std::string_view::npos) return Fail("invalid_value", "the data URL has no comma", path);
  std::string_view head = url.substr(0, comma);
  const std::string_view data = url.substr(comma + 1);
  constexpr std::string_view kBase64 = ";base64";
  if (!EndsWithIgnoreCase(head, kBase64))
    return Fail("unsupported_value", "the data URL is not in base64", path);
  head.remove_suffix(kBase64.size());
  std::string media_type = ImageType(head.substr(0, head.find(';')));

  api::MediaSource* source = Source(block);
  if (IsImageType(media_type) || media_type == "application/pdf") {
    block->set_type(media_type == "application/pdf" ? "document" : "image");
    source->set_type("base64");
    source->set_media_type(std::move(media_type));
    source->set_data(std::string(data));
    return true;
  }
  if (media_type.empty() || media_type.starts_with("text/") || media_type == "application/json") {
    block->set_type("document");
    source->set_type("text");
    source->set_media_type("text/plain");
    if (absl::Base64Unescape(absl::string_view(data.data(), data.size()), source->mutable_data()) &&
        codec::FindInvalidUtf8(source->data()) == std::string_view::npos) {
      return true;
    }
    return Fail("invalid_value", "expected text in UTF-8 as base64", path);
  }
  return Fail("unsupported_value",
              "anthropic cannot take \"" + media_type +
                  "\": only image/jpeg, image/png, image/gif, image/webp, "
                  "application/pdf and text",
              path);
}

void RequestEncoder::FinishPart(const api::ContentPart& part, std::span<const std::string_view> known,
                                const MemberPath& path, api::ContentBlock* block) {
  MarkForCache(part, block);
  TakeExtras(part.extra(), known, &path, block->mutable_extra());
}

}  // namespace portolan::providers::anthropic
