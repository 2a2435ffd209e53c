#include "server/base/text_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace portolan {

bool ReadTextFile(const std::string& path, size_t most, std::string* text, std::string* problem) {
  const auto why = [problem] {
    *problem = std::string("it cannot be read: ") + std::strerror(errno);
    return false;
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (file == nullptr) return why();
  text->clear();
  std::array<char, 16384> buffer;
  while (const size_t size = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    text->append(buffer.data(), size);
    if (text->size() <= most) continue;
    *problem = "it is larger than " + std::to_string(most >> 10) + " KB";
    return false;
  }
  return std::ferror(file.get()) == 0 || why();
}

}  // namespace portolan
