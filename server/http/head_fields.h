#pragma once

// What request and response heads have in common: finding the end, walking the field lines, and the fields
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

// Where the blank line ends that closes the head, searched from *scanned on.
struct HeadEnd {
  enum class State : uint8_t { kFound, kNotYet, kBareLf };
  State state = State::kNotYet;
  size_t size = 0;           // kFound: bytes up to and including the blank line
  bool fields_read = false;  // kFound: by reading all fields, none of which is bad
};
// A text that is looked at for the first time nearly always holds a whole, good head. There the end is found
// by reading the fields; they are in *fields then, which is cleared first.
HeadEnd FindHeadEnd(std::span<char> text, LineEnds line_ends, size_t* scanned,
                    std::vector<HeaderView>* fields);

// Takes the line end at `p`, which FindNonValue() stopped at. Returns what follows it, or null if there is
// none.
inline char* TakeLineEnd(char* p, char* end, LineEnds line_ends) {
  if (end - p >= 2 && p[0] == '\r' && p[1] == '\n') return p + 2;
  if (line_ends == LineEnds::kLfToo && p < end && *p == '\n') return p + 1;
  return nullptr;
}

// What reading the field lines of a head has come to.
struct FieldsEnd {
  enum class State : uint8_t { kBlankLine, kBad, kTooMany };
  State state = State::kBlankLine;
  char* end = nullptr;       // kBlankLine: what follows it
  const char* problem = "";  // kBad
};

// Reads the field lines from `p`, where the first line of the head has ended, and folds their names to lower
// case in place. The good ones, kMaxHeaders at most, are appended to *fields, whatever follows them. It is
// bad if there is no blank line before `end`.
FieldsEnd ReadFields(char* p, char* end, LineEnds line_ends, std::vector<HeaderView>* fields);

// Digits only, no sign, no list, below 2^63. False if it is anything else.
bool ParseContentLength(std::string_view value, uint64_t* length);

// The options of the Connection header that matter here.
struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
  void Add(std::string_view value);  // of one Connection header
};

}  // namespace portolan::http
