#include <algorithm>

#include "server/base/text.h"
#include "server/http/message.h"
#include "server/http/text.h"

namespace portolan::http {
namespace {

constexpr uint32_t kMaxSizeDigits = 15;  // what fits into 64 bits with room to spare
constexpr uint32_t kMaxExtensionBytes = 1024;
constexpr uint32_t kMaxTrailerBytes = 16 * 1024;

}  // namespace

ChunkedDecoder::Piece ChunkedDecoder::Next(std::string_view* input) {
  while (!input->empty() || state_ == State::kEnd) {
    if (state_ == State::kEnd) return {ParseState::kDone, {}};
    if (state_ == State::kData) {
      const size_t size = static_cast<size_t>(std::min<uint64_t>(left_, input->size()));
      const std::string_view data = input->substr(0, size);
      input->remove_prefix(size);
      left_ -= size;
      if (left_ == 0) state_ = State::kDataCr;
      return {ParseState::kNeedMore, data};
    }
    const char* const problem = Step(input->front());
    if (problem != nullptr) return {ParseState::kError, {}, problem};
    input->remove_prefix(1);
  }
  return {ParseState::kNeedMore, {}};
}

const char* ChunkedDecoder::Step(char c) {
  switch (state_) {
    case State::kSize:
      return SizeByte(c);
    case State::kBlank:
      if (IsBlank(c)) return CountExtensionByte();
      if (c != ';') return "a bad character after a chunk's size";
      state_ = State::kExtension;
      return nullptr;
    case State::kExtension:
      if (c == '\r') {
        state_ = State::kSizeLf;
        return nullptr;
      }
      if (c == '"') {
        state_ = State::kQuoted;
      } else if (!text::IsToken(c) && !IsBlank(c) && c != '=' && c != ';') {
        // A bare LF here is what lets "chunk extension" smuggling work.
        return "a bad character in a chunk extension";
      }
      return CountExtensionByte();
    case State::kQuoted:
      // Other parsers differ on where a quoted text with escapes, or without its end, leaves off.
      if (!text::IsValueByte(c) || c == '\\') return "a bad character in a chunk extension's text";
      if (c == '"') state_ = State::kExtension;
      return CountExtensionByte();
    case State::kSizeLf:
      if (c != '\n') return "a chunk's size line does not end in CR LF";
      state_ = left_ == 0 ? State::kTrailer : State::kData;
      line_bytes_ = 0;
      return nullptr;
    case State::kDataCr:
      if (c != '\r') return "a chunk's data is longer than its size";
      state_ = State::kDataLf;
      return nullptr;
    case State::kDataLf:
      if (c != '\n') return "a chunk's data does not end in CR LF";
      state_ = State::kSize;
      digits_ = 0;
      left_ = 0;
      line_bytes_ = 0;
      return nullptr;
    default:
      return TrailerByte(c);
  }
}

const char* ChunkedDecoder::SizeByte(char c) {
  const int digit = HexValue(c);
  if (digit >= 0) {
    if (++digits_ > kMaxSizeDigits) return "a chunk's size is too large";
    left_ = left_ * 16 + static_cast<uint64_t>(digit);
    return nullptr;
  }
  if (digits_ == 0) return "a chunk without a size";
  if (c == '\r') {
    state_ = State::kSizeLf;
  } else if (c == ';') {
    state_ = State::kExtension;
  } else if (IsBlank(c)) {
    state_ = State::kBlank;
  } else {
    return "a bad character in a chunk's size";
  }
  return nullptr;
}

const char* ChunkedDecoder::CountExtensionByte() {
  return ++line_bytes_ > kMaxExtensionBytes ? "a chunk extension is too long" : nullptr;
}

const char* ChunkedDecoder::TrailerByte(char c) {
  switch (state_) {
    case State::kTrailer:  // at the start of a line
      if (c == '\r') {
        state_ = State::kEndLf;
        return nullptr;
      }
      if (!text::IsToken(c)) return "a bad trailer line";
      state_ = State::kTrailerLine;
      [[fallthrough]];
    case State::kTrailerLine:
      if (++line_bytes_ > kMaxTrailerBytes) return "the trailer is too large";
      if (c == '\r') {
        state_ = State::kTrailerLf;
        return nullptr;
      }
      return text::IsValueByte(c) ? nullptr : "a control character in the trailer";
    case State::kTrailerLf:
      if (c != '\n') return "a bare CR in the trailer";
      state_ = State::kTrailer;
      return nullptr;
    default:  // kEndLf
      if (c != '\n') return "the chunked body does not end in CR LF";
      state_ = State::kEnd;
      return nullptr;
  }
}

}  // namespace portolan::http
