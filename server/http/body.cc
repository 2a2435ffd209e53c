#include "server/http/body.h"

#include <algorithm>

namespace portolan::http {
namespace {

// What is set aside because a Content-Length says so. Who has sent as much gets the rest set aside, at once,
// as growing by doubling would copy and touch three times as much.
constexpr size_t kMaxReserve = 1 << 20;

}  // namespace

void BodyCollector::Start(const RequestHead& head, size_t limit) {
  framing_ = head.framing;
  limit_ = limit;
  left_ = head.content_length;
  decoder_ = ChunkedDecoder();
}

BodyCollector::State BodyCollector::Take(std::string_view* input, std::string* body) {
  if (framing_ == BodyFraming::kChunked) {
    while (true) {
      const ChunkedDecoder::Piece piece = decoder_.Next(input);
      if (piece.data.size() > limit_ - body->size()) return State::kTooLarge;
      body->append(piece.data);
      if (piece.state == ParseState::kDone) return State::kDone;
      if (piece.state == ParseState::kError) {
        problem_ = piece.problem;
        return State::kBadFraming;
      }
      if (input->empty() && piece.data.empty()) return State::kMore;
    }
  }
  if (left_ == 0) return State::kDone;
  if (left_ > limit_) return State::kTooLarge;
  if (body->empty()) body->reserve(static_cast<size_t>(std::min<uint64_t>(left_, kMaxReserve)));
  const size_t size = static_cast<size_t>(std::min<uint64_t>(left_, input->size()));
  if (body->size() + size > body->capacity()) body->reserve(body->size() + static_cast<size_t>(left_));
  body->append(input->substr(0, size));
  input->remove_prefix(size);
  left_ -= size;
  return left_ == 0 ? State::kDone : State::kMore;
}

size_t BodyCollector::Wanted(size_t buffer) const {
  if (framing_ == BodyFraming::kChunked) return buffer;
  return static_cast<size_t>(std::min<uint64_t>(left_, buffer));
}

}  // namespace portolan::http
