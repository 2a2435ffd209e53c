#pragma once

// Server-sent events (WHATWG HTML, section 9.2), without I/O.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/event_reader.h"

namespace portolan::http {

// Cuts a byte stream into events. Takes LF, CRLF and CR as line ends, a leading byte order mark, comments,
// and the bytes split in any way. Allocates only if an event is split over reads or has several data lines.
// Not thread-safe.
//
//   reader.Push(bytes);
//   while (reader.Next(&event) == SseReader::Result::kEvent) Use(event);
//
// The `raw` of all events and the pending bytes together are the bytes that were pushed. The events that have
// data or a name do not depend on how the bytes were split. If a CR and its LF arrive apart, the LF becomes
// an event of its own, without data.
class SseReader final : public EventReader {
 public:
  explicit SseReader(size_t max_event_bytes = 16u << 20) : max_event_bytes_(max_event_bytes) {}

  // Hands in the next bytes, which must stay valid until Next() has returned kNeedMore.
  // REQUIRES: Next() has returned kNeedMore since the last Push().
  void Push(std::string_view bytes) override;

  // Gives the next whole event. Comments alone, and blank lines, are events without data, so that their raw
  // bytes can be relayed. kTooLarge is final.
  Result Next(StreamEvent* event) override;

  // At the end of the stream: gives the unfinished event as if its blank line had come, as some servers stop
  // right after the last event's data. False if nothing is pending.
  bool TakeLast(StreamEvent* event) override;

  // The number of bytes of the unfinished event; ask after kNeedMore. If it is not 0 at the end of the
  // stream, that was cut.
  size_t pending() const override { return buffered_event_out_ ? 0 : buffer_.size(); }

 private:
  // How many bytes of input_ belong to the current block; *whole is set if its blank line is among them.
  size_t FindBlockEnd(bool* whole);
  void ParseBlock(std::string_view block, StreamEvent* event);

  size_t max_event_bytes_;
  std::string buffer_;               // bytes of the unfinished event from earlier pushes
  std::string data_;                 // joined data, where joining was needed
  std::string_view input_;           // what Next() has not looked at yet
  bool buffered_event_out_ = false;  // the event last given points into buffer_
  bool started_ = false;             // the first block, which may begin with a BOM, is done
  bool line_start_ = true;           // the next byte begins a line
  bool after_cr_ = false;            // the last line ended in CR: an LF that follows belongs to it
  bool skip_lf_ = false;             // the same for the CR that ended the last event
  bool too_large_ = false;
};

// Whether an event says only that the server is alive: it is named `ping`, whatever its data, or holds
// nothing but comments.
bool IsIdleEvent(const StreamEvent& event);

// Appends `data: …\n\n`. REQUIRES: `data` holds no line ends, as JSON without layout does not.
void AppendSseData(std::string_view data, std::string* out);

}  // namespace portolan::http
