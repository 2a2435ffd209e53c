#pragma once

// What request and response heads have in common: finding the end, walking the field lines, and the fields
// that decide framing. Internal to server/http.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/base/header.h"
#include "server/http/text.h"

namespace portolan::http {

enum class LineEnds : uint8_t { kCrLfOnly, kLfToo };

// Where the blank line ends that closes the head, searched from *scanned on.
struct HeadEnd {
  enum class State : uint8_t { kFound, kNotYet, kBareLf };
  State state = State::kNotYet;
  size_t size = 0;  // kFound: bytes up to and including the blank line
};
HeadEnd FindHeadEnd(std::string_view text, LineEnds line_ends, size_t* scanned);

// Takes the line end at `p`, which FindNonValue() stopped at. Returns what follows it, or null if there is
// none.
inline char* TakeLineEnd(char* p, char* end, LineEnds line_ends) {
  if (end - p >= 2 && p[0] == '\r' && p[1] == '\n') return p + 2;
  if (line_ends == LineEnds::kLfToo && p < end && *p == '\n') return p + 1;
  return nullptr;
}

// Walks the field lines of a whole head, folding names to lower case in place.
class FieldWalker {
 public:
  // `begin` is after the first line, `end` after the blank line.
  FieldWalker(char* begin, char* end, LineEnds line_ends) : p_(begin), end_(end), line_ends_(line_ends) {}

  enum class Step : uint8_t { kField, kEnd, kError };
  Step Next(HeaderView* field);
  const char* problem() const { return problem_; }

 private:
  Step Fail(const char* problem) {
    problem_ = problem;
    return Step::kError;
  }

  char* p_;
  char* end_;
  LineEnds line_ends_;
  const char* problem_ = "";
};

// Digits only, no sign, no list, below 2^63. False if it is anything else.
bool ParseContentLength(std::string_view value, uint64_t* length);

// The options of the Connection header that matter here.
struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
  void Add(std::string_view value);  // of one Connection header
};

}  // namespace portolan::http
