#include "server/http/sse.h"

#include "server/http/text.h"

namespace portolan::http {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kKeptBuffer = 64 * 1024;

// Takes one line off the front of `*block`, without its end.
std::string_view TakeLine(std::string_view* block) {
  const char* const begin = block->data();
  const char* const end = begin + block->size();
  const char* const line_end = text::FindLineEnd(begin, end);
  const std::string_view line = block->substr(0, static_cast<size_t>(line_end - begin));
  size_t taken = line.size();
  if (taken < block->size()) taken += block->substr(taken).starts_with("\r\n") ? 2 : 1;
  block->remove_prefix(taken);
  return line;
}

}  // namespace

void SseReader::Push(std::string_view bytes) { input_ = bytes; }

SseReader::Result SseReader::Next(StreamEvent* event) {
  if (too_large_) return Result::kTooLarge;
  if (buffered_event_out_) {
    buffered_event_out_ = false;
    buffer_.clear();
    if (buffer_.capacity() > kKeptBuffer) buffer_.shrink_to_fit();
  }
  if (input_.empty()) return Result::kNeedMore;
  if (skip_lf_) {
    skip_lf_ = false;
    if (input_.front() == '\n') {
      *event = StreamEvent();
      event->raw = input_.substr(0, 1);
      input_.remove_prefix(1);
      return Result::kEvent;
    }
  }

  bool whole = false;
  const size_t size = FindBlockEnd(&whole);
  if (buffer_.size() + size > max_event_bytes_) {
    too_large_ = true;
    return Result::kTooLarge;
  }
  const std::string_view found = input_.substr(0, size);
  input_.remove_prefix(size);
  if (!whole) {
    buffer_.append(found);
    return Result::kNeedMore;
  }
  if (buffer_.empty()) {
    ParseBlock(found, event);
  } else {
    buffer_.append(found);
    buffered_event_out_ = true;
    ParseBlock(buffer_, event);
  }
  return Result::kEvent;
}

bool SseReader::TakeLast(StreamEvent* event) {
  if (pending() == 0) return false;
  // One line end for the last line, if it has none yet, and one for the blank line.
  for (int i = 0; i < 2; ++i) {
    Push("\n");
    if (Next(event) == Result::kEvent) return true;
  }
  return false;
}

size_t SseReader::FindBlockEnd(bool* whole) {
  const char* const begin = input_.data();
  const char* const end = begin + input_.size();
  const char* p = begin;
  while (p < end) {
    if (after_cr_) {
      after_cr_ = false;
      if (*p == '\n') {
        ++p;
        continue;
      }
    }
    if (line_start_ && (*p == '\n' || *p == '\r')) {
      const bool cr = *p++ == '\r';
      // A CR at the very end of what has arrived ends the event now: nobody should wait for a line end that
      // may never come. Should an LF follow, it belongs to this CR.
      if (cr && p == end) skip_lf_ = true;
      if (cr && p < end && *p == '\n') ++p;
      *whole = true;
      return static_cast<size_t>(p - begin);
    }
    line_start_ = false;
    p = text::FindLineEnd(p, end);
    if (p == end) break;
    after_cr_ = *p++ == '\r';
    line_start_ = true;
  }
  return input_.size();
}

void SseReader::ParseBlock(std::string_view block, StreamEvent* event) {
  *event = StreamEvent();
  event->raw = block;
  if (!started_) {
    started_ = true;
    if (block.starts_with(kByteOrderMark)) block.remove_prefix(kByteOrderMark.size());
  }
  bool joined = false;
  while (!block.empty()) {
    const std::string_view line = TakeLine(&block);
    const size_t colon = line.find(':');
    const std::string_view field = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") {
      event->name = value;
    } else if (field == "data" && !event->has_data) {
      event->data = value;
      event->has_data = true;
    } else if (field == "data") {
      if (!joined) data_.assign(event->data);
      joined = true;
      data_.push_back('\n');
      data_.append(value);
      event->data = data_;
    }
  }
}

bool IsIdleEvent(const StreamEvent& event) {
  if (event.name == "ping") return true;
  return !event.has_data && event.name.empty() && event.raw.starts_with(':');
}

void AppendSseData(std::string_view data, std::string* out) {
  out->append("data: ");
  out->append(data);
  out->append("\n\n");
}

}  // namespace portolan::http
