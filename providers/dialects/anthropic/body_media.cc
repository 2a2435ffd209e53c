#include "providers/dialects/anthropic/body_media.h"

#include <cstring>
#include <functional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "providers/dialects/common/media.h"
#include "providers/dialects/common/web_media.h"
#include "providers/json_edit.h"
#include "server/base/json_text.h"
#include "server/base/utf8.h"
#include "server/codec/string_value.h"

namespace portolan::providers::anthropic {
namespace {

std::string StringIn(const JsonObjectEdit& object, std::string_view member) {
  const std::string_view* const value = object.Find(member);
  return value == nullptr ? std::string() : codec::StringValue(*value);
}

// Calls `visit` for each source that is a URL; where it gives a text, that is the source's from then on.
// Texts nest no deeper than the JSON that a caller may send.
class SourceWalk {
 public:
  using Visit =
      std::function<std::optional<std::string>(std::string_view block, const MediaReference& reference)>;

  explicit SourceWalk(Visit visit) : visit_(std::move(visit)) {}

  // False if nothing was changed.
  bool Run(std::string_view json, std::string* out) {
    JsonObjectEdit body(json);
    const std::string_view* const messages = body.Find("messages");
    if (messages == nullptr) return false;
    std::string edited;
    const bool changed = EditElements(
        *messages,
        [this](size_t i, std::string_view element, std::string* text) {
          JsonObjectEdit message(element);
          EditContent("messages[" + std::to_string(i) + "]", &message);
          if (message.changed()) message.Write(text);
          return message.changed();
        },
        &edited);
    if (!changed) return false;
    body.Set("messages", std::move(edited));
    body.Write(out);
    return true;
  }

 private:
  void EditContent(const std::string& path, JsonObjectEdit* object) {
    const std::string_view* const content = object->Find("content");
    if (content == nullptr || !content->starts_with('[')) return;
    std::string edited;
    const bool changed = EditElements(
        *content,
        [&](size_t i, std::string_view element, std::string* text) {
          JsonObjectEdit block(element);
          EditBlock(path + ".content[" + std::to_string(i) + "]", &block);
          if (block.changed()) block.Write(text);
          return block.changed();
        },
        &edited);
    if (changed) object->Set("content", std::move(edited));
  }

  void EditBlock(const std::string& path, JsonObjectEdit* block) {
    const std::string type = StringIn(*block, "type");
    if (type == "tool_result") EditContent(path, block);
    const std::string_view* const given = block->Find("source");
    if (given == nullptr || (type != "image" && type != "document")) return;
    JsonObjectEdit source(*given);
    const std::string kind = StringIn(source, "type");
    if (kind == "content") {
      EditContent(path + ".source", &source);
      if (!source.changed()) return;
      std::string text;
      source.Write(&text);
      block->Set("source", std::move(text));
    } else if (kind == "url") {
      const MediaReference reference{StringIn(source, "url"), path + ".source.url"};
      if (!IsWebUrl(reference.url)) return;
      if (auto text = visit_(type, reference)) block->Set("source", *std::move(text));
    }
  }

  const Visit visit_;
};

std::string Source(std::string_view type, std::string_view media_type, std::string_view data) {
  std::string text = R"({"type":)";
  AppendJsonString(type, &text);
  text += R"(,"media_type":)";
  AppendJsonString(media_type, &text);
  text += R"(,"data":)";
  AppendJsonString(data, &text);
  return text += '}';
}

bool IsImage(std::string_view type) {
  return type == "image/png" || type == "image/jpeg" || type == "image/gif" || type == "image/webp";
}

// What was fetched as a source; *problem says why it cannot be one.
std::string SourceOf(std::string_view block, const DataUrl& data, std::string* problem) {
  const std::string& type = data.media_type;
  if (block == "image") {
    if (IsImage(type)) return Source("base64", type, data.data);
    *problem = LedTo(type) + ", and no image (png, jpeg, gif, webp)";
    return {};
  }
  if (type == "application/pdf") return Source("base64", type, data.data);
  std::string text;
  const bool is_text = type.starts_with("text/") &&
                       absl::Base64Unescape(absl::string_view(data.data.data(), data.data.size()), &text) &&
                       IsUtf8(text);
  if (is_text) return Source("text", "text/plain", text);
  *problem = LedTo(type) + ", and neither a PDF nor text in UTF-8";
  return {};
}

std::vector<MediaReference> Find(std::string_view json) {
  std::vector<MediaReference> found;
  // Most requests name none, and quotes are too many to look behind each.
  constexpr std::string_view kUrl = R"("url")";
  if (memmem(json.data(), json.size(), kUrl.data(), kUrl.size()) == nullptr) return found;
  std::string none;
  SourceWalk([&](std::string_view, const MediaReference& reference) {
    found.push_back(reference);
    return std::optional<std::string>();
  }).Run(json, &none);
  return found;
}

std::optional<Error> Put(const FetchedMedia& media, std::string_view json, std::string* out) {
  std::optional<Error> error;
  const bool changed =
      SourceWalk([&](std::string_view block, const MediaReference& reference) -> std::optional<std::string> {
        const auto fetched = media.find(reference.url);
        DataUrl data;
        if (error || fetched == media.end() || !ReadDataUrl(fetched->second, &data).empty()) return {};
        std::string problem;
        std::string source = SourceOf(block, data, &problem);
        if (problem.empty()) return source;
        error = Error::InvalidRequest("unsupported_value", reference.path + ": " + problem, reference.path);
        return {};
      }).Run(json, out);
  if (!changed) out->append(json);
  return error;
}

}  // namespace

const BodyMedia kBodyMedia{Find, Put};

}  // namespace portolan::providers::anthropic
