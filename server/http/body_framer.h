#pragma once

// Finds the end of a message's body, and takes the framing off its bytes where they lie. No I/O.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/http/message.h"

namespace portolan::http {

class BodyFramer {
 public:
  enum class State : uint8_t { kMore, kComplete, kBad };

  // `length`: of a body framed by its length.
  void Start(BodyFraming framing, uint64_t length);

  // Takes bytes read from the socket. *data becomes the bytes of the body among them, one piece within `raw`:
  // chunks are moved together in place. Bytes after the body's end are in excess().
  State Take(std::span<char> raw, std::string_view* data);
  // The connection has ended in good order. kComplete if that is how this body ends.
  State TakeEof() {
    if (framing_ == BodyFraming::kUntilClose) state_ = State::kComplete;
    return state_;
  }

  State state() const { return state_; }
  // What came after the end of the body; a view of what Take() was given last.
  std::string_view excess() const { return excess_; }
  const char* problem() const { return problem_; }
  // Bytes still to come if that is known (content-length), else 0.
  uint64_t left() const { return framing_ == BodyFraming::kLength ? left_ : 0; }
  // What is missing of the body, for a person: `120 of 500 bytes`, `the last chunk`.
  std::string Missing() const;

 private:
  State TakeChunks(std::span<char> raw, std::string_view* data);

  BodyFraming framing_ = BodyFraming::kNone;
  State state_ = State::kMore;
  std::string_view excess_;
  uint64_t length_ = 0;
  uint64_t left_ = 0;
  ChunkedDecoder chunks_;
  const char* problem_ = "";
};

}  // namespace portolan::http
