#pragma once

// The framing of streams from AWS (application/vnd.amazon.eventstream), without I/O.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html has its description.
//
//   total length (4) | length of headers (4) | CRC of both (4) | headers | payload | CRC of all that (4)
//
// Numbers are big-endian, CRCs are those of IEEE 802.3. A header is the length of its name (1), the name, the
// type of its value (1), and the value; texts have their length before them (2).

#include <string>

#include "server/http/event_reader.h"

namespace portolan::http {

// A message as it is framed. Views are valid until the next call of the reader that gave it.
struct AwsMessage {
  enum class Kind : uint8_t { kEvent, kException, kError };
  Kind kind = Kind::kEvent;
  std::string_view raw;
  // Its `:event-type`; of an exception its `:exception-type`; of an error its `:error-code`.
  std::string_view name;
  std::string_view payload;
  std::string_view error_message;  // of an error, which has no payload
};

// Cuts a stream into messages and checks both CRCs of each. A message becomes an event:
//
//   - `name` is that of the message;
//   - `data` is a JSON object whose only member has that name and the payload as its value, like the types of
//     AWS's SDKs: `{"contentBlockDelta":{…}}`. An error has no payload, only its `:error-message`:
//     `{"internalServerError":{"message":"…"}}`.
//
// A payload that is not JSON makes `data` that is not JSON either. Not thread-safe.
class AwsEventReader final : public EventReader {
 public:
  explicit AwsEventReader(size_t max_message_bytes = 16u << 20) : max_message_bytes_(max_message_bytes) {}

  void Push(std::string_view bytes) override;
  // kBroken: a length or a CRC is wrong, or a header cannot be read.
  Result Next(StreamEvent* event) override;
  // The same, as it is framed. `message` is set if there is one (kEvent).
  Result NextMessage(AwsMessage* message);
  // A message that was cut is none.
  bool TakeLast(StreamEvent*) override { return false; }
  size_t pending() const override { return buffer_.size(); }

 private:
  Result Parse(std::string_view bytes, AwsMessage* message);

  const size_t max_message_bytes_;
  std::string buffer_;  // of the message that has not come whole
  std::string_view input_;
  std::string taken_;  // the message last given, if it came in pieces
  std::string data_;
  bool failed_ = false;
};

}  // namespace portolan::http
