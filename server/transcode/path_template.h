#pragma once

// The path templates of google.api.http, parsed (google/api/http.proto, "Path template syntax"):
//
//   /v1/models/{model=**}     a variable that takes the rest of the path, slashes and all
//   /v1/{name=files/*}:copy   a variable of two segments, and a verb
//
// `**` is allowed only at the end. Literals are compared with the path as it was sent.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace portolan::transcode {

struct PathTemplate {
  static constexpr size_t kMaxSegments = 32;
  static constexpr size_t kMaxVariables = 8;

  enum class Kind : uint8_t { kLiteral, kOne, kRest };  // `a`, `*`, `**`
  struct Segment {
    Kind kind = Kind::kLiteral;
    std::string literal;
  };
  // A field of the request that takes the segments [begin, end).
  struct Variable {
    std::string field_path;  // `model`, `book.name`
    size_t begin = 0;
    size_t end = 0;
  };

  std::vector<Segment> segments;
  std::vector<Variable> variables;
  std::string verb;  // without the colon; empty: none

  // Whether the template has no wildcard, so that it matches one path only.
  bool IsLiteral() const;
  // Whether the last segment is `**`.
  bool HasRest() const;
};

// Parses a template. Fails, naming what is wrong and where, if it does not follow the grammar or has more
// than kMaxSegments segments or kMaxVariables variables.
absl::StatusOr<PathTemplate> ParsePathTemplate(std::string_view text);

}  // namespace portolan::transcode
