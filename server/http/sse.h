#pragma once

// Server-sent events (WHATWG HTML, section 9.2), without I/O.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::http {

// One event. Views are valid until the next call of the reader that gave it.
struct SseEvent {
  std::string_view name;  // of the `event` field; empty if there was none
  std::string_view data;  // `data` lines joined with LF
  std::string_view raw;   // the bytes of the event as they came, its blank line included; comments that came
                          // before it too
  bool has_data = false;
};

// Cuts a byte stream into events. Takes LF, CRLF and CR line ends, a leading BOM, comments, any split of the
// bytes. Allocates only when an event is split over reads or has several data lines.
//
//   reader.Push(bytes);
//   while (reader.Next(&event) == SseReader::Result::kEvent) Use(event);
//
// The `raw` of all events and the pending bytes, put together, are the bytes that were pushed. Whatever the
// split, the events with data or a name are the same; only where a CR and its LF arrive apart does the LF
// come as an event of its own, with no data.
class SseReader {
 public:
  explicit SseReader(size_t max_event_bytes = 16u << 20) : max_event_bytes_(max_event_bytes) {}

  // Hands in the next bytes, which must stay valid until the last Next() that follows.
  // REQUIRES: Next() has returned kNeedMore since the last Push().
  void Push(std::string_view bytes);

  enum class Result { kEvent, kNeedMore, kTooLarge };
  // The next whole event. Blocks of nothing but comments, and blank lines, are events without data (their raw
  // bytes can be relayed). kTooLarge is final.
  Result Next(SseEvent* event);

  // At the end of the stream: the event that is not whole yet, as if its blank line had come. Some servers
  // stop right after the last event's data. False if nothing is pending.
  bool TakeLast(SseEvent* event);

  // Bytes of an event that is not whole yet; ask after kNeedMore. Not zero at the end of the stream: it was
  // cut.
  size_t pending() const { return buffered_event_out_ ? 0 : buffer_.size(); }

 private:
  // How much of input_ belongs to the current block; *whole if its blank line is there.
  size_t FindBlockEnd(bool* whole);
  void ParseBlock(std::string_view block, SseEvent* event);

  size_t max_event_bytes_;
  std::string buffer_;               // bytes of the unfinished event from earlier pushes
  std::string data_;                 // joined data, where joining was needed
  std::string_view input_;           // what Next() has not looked at yet
  bool buffered_event_out_ = false;  // the event last given points into buffer_
  bool started_ = false;             // the first block, which may begin with a BOM, is done
  bool line_start_ = true;           // the next byte begins a line
  bool after_cr_ = false;            // the last line ended in CR: an LF belongs to it
  bool skip_lf_ = false;             // the same, of the CR that ended the last event
  bool too_large_ = false;
};

// Whether an event says nothing but that the server is alive: one named `ping`, whatever its data, or a block
// of comments alone.
bool IsIdleEvent(const SseEvent& event);

// Appends `data: …\n\n`. `data` must hold no line ends (JSON without layout does not).
void AppendSseData(std::string_view data, std::string* out);

}  // namespace portolan::http
