#include <array>

#include "providers/dialects/common/media.h"
#include "providers/dialects/google/request.h"
#include "server/base/text.h"

namespace portolan::providers::gemini {
namespace {

constexpr std::string_view kFiles = "https://generativelanguage.googleapis.com/v1beta/";

bool IsStorageUrl(std::string_view url) { return url.starts_with("gs://"); }

}  // namespace

bool RequestEncoder::AppendContent(const api::Message& message, const MemberPath& path) {
  if (message.content().kind_case() == api::Content::KIND_NOT_SET && !message.content_blocks().empty()) {
    return AppendBlocks(message, path);
  }
  if (message.content().kind_case() == api::Content::kText) {
    AddText(message.content().text());
    return true;
  }
  const auto& parts = message.content().parts().items();
  for (int i = 0; i < parts.size(); ++i) {
    if (!AppendPart(parts.Get(i), MemberPath{&path, "content", i})) return false;
  }
  return true;
}

bool RequestEncoder::AppendPart(const api::ContentPart& part, const MemberPath& path) {
  const std::string& type = part.type();
  const bool is_text = type == "text" || type == "refusal";
  const bool is_media = type == "image_url" || type == "input_audio" || type == "file" || type == "video_url";
  // Instructions are text alone. What refuses the part names nothing in it as left out.
  const bool taken = is_text || type == "google_part" || (is_media && turn_ != Turn::kSystem);
  if (!taken) {
    return Fail("unsupported_value", "google cannot take a part of type \"" + type + "\" here",
                MemberPath{&path, "type"});
  }
  if (part.has_cache_control()) Drop(MemberPath{&path, "cache_control"});
  if (part.has_prompt_cache_breakpoint()) Drop(MemberPath{&path, "prompt_cache_breakpoint"});
  if (type == "google_part") {
    return AppendNativePart(FindExtra(part.extra(), "part"), MemberPath{&path, "part"});
  }
  if (type == "video_url") return AppendVideo(part, path);
  DropExtras(part.extra(), path);
  if (is_text) {
    AddText(type == "text" ? part.text() : part.refusal());
    return true;
  }
  if (type == "image_url") return AppendImage(part, path);
  if (type == "input_audio") return AppendAudio(part.input_audio(), MemberPath{&path, "input_audio"});
  return AppendFile(part.file(), MemberPath{&path, "file"});
}

// `{"type":"video_url","video_url":{"url":"…"}}`, as several servers of OpenAI's API take it, also with the
// URL itself in place of the object. What else describes a video has its place in a `google_part`.
bool RequestEncoder::AppendVideo(const api::ContentPart& part, const MemberPath& path) {
  static constexpr std::array<std::string_view, 1> kKnown = {"video_url"};
  DropExtras(part.extra(), path, kKnown);
  const MemberPath holder{&path, "video_url"};
  const std::string_view given = FindExtra(part.extra(), "video_url");
  const std::string bare = JsonText(given);
  if (!bare.empty()) return AppendUrl(bare, holder);
  ForEachMember(given, [&](std::string_view name, std::string_view value) {
    if (name != "url" && !IsEmptyJson(value)) Drop(MemberPath{&holder, name});
  });
  const MemberPath at{&holder, "url"};
  const std::string url = JsonText(JsonMember(given, "url"));
  return url.starts_with("files/") ? AppendNamedFile(url, at) : AppendUrl(url, at);
}

bool RequestEncoder::AppendImage(const api::ContentPart& part, const MemberPath& path) {
  const api::ImageUrl& image = part.image_url();
  const MemberPath holder{&path, "image_url"};
  if (image.kind_case() == api::ImageUrl::kUri) return AppendUrl(image.uri(), holder);
  const std::string& detail = image.image().detail();
  if (!detail.empty() && detail != "auto") Drop(MemberPath{&holder, "detail"});
  DropExtras(image.image().extra(), holder);
  return AppendUrl(image.image().url(), MemberPath{&holder, "url"});
}

bool RequestEncoder::AppendAudio(const api::InputAudio& audio, const MemberPath& path) {
  if (audio.kind_case() != api::InputAudio::kAudio) return AppendUrl(audio.data(), path);
  DropExtras(audio.audio().extra(), path);
  const std::string& format = audio.audio().format();
  if (IsDataUrl(audio.audio().data())) return AppendUrl(audio.audio().data(), MemberPath{&path, "data"});
  if (format.empty()) {
    return Fail("missing_value", "the sound's format is needed", MemberPath{&path, "format"});
  }
  wire::Blob* blob = AddPart()->mutable_inline_data();
  blob->set_mime_type("audio/" + LowerCase(format));
  blob->set_data(audio.audio().data());
  return true;
}

bool RequestEncoder::AppendFile(const api::FilePart& file, const MemberPath& path) {
  DropExtras(file.extra(), path);
  // Names are shown to the model nowhere but in results of functions.
  if (!file.filename().empty()) Drop(MemberPath{&path, "filename"});
  if (!file.file_data().empty()) return AppendUrl(file.file_data(), MemberPath{&path, "file_data"});
  if (!file.file_id().empty()) return AppendNamedFile(file.file_id(), MemberPath{&path, "file_id"});
  return Fail("missing_value", "a file needs file_data or a file_id", path);
}

// A file of the Files API, by its name or address.
bool RequestEncoder::AppendNamedFile(std::string_view id, const MemberPath& path) {
  if (IsWebUrl(id) || IsStorageUrl(id)) return AppendUrl(id, path);
  if (!id.starts_with("files/")) {
    return Fail("invalid_value", "google names its files `files/…`, or by their address", path);
  }
  AddPart()->mutable_file_data()->set_file_uri(std::string(kFiles).append(id));
  return true;
}

bool RequestEncoder::AppendUrl(std::string_view url, const MemberPath& path) {
  if (IsDataUrl(url)) {
    DataUrl data;
    const std::string_view problem = ReadDataUrl(url, &data);
    if (!problem.empty()) return Fail("invalid_value", std::string(problem), path);
    if (data.media_type.empty()) return Fail("invalid_value", "the data URL names no media type", path);
    wire::Blob* blob = AddPart()->mutable_inline_data();
    blob->set_mime_type(std::move(data.media_type));
    blob->set_data(std::string(data.data));
    return true;
  }
  if (!IsWebUrl(url) && !IsStorageUrl(url)) {
    return Fail("unsupported_value", "expected an http:, https:, gs: or data: URL", path);
  }
  wire::FileData* file = AddPart()->mutable_file_data();
  const std::string_view type = MediaTypeOfName(url);
  if (!type.empty()) file->set_mime_type(std::string(type));
  file->set_file_uri(std::string(url));
  return true;
}

}  // namespace portolan::providers::gemini
