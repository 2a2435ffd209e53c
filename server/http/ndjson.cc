#include "server/http/ndjson.h"

#include <algorithm>

#include "server/base/text.h"

namespace portolan::http {
namespace {

constexpr size_t kKeptBuffer = 64 * 1024;

StreamEvent EventOf(std::string_view raw) {
  const std::string_view data = TrimSpace(raw);
  return {.name = {}, .data = data, .raw = raw, .has_data = !data.empty()};
}

}  // namespace

NdjsonReader::Result NdjsonReader::Next(StreamEvent* event) {
  if (too_large_) return Result::kTooLarge;
  if (line_out_) {
    line_out_ = false;
    line_.clear();
    if (line_.capacity() > kKeptBuffer) line_.shrink_to_fit();
  }
  if (input_.empty()) return Result::kNeedMore;
  const size_t end = input_.find('\n');
  const size_t size = end == std::string_view::npos ? input_.size() : end + 1;
  if (line_.size() + size > max_event_bytes_) {
    too_large_ = true;
    return Result::kTooLarge;
  }
  const std::string_view found = input_.substr(0, size);
  input_.remove_prefix(size);
  if (end == std::string_view::npos) {
    line_.append(found);
    return Result::kNeedMore;
  }
  if (line_.empty()) {
    *event = EventOf(found);
    return Result::kEvent;
  }
  line_.append(found);
  line_out_ = true;
  *event = EventOf(line_);
  return Result::kEvent;
}

bool NdjsonReader::TakeLast(StreamEvent* event) {
  if (pending() == 0) return false;
  line_out_ = true;
  *event = EventOf(line_);
  return true;
}

}  // namespace portolan::http
