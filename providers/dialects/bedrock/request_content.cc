#include <algorithm>
#include <array>
#include <iterator>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "providers/dialects/bedrock/request.h"
#include "providers/dialects/common/media.h"
#include "providers/dialects/common/text.h"
#include "providers/dialects/common/web_media.h"
#include "server/base/text.h"

namespace portolan::providers::bedrock {
namespace {

constexpr size_t kLongestDocumentName = 200;

// Converse names formats, not media types.
struct Format {
  std::string_view media_type;
  std::string_view format;
};
constexpr Format kImages[] = {
    {"image/png", "png"}, {"image/jpeg", "jpeg"}, {"image/gif", "gif"}, {"image/webp", "webp"}};
constexpr Format kVideos[] = {
    {"video/mp4", "mp4"},   {"video/quicktime", "mov"}, {"video/x-matroska", "mkv"}, {"video/webm", "webm"},
    {"video/x-flv", "flv"}, {"video/flv", "flv"},       {"video/mpeg", "mpeg"},      {"video/mpg", "mpg"},
    {"video/wmv", "wmv"},   {"video/x-ms-wmv", "wmv"},  {"video/3gpp", "three_gp"}};
constexpr Format kSounds[] = {{"audio/mpeg", "mp3"},  {"audio/mp3", "mp3"},       {"audio/wav", "wav"},
                              {"audio/x-wav", "wav"}, {"audio/wave", "wav"},      {"audio/aac", "aac"},
                              {"audio/flac", "flac"}, {"audio/ogg", "ogg"},       {"audio/opus", "opus"},
                              {"audio/mp4", "mp4"},   {"audio/m4a", "m4a"},       {"audio/x-m4a", "m4a"},
                              {"audio/webm", "webm"}, {"audio/x-matroska", "mka"}};
constexpr Format kDocuments[] = {
    {"application/pdf", "pdf"},
    {"text/csv", "csv"},
    {"application/msword", "doc"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    {"application/vnd.ms-excel", "xls"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
    {"text/html", "html"},
    {"text/markdown", "md"},
    {"text/x-markdown", "md"}};
constexpr std::string_view kAudioFormats[] = {"mp3", "opus",  "wav", "aac",  "flac", "mp4", "ogg", "mkv",
                                              "mka", "x-aac", "m4a", "mpeg", "mpga", "pcm", "webm"};
// Endings of names that common/media.h does not know.
constexpr Format kEndings[] = {
    {"application/msword", ".doc"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"},
    {"application/vnd.ms-excel", ".xls"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"},
    {"text/html", ".htm"},
    {"video/x-matroska", ".mkv"}};

std::string_view FormatOf(std::string_view media_type, std::span<const Format> formats) {
  const auto found = std::find_if(formats.begin(), formats.end(),
                                  [&](const Format& one) { return one.media_type == media_type; });
  return found == formats.end() ? std::string_view() : found->format;
}

std::string_view DocumentFormat(std::string_view media_type) {
  const std::string_view format = FormatOf(media_type, kDocuments);
  if (!format.empty()) return format;
  const bool text = media_type.starts_with("text/") || media_type == "application/json";
  return text ? std::string_view("txt") : std::string_view();
}

std::string_view TypeOfName(std::string_view name) {
  const std::string_view known = MediaTypeOfName(name);
  if (!known.empty()) return known;
  const auto* const found = std::find_if(std::begin(kEndings), std::end(kEndings), [&](const Format& one) {
    return EndsWithIgnoreCase(name, one.format);
  });
  return found == std::end(kEndings) ? std::string_view() : found->media_type;
}

bool IsMarked(const api::ContentPart& part) {
  return part.has_cache_control() || part.has_prompt_cache_breakpoint();
}

bool IsS3(std::string_view url) { return url.starts_with("s3://"); }

wire::MediaSource Bytes(std::string_view base64) {
  wire::MediaSource source;
  source.set_bytes(std::string(base64));
  return source;
}

}  // namespace

std::string DocumentName(std::string_view filename) {
  const size_t slash = filename.find_last_of("/\\");
  filename.remove_prefix(slash == std::string_view::npos ? 0 : slash + 1);
  const size_t dot = filename.rfind('.');
  if (dot != std::string_view::npos && dot != 0) filename = filename.substr(0, dot);
  std::string name;
  for (const char c : filename) {
    const bool kept = IsLetterOrDigit(c) || c == '-' || c == '(' || c == ')' || c == '[' || c == ']';
    if (name.size() >= kLongestDocumentName) break;
    if (kept) {
      name += c;
    } else if (!name.empty() && name.back() != ' ') {
      name += ' ';
    }
  }
  if (name.ends_with(' ')) name.pop_back();
  return name;
}

bool RequestEncoder::AppendContent(const api::Message& message, Role role, const MemberPath& path,
                                   Blocks* blocks) {
  if (!message.content_blocks().empty()) return AppendGivenBlocks(message, path, blocks);
  const int before = blocks->size();
  if (message.content().kind_case() == api::Content::kText) {
    // The API refuses blocks of white space alone.
    if (!IsBlank(message.content().text())) blocks->Add()->set_text(message.content().text());
  }
  const auto& parts = message.content().parts().items();
  for (int i = 0; i < parts.size(); ++i) {
    if (!AppendPart(parts.Get(i), role, MemberPath{&path, "content", i}, blocks)) return false;
  }
  // An assistant's calls follow and may be the last; a result's mark stands behind the result.
  const bool mark = message.has_cache_control() && (role == Role::kSystem || role == Role::kUser);
  if (mark && blocks->size() > before) MarkForCache(&message.cache_control(), path, blocks);
  return true;
}

bool RequestEncoder::AppendPart(const api::ContentPart& part, Role role, const MemberPath& path,
                                Blocks* blocks) {
  const std::string& type = part.type();
  const int before = blocks->size();
  const bool media = role == Role::kUser || role == Role::kTool;
  bool ok = true;
  Extras rest = part.extra();
  if (type == "text" || type == "refusal") {
    const std::string& text = type == "text" ? part.text() : part.refusal();
    if (!IsBlank(text)) blocks->Add()->set_text(text);
  } else if (type == "guarded_text" && role != Role::kAssistant && role != Role::kTool) {
    if (!IsBlank(part.text())) {
      AddExtra("guardContent", JsonObjectOf("text", JsonObjectOfText("text", part.text())),
               blocks->Add()->mutable_extra());
    }
  } else if (media && type == "image_url") {
    ok = AppendImage(part, path, blocks);
  } else if (media && type == "file") {
    ok = AppendFile(part, path, blocks);
  } else if (role == Role::kUser && type == "input_audio") {
    ok = AppendAudio(part, path, blocks);
  } else if (media && type == "video_url") {
    ok = AppendVideo(part, path, blocks);
    rest.Clear();
  } else {
    return Fail("unsupported_value", "bedrock cannot take a part of type \"" + type + "\" here",
                MemberPath{&path, "type"});
  }
  if (!ok) return false;
  DropExtras(rest, &path);
  // A result is marked as a whole.
  if (role != Role::kTool && IsMarked(part) && blocks->size() > before) {
    MarkForCache(part.has_cache_control() ? &part.cache_control() : nullptr, path, blocks);
  }
  return true;
}

bool RequestEncoder::AppendImage(const api::ContentPart& part, const MemberPath& path, Blocks* blocks) {
  const api::ImageUrl& image = part.image_url();
  const bool bare = image.kind_case() == api::ImageUrl::kUri;
  const MemberPath holder{&path, "image_url"};
  const MemberPath at = bare ? holder : MemberPath{&holder, "url"};
  if (!bare) {
    const std::string& detail = image.image().detail();
    if (!detail.empty() && detail != "auto") Drop(MemberPath{&holder, "detail"});
    DropExtras(image.image().extra(), &holder);
  }
  const std::string& url = bare ? image.uri() : image.image().url();
  if (const std::string wrong = WrongWithPicture(facts_, url); !wrong.empty()) {
    return Fail("unsupported_value", at.ToString() + ": " + wrong, at);
  }
  return AppendFromUrl(url, {}, at, blocks);
}

// `{"type":"video_url","video_url":{"url":"…"}}`, as several servers of OpenAI's API take it.
bool RequestEncoder::AppendVideo(const api::ContentPart& part, const MemberPath& path, Blocks* blocks) {
  const MemberPath holder{&path, "video_url"};
  const std::string_view given = FindExtra(part.extra(), "video_url");
  for (const api::Extra& extra : part.extra()) {
    if (extra.name() != "video_url" && !IsEmptyJson(extra.json())) Drop(MemberPath{&path, extra.name()});
  }
  const std::string bare = JsonText(given);
  const std::string url = bare.empty() ? JsonText(JsonMember(given, "url")) : bare;
  return AppendFromUrl(url, {}, bare.empty() ? MemberPath{&holder, "url"} : holder, blocks);
}

bool RequestEncoder::AppendAudio(const api::ContentPart& part, const MemberPath& path, Blocks* blocks) {
  const api::InputAudio& audio = part.input_audio();
  const MemberPath holder{&path, "input_audio"};
  if (audio.kind_case() == api::InputAudio::kData) return AppendFromUrl(audio.data(), {}, holder, blocks);
  DropExtras(audio.audio().extra(), &holder);
  const std::string& format = audio.audio().format();
  if (std::find(std::begin(kAudioFormats), std::end(kAudioFormats), format) == std::end(kAudioFormats)) {
    return Fail("unsupported_value", "bedrock takes no audio of the format \"" + format + "\"",
                MemberPath{&holder, "format"});
  }
  wire::MediaBlock* block = blocks->Add()->mutable_audio();
  block->set_format(format);
  *block->mutable_source() = Bytes(audio.audio().data());
  return true;
}

bool RequestEncoder::AppendFile(const api::ContentPart& part, const MemberPath& path, Blocks* blocks) {
  const api::FilePart& file = part.file();
  const MemberPath holder{&path, "file"};
  DropExtras(file.extra(), &holder);
  if (IsS3(file.file_id())) {
    return AppendFromUrl(file.file_id(), file.filename(), MemberPath{&holder, "file_id"}, blocks);
  }
  if (!file.file_id().empty()) {
    return Fail("unsupported_value", "bedrock holds no uploaded files: expected an s3: URL",
                MemberPath{&holder, "file_id"});
  }
  const MemberPath data{&holder, "file_data"};
  if (file.file_data().starts_with("JVBERi")) {  // `%PDF-` in base64, from clients that leave out the prefix
    AppendDocument("pdf", file.filename(), Bytes(file.file_data()), blocks);
    return true;
  }
  return AppendFromUrl(file.file_data(), file.filename(), data, blocks);
}

bool RequestEncoder::AppendFromUrl(std::string_view url, std::string_view name, const MemberPath& path,
                                   Blocks* blocks) {
  if (IsS3(url)) {
    wire::MediaSource source;
    source.mutable_s3_location()->set_uri(std::string(url));
    const std::string_view type = TypeOfName(url).empty() ? TypeOfName(name) : TypeOfName(url);
    return AppendMedia(type, name.empty() ? url : name, std::move(source), path, blocks);
  }
  if (IsWebUrl(url)) {
    const std::string_view fetched = FetchedFrom(facts_, url);
    if (!fetched.empty()) return AppendFromUrl(fetched, name.empty() ? url : name, path, blocks);
    return Fail("unsupported_value", "bedrock cannot fetch it: send its bytes in a data: URL, or an s3: URL",
                path);
  }
  if (!IsDataUrl(url)) return Fail("unsupported_value", "expected a data: or s3: URL", path);
  DataUrl data;
  const std::string_view problem = ReadDataUrl(url, &data);
  if (!problem.empty()) {
    return Fail(problem.ends_with("comma") ? "invalid_value" : "unsupported_value", std::string(problem),
                path);
  }
  const std::string_view named = TypeOfName(name);
  const bool vague = data.media_type.empty() || data.media_type == "application/octet-stream";
  if (vague && !named.empty()) data.media_type = named;
  if (data.media_type.empty()) data.media_type = "text/plain";  // RFC 2397
  return AppendMedia(data.media_type, name, Bytes(data.data), path, blocks);
}

bool RequestEncoder::AppendMedia(std::string_view media_type, std::string_view name, wire::MediaSource source,
                                 const MemberPath& path, Blocks* blocks) {
  const auto fill = [&](std::string_view format, wire::MediaBlock* block) {
    block->set_format(std::string(format));
    *block->mutable_source() = std::move(source);
    return true;
  };
  if (const auto image = FormatOf(media_type, kImages); !image.empty()) {
    return fill(image, blocks->Add()->mutable_image());
  }
  if (const auto video = FormatOf(media_type, kVideos); !video.empty()) {
    return fill(video, blocks->Add()->mutable_video());
  }
  if (const auto sound = FormatOf(media_type, kSounds); !sound.empty()) {
    return fill(sound, blocks->Add()->mutable_audio());
  }
  if (const auto document = DocumentFormat(media_type); !document.empty()) {
    AppendDocument(document, name, std::move(source), blocks);
    return true;
  }
  const std::string what =
      media_type.empty() ? "what its name does not tell" : "\"" + std::string(media_type) + "\"";
  return Fail("unsupported_value",
              "bedrock cannot take " + what +
                  ": only images (png, jpeg, gif, webp), videos, sound and documents (pdf, csv, doc, docx, "
                  "xls, xlsx, "
                  "html, txt, md)",
              path);
}

void RequestEncoder::AppendDocument(std::string_view format, std::string_view name, wire::MediaSource source,
                                    Blocks* blocks) {
  std::string base = DocumentName(name);
  if (base.empty()) base = "document";
  std::string unique = base;
  while (!document_names_.try_emplace(unique, 1).second) {
    const std::string number = " " + std::to_string(++document_names_[base]);
    const std::string_view begin = std::string_view(base).substr(0, kLongestDocumentName - number.size());
    unique = std::string(TrimBlanks(begin)) + number;
  }
  wire::DocumentBlock* document = blocks->Add()->mutable_document();
  document->set_format(std::string(format));
  document->set_name(std::move(unique));
  *document->mutable_source() = std::move(source);
}

void RequestEncoder::MarkForCache(const api::CacheControl* mark, const MemberPath& path, Blocks* blocks) {
  if (!model_.has_cache_points()) {
    Drop(MemberPath{&path, mark == nullptr ? "prompt_cache_breakpoint" : "cache_control"});
    return;
  }
  if (!blocks->empty() && blocks->rbegin()->has_cache_point()) return;
  wire::CachePoint* point = blocks->Add()->mutable_cache_point();
  point->set_type("default");
  if (mark != nullptr && mark->has_ttl()) point->set_ttl(mark->ttl());
}

}  // namespace portolan::providers::bedrock
