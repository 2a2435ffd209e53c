#pragma once

#include <cstddef>
#include <string>

namespace portolan {

// Reads a file of at most `most` bytes into *text. False, with the reason in *problem (`it cannot be read: No
// such file or directory`), if it cannot be read or is larger.
bool ReadTextFile(const std::string& path, size_t most, std::string* text, std::string* problem);

}  // namespace portolan
