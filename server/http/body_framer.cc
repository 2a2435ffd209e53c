#include "server/http/body_framer.h"

#include <algorithm>
#include <cstring>

namespace portolan::http {

void BodyFramer::Start(BodyFraming framing, uint64_t length) {
  framing_ = framing;
  length_ = left_ = length;
  excess_ = {};
  const bool empty = framing_ == BodyFraming::kNone || (framing_ == BodyFraming::kLength && left_ == 0);
  state_ = empty ? State::kComplete : State::kMore;
}

BodyFramer::State BodyFramer::Take(std::span<char> raw, std::string_view* data) {
  *data = {};
  if (state_ != State::kMore) {
    if (!raw.empty()) excess_ = {raw.data(), raw.size()};
    return state_;
  }
  if (framing_ == BodyFraming::kChunked) return TakeChunks(raw, data);
  *data = {raw.data(), raw.size()};
  if (framing_ == BodyFraming::kUntilClose) return state_;
  *data = data->substr(0, static_cast<size_t>(std::min<uint64_t>(left_, raw.size())));
  left_ -= data->size();
  excess_ = std::string_view(raw.data(), raw.size()).substr(data->size());
  if (left_ == 0) state_ = State::kComplete;
  return state_;
}

BodyFramer::State BodyFramer::TakeChunks(std::span<char> raw, std::string_view* data) {
  std::string_view input(raw.data(), raw.size());
  char* start = nullptr;
  size_t size = 0;
  while (!input.empty()) {
    const ChunkedDecoder::Piece piece = chunks_.Next(&input);
    if (!piece.data.empty()) {
      // The first piece stays where it is; with a chunk a read nothing moves at all.
      if (start == nullptr) start = raw.data() + (piece.data.data() - raw.data());
      if (start + size != piece.data.data()) std::memmove(start + size, piece.data.data(), piece.data.size());
      size += piece.data.size();
    }
    if (piece.state == ParseState::kError) {
      problem_ = piece.problem;
      return state_ = State::kBad;
    }
    if (piece.state == ParseState::kDone) {
      state_ = State::kComplete;
      break;
    }
  }
  // The last byte of the framing may have been the last of the input.
  if (state_ == State::kMore && chunks_.Next(&input).state == ParseState::kDone) state_ = State::kComplete;
  excess_ = input;
  *data = {start, size};
  return state_;
}

std::string BodyFramer::Missing() const {
  if (framing_ == BodyFraming::kLength) {
    return std::to_string(left_) + " of " + std::to_string(length_) + " bytes";
  }
  return "the last chunk";
}

}  // namespace portolan::http
