#pragma once

// Collects a request's body, without I/O. Internal to server/http.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/http/message.h"

namespace portolan::http {

class BodyCollector {
 public:
  // Prepares for the body that `head` announces, of at most `limit` bytes.
  void Start(const RequestHead& head, size_t limit);

  enum class State : uint8_t { kMore, kDone, kTooLarge, kBadFraming };
  // Moves what belongs to the body from *input to the end of *body. What is left in *input after kDone
  // belongs to the next request.
  State Take(std::string_view* input, std::string* body);

  // After kBadFraming: what is wrong.
  const char* problem() const { return problem_; }
  // How many bytes may be read without reading past the end, as far as that is known.
  size_t Wanted(size_t buffer) const;

 private:
  BodyFraming framing_ = BodyFraming::kNone;
  size_t limit_ = 0;
  uint64_t left_ = 0;
  ChunkedDecoder decoder_;
  const char* problem_ = "";
};

}  // namespace portolan::http
