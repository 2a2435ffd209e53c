#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/base/text_buffer.h"

namespace portolan {

// A header or metadata entry whose bytes belong to somebody else. `name` is lower case.
struct HeaderView {
  std::string_view name;
  std::string_view value;
};

// A header that owns its bytes. `name` is lower case.
struct HeaderField {
  std::string name;
  std::string value;
};

// Headers as one block of `name: value\r\n` lines, in one allocation. HTTP writes the block as it is, gRPC
// iterates over it.
class HeaderBlock {
 public:
  // REQUIRES: `name` is lower case; neither text holds CR, LF or NUL.
  void Add(std::string_view name, std::string_view value) { text_.Append(name, ": ", value, "\r\n"); }
  // For names in two parts (`x-portolan-` `provider`).
  void Add(std::string_view prefix, std::string_view name, std::string_view value) {
    text_.Append(prefix, name, ": ", value, "\r\n");
  }
  void Reserve(size_t bytes) { text_.Reserve(bytes); }
  bool empty() const { return text_.empty(); }
  std::string_view text() const { return text_.view(); }

  class Iterator {
   public:
    explicit Iterator(std::string_view rest) : rest_(rest) {}
    HeaderView operator*() const {
      const std::string_view line = rest_.substr(0, rest_.find("\r\n"));
      const size_t colon = line.find(": ");
      return {line.substr(0, colon), line.substr(colon + 2)};
    }
    Iterator& operator++() {
      rest_.remove_prefix(rest_.find("\r\n") + 2);
      return *this;
    }
    bool operator==(const Iterator& other) const { return rest_.size() == other.rest_.size(); }

   private:
    std::string_view rest_;
  };
  Iterator begin() const { return Iterator(text_.view()); }
  Iterator end() const { return Iterator({}); }

 private:
  TextBuffer text_;
};

// The value of the first header called `name`, which is lower case; a view of the header's bytes.
inline std::optional<std::string_view> FindHeader(std::span<const HeaderView> headers,
                                                  std::string_view name) {
  for (const HeaderView& header : headers) {
    if (header.name == name) return header.value;
  }
  return std::nullopt;
}

}  // namespace portolan
