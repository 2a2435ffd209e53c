#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::guardrails {

// A text made from another, which knows for each byte where in the original it came from: from that byte, or,
// where something was replaced, from the beginning of what was. These places never go backwards. The text
// grows at its end, and its beginning may be forgotten. Not thread-safe.
class TracedText {
 public:
  std::string_view text() const { return text_; }
  size_t size() const { return text_.size(); }

  // Appends what stands in the original at the place that has been reached.
  void Append(std::string_view text);
  // Appends what stands for the original from `origin` to `next`, where the original then goes on.
  void AppendInstead(std::string_view text, size_t origin, size_t next);
  // The same of a part of another text that was made of the same original.
  void AppendPart(const TracedText& from, size_t begin, size_t end);
  // Passes over the original up to `next`.
  void GoOnAt(size_t next);

  // The place that a byte comes from; of the text's end, where the original goes on. REQUIRES: at <= size().
  size_t OriginOf(size_t at) const;
  // The first byte that comes from `origin` or behind; the text's size if there is none.
  size_t FirstFrom(size_t origin) const;

  // Forgets so many bytes of the beginning; what is behind moves there. REQUIRES: bytes <= size().
  void Forget(size_t bytes);

 private:
  // From `at` on: bytes that all come from `origin`, or one by one from there on.
  struct Run {
    size_t at;
    size_t origin;
    bool moves;
  };

  void Begin(size_t origin, bool moves);
  // The run that a byte is in.
  std::vector<Run>::const_iterator RunOf(size_t at) const;

  std::string text_;
  std::vector<Run> runs_ = {{0, 0, true}};  // never empty; the first begins at 0, and the last moves
};

}  // namespace portolan::guardrails
