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
  std::string_view raw;   // the bytes of the event as they came, its blank line included; comments that came before
                          // it too
  bool has_data = false;
};

// Cuts a byte stream into events. Takes LF, CRLF and CR line ends, a leading BOM, comments, any split of the bytes.
// Allocates only when an event is split over reads or has several data lines.
class SseReader {
 public:
  explicit SseReader(size_t max_event_bytes = 16u << 20) : max_event_bytes_(max_event_bytes) {}

  // Hands in the next bytes, which must stay valid until the last Next() that follows.
  void Push(std::string_view bytes);

  enum class Result { kEvent, kNeedMore, kTooLarge };
  // The next whole event. Blocks of nothing but comments are events without data (their raw bytes can be relayed).
  Result Next(SseEvent* event);

  // Bytes of an event that is not whole yet. Not zero at the end of the stream: the stream was cut.
  size_t pending() const;

 private:
  size_t max_event_bytes_;
  std::string buffer_;       // bytes of the unfinished event from earlier pushes
  std::string data_;         // joined data, where joining was needed
  std::string_view input_;   // what Next() has not looked at yet
  bool buffered_event_out_ = false;
  bool started_ = false;
  bool skip_lf_ = false;
  size_t scanned_ = 0;
};

// Appends `data: …\n\n`. `data` must hold no line ends (JSON without layout does not).
void AppendSseData(std::string_view data, std::string* out);

}  // namespace portolan::http
