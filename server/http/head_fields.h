#pragma once

// What request and response heads have in common: finding their end, reading the field lines, and the fields
// that decide framing. Internal to server/http.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "server/base/header.h"
#include "server/http/text.h"

namespace portolan::http {

enum class LineEnds : uint8_t { kCrLfOnly, kLfToo };

// Where a head ends.
struct HeadEnd {
  enum class State : uint8_t { kFound, kNotYet, kBareLf };
  State state = State::kNotYet;
  size_t size = 0;           // kFound: bytes up to and including the blank line
  bool fields_read = false;  // kFound: all fields have been read on the way, and all are good
};
// Finds the end of the blank line that closes the head, from *scanned on. When a text is looked at for the
// first time it nearly always holds a whole, good head; then its end is found by reading the fields into
// *fields, which is cleared first.
HeadEnd FindHeadEnd(std::span<char> text, LineEnds line_ends, size_t* scanned,
                    std::vector<HeaderView>* fields);

// Returns the place after the line end at `p`, where FindNonValue() stopped; null if there is no line end.
inline char* TakeLineEnd(char* p, char* end, LineEnds line_ends) {
  if (end - p >= 2 && p[0] == '\r' && p[1] == '\n') return p + 2;
  if (line_ends == LineEnds::kLfToo && p < end && *p == '\n') return p + 1;
  return nullptr;
}

// How reading the field lines of a head ended.
struct FieldsEnd {
  enum class State : uint8_t { kBlankLine, kBad, kTooMany };
  State state = State::kBlankLine;
  char* end = nullptr;       // kBlankLine: the place after it
  const char* problem = "";  // kBad
};

// Reads the field lines from `p`, the place after the head's first line, and folds their names to lower case
// in place. Appends those before the first bad one to *fields, at most kMaxHeaders. kBad if there is no blank
// line before `end`.
FieldsEnd ReadFields(char* p, char* end, LineEnds line_ends, std::vector<HeaderView>* fields);

// Reads a Content-Length: digits only, below 2^63. False for anything else, signs and lists included.
bool ParseContentLength(std::string_view value, uint64_t* length);

// The options of the Connection header that matter here.
struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
  void Add(std::string_view value);  // of one Connection header
};

}  // namespace portolan::http
