#pragma once

// HTTP/1.1 message heads, parsed and written without I/O (RFC 9110, RFC 9112). Strict wherever leniency would
// let requests be smuggled: tests/unit/http/message_test.cc lists every rule with its test.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/header.h"
#include "server/base/text_buffer.h"

namespace portolan::http {

inline constexpr size_t kMaxHeadBytes = 64 * 1024;
inline constexpr size_t kMaxTargetBytes = 16 * 1024;
inline constexpr size_t kMaxHeaders = 256;

enum class BodyFraming : uint8_t { kNone, kLength, kChunked, kUntilClose };

// Views point into the text that was parsed. Header names are in lower case (the parser folds them in place,
// which is why it takes mutable text); values have no white space around them.
struct RequestHead {
  std::string_view method;
  std::string_view target;  // as sent, but reduced to origin form if it was absolute
  std::string_view path;    // target up to `?`
  std::string_view query;   // after `?`
  std::string_view host;    // from the Host header (or the absolute form), with its port
  int minor_version = 1;
  std::vector<HeaderView> headers;  // reused between requests
  BodyFraming framing = BodyFraming::kNone;
  uint64_t content_length = 0;
  bool keep_alive = true;
  bool expect_continue = false;
  bool content_encoding = false;  // has a Content-Encoding header
};

struct ResponseHead {
  int status = 0;
  int minor_version = 1;
  std::vector<HeaderView> headers;
  BodyFraming framing = BodyFraming::kNone;
  uint64_t content_length = 0;
  bool keep_alive = true;
};

enum class ParseState : uint8_t { kDone, kNeedMore, kError };

struct ParseResult {
  ParseState state = ParseState::kNeedMore;
  size_t consumed = 0;       // kDone: bytes of the head, blank line included
  int status = 0;            // kError in a request: 400, 431, 501, 505 …
  const char* problem = "";  // kError: static text
};

// Parses a head from the start of `text`. After kNeedMore call it again with more text: the old bytes first,
// which may have moved. `*scanned`, 0 at first, records how far the search for the end got, so that a slow
// head does not take quadratic time. Looks at no more than kMaxHeadBytes of `text`. After kError *head is
// unspecified.
//
// The lines of a request must end in CR LF. The test lists what else is refused, and with which status. An
// absolute target is reduced to origin form, and its authority replaces the value of the Host header (RFC
// 9112 section 3.2.2).
ParseResult ParseRequestHead(std::span<char> text, size_t* scanned, RequestHead* head);
// The same for a response. `request_method` decides whether a body follows. 1xx heads are returned like any
// other. Bare LF is taken as a line end: heads are not passed on as they came, so no later parser can
// disagree.
ParseResult ParseResponseHead(std::span<char> text, size_t* scanned, std::string_view request_method,
                              ResponseHead* head);

// Decodes chunked framing (RFC 9112 section 7.1). Extensions are skipped, trailers dropped; both are bounded.
class ChunkedDecoder {
 public:
  // Consumes some of `*input` and returns the next piece of data, a view into it. Call again while it gives
  // data.
  // kDone: the last chunk and the trailer are consumed. kNeedMore: all input is consumed. kError: bad
  // framing; the decoder cannot be used any more.
  struct Piece {
    ParseState state;
    std::string_view data;  // may be non-empty with kNeedMore: then call again
    const char* problem = "";
  };
  Piece Next(std::string_view* input);

 private:
  enum class State : uint8_t {
    kSize,
    kBlank,
    kExtension,
    kQuoted,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailer,
    kTrailerLine,
    kTrailerLf,
    kEndLf,
    kEnd
  };
  // Each takes one byte and returns null, or what is wrong with it.
  const char* Step(char c);
  const char* SizeByte(char c);
  const char* CountExtensionByte();
  const char* TrailerByte(char c);

  State state_ = State::kSize;
  uint64_t left_ = 0;        // of the chunk's data, or its size as far as it is read
  uint32_t line_bytes_ = 0;  // of the extension or the trailer
  uint32_t digits_ = 0;
};

// The standard reason phrase (RFC 9110 section 15); "" for a status without one.
std::string_view ReasonPhrase(int status);

// Appends `HTTP/1.1 200 OK` and CR LF. REQUIRES: 100 <= status <= 999.
void AppendStatusLine(int status, TextBuffer* out);
// Appends `name: value` and CR LF. REQUIRES: neither holds CR, LF or NUL (see IsHeaderValue).
void AppendHeader(std::string_view name, std::string_view value, TextBuffer* out);
bool IsHeaderName(std::string_view name);
bool IsHeaderValue(std::string_view value);

}  // namespace portolan::http
