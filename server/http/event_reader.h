#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace portolan::http {

// One event of a stream, in whatever framing. Views are valid until the next call of the reader that gave it.
struct StreamEvent {
  std::string_view name;  // empty if it has none
  std::string_view data;
  std::string_view raw;  // its bytes as they came
  bool has_data = false;
};

// Cuts a byte stream into events, without I/O. Takes the bytes split in any way. Not thread-safe.
//
//   reader.Push(bytes);
//   while (reader.Next(&event) == EventReader::Result::kEvent) Use(event);
class EventReader {
 public:
  virtual ~EventReader() = default;

  // Hands in the next bytes, which must stay valid until Next() has returned kNeedMore.
  // REQUIRES: Next() has returned kNeedMore since the last Push().
  virtual void Push(std::string_view bytes) = 0;

  // kTooLarge and kBroken (the framing is not what it should be) are final.
  enum class Result : uint8_t { kEvent, kNeedMore, kTooLarge, kBroken };
  // Gives the next whole event.
  virtual Result Next(StreamEvent* event) = 0;

  // At the end of the stream: gives the unfinished event, where the framing allows for one. False if nothing
  // is pending, or the framing does not.
  virtual bool TakeLast(StreamEvent* event) = 0;

  // The number of bytes of the unfinished event; ask after kNeedMore. If it is not 0 at the end of the
  // stream, that was cut.
  virtual size_t pending() const = 0;
};

}  // namespace portolan::http
