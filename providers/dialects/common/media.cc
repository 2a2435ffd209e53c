#include "providers/dialects/common/media.h"

#include <algorithm>
#include <iterator>

#include "server/base/text.h"

namespace portolan::providers {

bool IsDataUrl(std::string_view url) { return StartsWithIgnoreCase(url, "data:"); }

bool IsWebUrl(std::string_view url) {
  return StartsWithIgnoreCase(url, "https://") || StartsWithIgnoreCase(url, "http://");
}

std::string_view ReadDataUrl(std::string_view url, DataUrl* out) {
  url.remove_prefix(std::string_view("data:").size());
  const size_t comma = url.find(',');
  if (comma == std::string_view::npos) return "the data URL has no comma";
  std::string_view head = url.substr(0, comma);
  constexpr std::string_view kBase64 = ";base64";
  if (!EndsWithIgnoreCase(head, kBase64)) return "the data URL is not in base64";
  head.remove_suffix(kBase64.size());
  out->data = url.substr(comma + 1);
  out->media_type = LowerCase(head.substr(0, head.find(';')));
  if (out->media_type == "image/jpg" || out->media_type == "image/pjpeg") out->media_type = "image/jpeg";
  return {};
}

std::string_view MediaTypeOfName(std::string_view name) {
  struct Row {
    std::string_view ending;
    std::string_view type;
  };
  constexpr Row kRows[] = {{"jpg", "image/jpeg"},  {"jpeg", "image/jpeg"},  {"png", "image/png"},
                           {"webp", "image/webp"}, {"gif", "image/gif"},    {"heic", "image/heic"},
                           {"heif", "image/heif"}, {"bmp", "image/bmp"},    {"pdf", "application/pdf"},
                           {"txt", "text/plain"},  {"md", "text/markdown"}, {"html", "text/html"},
                           {"csv", "text/csv"},    {"xml", "text/xml"},     {"json", "application/json"},
                           {"mp3", "audio/mp3"},   {"wav", "audio/wav"},    {"aac", "audio/aac"},
                           {"flac", "audio/flac"}, {"ogg", "audio/ogg"},    {"m4a", "audio/m4a"},
                           {"aiff", "audio/aiff"}, {"mp4", "video/mp4"},    {"mov", "video/quicktime"},
                           {"mpeg", "video/mpeg"}, {"webm", "video/webm"},  {"avi", "video/avi"},
                           {"wmv", "video/wmv"},   {"flv", "video/x-flv"},  {"3gp", "video/3gpp"}};
  name = name.substr(0, name.find_first_of("?#"));
  name.remove_prefix(std::min(name.find_last_of('/') + 1, name.size()));
  const size_t dot = name.find_last_of('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view ending = name.substr(dot + 1);
  const auto* const row = std::find_if(std::begin(kRows), std::end(kRows),
                                       [&](const Row& one) { return EqualsIgnoreCase(ending, one.ending); });
  return row == std::end(kRows) ? std::string_view() : row->type;
}

}  // namespace portolan::providers
