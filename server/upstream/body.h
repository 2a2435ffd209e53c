#pragma once

// Finds the end of an answer's body, and takes the framing off its bytes. No I/O.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/http/message.h"

namespace portolan::upstream {

class BodyFramer {
 public:
  enum class State : uint8_t { kMore, kComplete, kBad };

  void Start(const http::ResponseHead& head);

  // Takes bytes read from the socket. *data becomes the bytes of the body among them, one piece within `raw`:
  // chunks are moved together in place. Bytes after the body's end make excess() true.
  State Take(std::span<char> raw, std::string_view* data);
  // The connection has ended in good order. kComplete if that is how this body ends.
  State TakeEof() {
    if (framing_ == http::BodyFraming::kUntilClose) state_ = State::kComplete;
    return state_;
  }

  State state() const { return state_; }
  bool excess() const { return excess_; }
  const char* problem() const { return problem_; }
  // Bytes still to come if that is known (content-length), else 0.
  uint64_t left() const { return framing_ == http::BodyFraming::kLength ? left_ : 0; }
  // What is missing of the body, for a person: `120 of 500 bytes`, `the last chunk`.
  std::string Missing() const;

 private:
  State TakeChunks(std::span<char> raw, std::string_view* data);

  http::BodyFraming framing_ = http::BodyFraming::kNone;
  State state_ = State::kMore;
  bool excess_ = false;
  uint64_t length_ = 0;
  uint64_t left_ = 0;
  http::ChunkedDecoder chunks_;
  const char* problem_ = "";
};

}  // namespace portolan::upstream
