#pragma once

// Collects the body of a request, without I/O. Internal to server/http.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/http/message.h"

namespace portolan::http {

class BodyCollector {
 public:
  // Begins the body that `head` announces. At most `limit` bytes of it are taken.
  void Start(const RequestHead& head, size_t limit);

  enum class State : uint8_t { kMore, kDone, kTooLarge, kBadFraming };
  // Moves the bytes of the body from *input to the end of *body, without their framing. What is left in
  // *input after kDone belongs to the next request.
  State Take(std::string_view* input, std::string* body);

  // After kBadFraming: what is wrong, for a person.
  const char* problem() const { return problem_; }
  // How many bytes, at most `buffer`, to read next without reading past the body's end, as far as that is
  // known.
  size_t Wanted(size_t buffer) const;

 private:
  BodyFraming framing_ = BodyFraming::kNone;
  size_t limit_ = 0;
  uint64_t left_ = 0;
  ChunkedDecoder decoder_;
  const char* problem_ = "";
};

}  // namespace portolan::http
