#include "server/transcode/clean_path.h"

namespace portolan::transcode {

std::string_view CleanPath(std::string_view path, std::string* buffer) {
  if (path.find("//") == std::string_view::npos) {
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    return path;
  }
  buffer->clear();
  for (const char c : path) {
    if (c != '/' || !buffer->ends_with('/')) *buffer += c;
  }
  if (buffer->size() > 1 && buffer->ends_with('/')) buffer->pop_back();
  return *buffer;
}

std::string ShownPath(std::string_view path) {
  constexpr size_t kMaxBytes = 256;
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string shown;
  for (const char c : path) {
    if (shown.size() >= kMaxBytes) return shown + "...";
    if (c > 0x20 && c < 0x7f) {
      shown += c;
    } else {
      shown.append({'%', kHex[static_cast<unsigned char>(c) >> 4], kHex[static_cast<unsigned char>(c) & 15]});
    }
  }
  return shown;
}

}  // namespace portolan::transcode
