#pragma once

// Newline-delimited JSON (the media type application/x-ndjson): one value a line. Without I/O.

#include <cstddef>
#include <string>
#include <string_view>

#include "server/http/event_reader.h"

namespace portolan::http {

// Cuts a byte stream into lines, each of which is an event whose data is the line without the white space of
// JSON around it, its end (LF or CRLF) included. Blank lines are events without data. Whether a line is JSON
// is not looked at. Allocates only if a line is split over reads. Not thread-safe.
//
// The `raw` of all events and the pending bytes together are the bytes that were pushed, and the events do
// not depend on how these were split.
class NdjsonReader final : public EventReader {
 public:
  explicit NdjsonReader(size_t max_event_bytes = 16u << 20) : max_event_bytes_(max_event_bytes) {}

  void Push(std::string_view bytes) override { input_ = bytes; }
  Result Next(StreamEvent* event) override;
  // Gives the last line, which may lack its end.
  bool TakeLast(StreamEvent* event) override;
  size_t pending() const override { return line_out_ ? 0 : line_.size(); }

 private:
  const size_t max_event_bytes_;
  std::string line_;        // bytes of the unfinished line from earlier pushes
  std::string_view input_;  // what Next() has not looked at yet
  bool line_out_ = false;   // the event last given points into line_
  bool too_large_ = false;
};

}  // namespace portolan::http
