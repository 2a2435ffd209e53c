// Ordered blocks of earlier answers, and what answers have beside text and calls: parts of Google's own, and
// images.

#include <array>
#include <utility>

#include "providers/dialects/common/media.h"
#include "providers/dialects/google/request.h"
#include "providers/dialects/google/signature.h"

namespace portolan::providers::gemini {

bool RequestEncoder::AppendBlocks(const api::Message& message, const MemberPath& path) {
  for (int i = 0; i < message.content_blocks_size(); ++i) {
    if (!AppendBlock(message.content_blocks(i), MemberPath{&path, "content_blocks", i})) return false;
  }
  return true;
}

bool RequestEncoder::AppendBlock(const api::ContentBlock& block, const MemberPath& path) {
  const std::string& type = block.type();
  if (type == "google_part") {
    return AppendNativePart(FindExtra(block.extra(), "part"), MemberPath{&path, "part"});
  }
  constexpr std::array<std::string_view, 1> kKnown = {kExtraContent};
  DropExtras(block.extra(), path, kKnown);
  if (block.has_cache_control()) Drop(MemberPath{&path, "cache_control"});
  const std::string signature = SignatureIn(block.extra());
  if (type == "text") {
    wire::Part* part = AddText(block.text());
    if (part != nullptr && !signature.empty()) part->set_thought_signature(signature);
    return true;
  }
  if (type == "tool_use" && turn_ == Turn::kModel) {
    AddCall(block.id(), block.name(), block.input(), signature, path);
    return true;
  }
  if (type == "thinking" && !signature.empty()) {
    wire::Part* part = AddText(block.thinking());
    if (part == nullptr) return true;
    part->set_thought(true);
    part->set_thought_signature(signature);
    return true;
  }
  if ((type == "image" || type == "document") && turn_ != Turn::kSystem) {
    if (!AppendSource(block, path)) return false;
    if (!signature.empty()) last_part_->set_thought_signature(signature);
    return true;
  }
  if (turn_ != Turn::kModel) {
    return Fail("unsupported_value", "google cannot take a block of type \"" + type + "\" here",
                MemberPath{&path, "type"});
  }
  // What another provider's model thought, or did with that provider's tools, means nothing here; what it
  // said stands in its texts.
  Drop(path);
  return true;
}

bool RequestEncoder::AppendSource(const api::ContentBlock& block, const MemberPath& path) {
  const MemberPath holder{&path, "source"};
  const api::MediaSource& source = block.source().media();
  if (source.type() == "base64") {
    wire::Blob* blob = AddPart()->mutable_inline_data();
    blob->set_mime_type(source.media_type());
    blob->set_data(source.data());
    return true;
  }
  if (source.type() == "url") return AppendUrl(source.url(), MemberPath{&holder, "url"});
  if (source.type() == "file") return AppendNamedFile(source.file_id(), MemberPath{&holder, "file_id"});
  if (source.type() == "text" && !source.data().empty()) {
    AddText(source.data());
    return true;
  }
  return Fail("unsupported_value", "google cannot take a source of type \"" + source.type() + "\"",
              MemberPath{&holder, "type"});
}

// What earlier answers had of Google's own tools: `extra_content.google.parts`.
bool RequestEncoder::AppendNativeParts(const Extras& extras, const MemberPath& path) {
  bool ok = true;
  int at = 0;
  const MemberPath holder{&path, kExtraContent};
  const MemberPath google{&holder, "google"};
  ForEachElement(JsonMember(GoogleContentIn(extras), "parts"), [&](std::string_view element) {
    const MemberPath here{&google, "parts", at++};
    ok = ok && AppendNativePart(JsonMember(element, "part"), here);
  });
  return ok;
}

// A part in Google's own form, as it is.
bool RequestEncoder::AppendNativePart(std::string_view json, const MemberPath& path) {
  if (turn_ == Turn::kSystem || !json.starts_with('{') || IsEmptyJson(json)) {
    return Fail("unsupported_value", "expected a part in the Gemini API's own form", path);
  }
  wire::Part* part = AddPart();
  ForEachMember(json, [&](std::string_view name, std::string_view value) {
    if (name == "text") {
      part->set_text(JsonText(value));
    } else if (name == "thought") {
      part->set_thought(value == "true");
    } else if (name == "thoughtSignature") {
      part->set_thought_signature(JsonText(value));
    } else {
      AddExtra(name, std::string(value), part->mutable_extra());
    }
  });
  return true;
}

// Images that a model drew, in the form in which answers give them: `images` of the message.
bool RequestEncoder::AppendImages(const Extras& extras, const MemberPath& path) {
  bool ok = true;
  int at = 0;
  ForEachElement(FindExtra(extras, "images"), [&](std::string_view image) {
    const MemberPath here{&path, "images", at++};
    if (!ok) return;
    const std::string url = JsonText(JsonMember(JsonMember(image, "image_url"), "url"));
    ok = AppendUrl(url, here);
    const std::string signature =
        JsonText(JsonMember(JsonMember(JsonMember(image, kExtraContent), "google"), "thought_signature"));
    if (ok && !signature.empty()) last_part_->set_thought_signature(signature);
  });
  return ok;
}

}  // namespace portolan::providers::gemini
