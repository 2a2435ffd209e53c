#include "absl/strings/escaping.h"
#include "providers/dialects/cohere/request.h"
#include "providers/dialects/common/media.h"
#include "providers/dialects/common/text.h"
#include "providers/dialects/common/web_media.h"
#include "server/base/utf8.h"

namespace portolan::providers::cohere {
namespace {

bool IsTextType(std::string_view media_type) {
  return media_type.starts_with("text/") || media_type == "application/json" ||
         media_type == "application/xml";
}

bool IsImageType(std::string_view media_type) {
  return media_type == "image/png" || media_type == "image/jpeg" || media_type == "image/webp" ||
         media_type == "image/gif";
}

}  // namespace

bool RequestEncoder::AppendContent(const api::Message& message, Role role, const MemberPath& path,
                                   Parts* parts) {
  if (message.content().kind_case() == api::Content::kText) AddText(message.content().text(), parts);
  const auto& given = message.content().parts().items();
  for (int i = 0; i < given.size(); ++i) {
    if (!AppendPart(given.Get(i), role, MemberPath{&path, "content", i}, parts)) return false;
  }
  return true;
}

bool RequestEncoder::AppendPart(const api::ContentPart& part, Role role, const MemberPath& path,
                                Parts* parts) {
  const std::string& type = part.type();
  if (part.has_cache_control()) Drop(MemberPath{&path, "cache_control"});
  if (part.has_prompt_cache_breakpoint()) Drop(MemberPath{&path, "prompt_cache_breakpoint"});
  const bool media = role == Role::kUser || role == Role::kTool;
  if (type == "document" && role == Role::kTool) {  // in Cohere's own words
    const std::string_view document = FindExtra(part.extra(), "document");
    if (!IsJsonObject(document)) {
      return Fail("invalid_value", "expected an object", MemberPath{&path, "document"});
    }
    wire::Part* to = parts->Add();
    to->set_type("document");
    to->set_document(std::string(document));
    return true;
  }
  DropExtras(part.extra(), &path);
  if (type == "text" || type == "refusal") {
    AddText(type == "text" ? part.text() : part.refusal(), parts);
    return true;
  }
  if (media && type == "image_url") return AppendImage(part, role, path, parts);
  if (media && type == "file") return AppendFile(part, role, path, parts);
  return Fail("unsupported_value", "cohere cannot take a part of type \"" + type + "\" here",
              MemberPath{&path, "type"});
}

bool RequestEncoder::AppendImage(const api::ContentPart& part, Role role, const MemberPath& path,
                                 Parts* parts) {
  const api::ImageUrl& image = part.image_url();
  const MemberPath holder{&path, "image_url"};
  Parts* to = role == Role::kTool ? &media_ : parts;
  if (image.kind_case() == api::ImageUrl::kUri) return AppendImageUrl(image.uri(), {}, holder, to);
  DropExtras(image.image().extra(), &holder);
  return AppendImageUrl(image.image().url(), image.image().detail(), MemberPath{&holder, "url"}, to);
}

bool RequestEncoder::AppendImageUrl(std::string_view url, std::string_view detail, const MemberPath& path,
                                    Parts* parts) {
  if (IsDataUrl(url)) {
    DataUrl data;
    const std::string_view problem = ReadDataUrl(url, &data);
    if (!problem.empty()) return Fail("invalid_value", std::string(problem), path);
    if (!IsImageType(data.media_type)) {
      return Fail("unsupported_value", "cohere takes images of the types png, jpeg, webp and gif only", path);
    }
  } else if (!IsWebUrl(url)) {
    return Fail("unsupported_value", "expected a data: or https: URL", path);
  }
  wire::Part* part = parts->Add();
  part->set_type("image_url");
  part->mutable_image_url()->set_url(std::string(url));
  if (!detail.empty()) part->mutable_image_url()->set_detail(std::string(detail));
  return true;
}

// Texts become documents that the answer may cite. Of others only images can be read.
bool RequestEncoder::AppendFile(const api::ContentPart& part, Role role, const MemberPath& path,
                                Parts* parts) {
  const api::FilePart& file = part.file();
  const MemberPath holder{&path, "file"};
  DropExtras(file.extra(), &holder);
  if (!file.file_id().empty()) {
    return Fail("unsupported_value", "cohere holds no uploaded files", MemberPath{&holder, "file_id"});
  }
  const MemberPath at{&holder, "file_data"};
  std::string_view name = file.filename();
  std::string_view url = file.file_data();
  if (IsWebUrl(url)) {
    if (name.empty()) name = url;
    url = FetchedFrom(facts_, url);
    if (url.empty()) {
      return Fail("unsupported_value", "cohere cannot fetch it: send its text in a data: URL", at);
    }
  }
  const std::string_view named = MediaTypeOfName(name);
  if (!IsDataUrl(url)) return AddDocument(named, url, name, at);
  DataUrl data;
  const std::string_view problem = ReadDataUrl(url, &data);
  if (!problem.empty()) return Fail("invalid_value", std::string(problem), at);
  const bool vague = data.media_type.empty() || data.media_type == "application/octet-stream";
  if (data.media_type.empty()) data.media_type = "text/plain";  // RFC 2397
  if (vague && !named.empty()) data.media_type = named;
  if (IsImageType(data.media_type)) {
    return AppendImageUrl(url, {}, at, role == Role::kTool ? &media_ : parts);
  }
  return AddDocument(data.media_type, data.data, name, at);
}

bool RequestEncoder::AddDocument(std::string_view media_type, std::string_view base64, std::string_view title,
                                 const MemberPath& path) {
  std::string text;
  if (!IsTextType(media_type)) {
    return Fail("unsupported_value", "cohere takes no files but texts and images", path);
  }
  if (!absl::Base64Unescape(std::string(base64), &text)) {
    return Fail("invalid_value", "expected base64", path);
  }
  if (!IsUtf8(text)) return Fail("invalid_value", "a text must be UTF-8", path);
  AddTextDocument(title, {}, text);
  return true;
}

void RequestEncoder::AddTextDocument(std::string_view title, std::string_view source, std::string_view text) {
  std::string data = "{";
  if (!title.empty()) data.append(R"("title":)").append(JsonString(title)).append(",");
  if (!source.empty()) data.append(R"("url":)").append(JsonString(source)).append(",");
  data.append(R"("text":)").append(JsonString(text)).append("}");
  wire_->add_documents(JsonObjectOf("data", data));
  ++document_count_;
}

}  // namespace portolan::providers::cohere
