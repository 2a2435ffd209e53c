#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "server/base/utf8.h"
#include "server/config_file/yaml_node.h"

namespace portolan::config {

// Turns byte offsets into lines and columns. Places asked for in rising order cost little, even in one long
// line. Not thread-safe.
class Places {
 public:
  explicit Places(std::string_view text) : text_(text) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') begins_.push_back(i + 1);
    }
  }

  Position OfByte(size_t offset) {
    offset = std::min(offset, text_.size());
    const auto line =
        static_cast<size_t>(std::upper_bound(begins_.begin(), begins_.end(), offset) - begins_.begin()) - 1;
    if (line != line_ || offset < offset_) {
      line_ = line;
      offset_ = begins_[line];
      column_ = 1;
    }
    for (; offset_ < offset; ++offset_) {
      if (!IsUtf8Tail(text_[offset_])) ++column_;
    }
    return {static_cast<int>(line) + 1, column_};
  }
  // The position of a byte of a line, both counted from 0.
  Position Of(int line, int byte) {
    if (line < 0 || static_cast<size_t>(line) >= begins_.size()) return {};
    return OfByte(begins_[static_cast<size_t>(line)] + static_cast<size_t>(std::max(byte, 0)));
  }

 private:
  std::string_view text_;
  std::vector<size_t> begins_ = {0};
  // The last place that was asked for.
  size_t line_ = 0;
  size_t offset_ = 0;
  int column_ = 1;
};

}  // namespace portolan::config
