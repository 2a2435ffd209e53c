#include "server/core/sse_stream.h"

#include "server/base/text.h"

namespace portolan::core {
namespace {

// No end marker is as long, with blanks around it or without: nothing larger is looked at closely.
constexpr size_t kLongestMarker = 64;

Error BrokenStream(std::string code, std::string message) {
  Error error;
  error.error_class = ErrorClass::kProvider;
  error.http_status = 502;
  error.code = std::move(code);
  error.transport = true;
  error.message = std::move(message);
  error.retryable = true;
  return error;
}

}  // namespace

void SseStream::Feed(std::string_view bytes, StreamBatch* batch) {
  Begin();
  reader_.Push(bytes);
  http::SseEvent event;
  while (!batch->done && !batch->error) {
    const auto result = reader_.Next(&event);
    if (result == http::SseReader::Result::kNeedMore) break;
    if (result == http::SseReader::Result::kTooLarge) {
      batch->error = InvalidEvent("an event is larger than the gateway's limit");
      break;
    }
    TakeEvent(event, bytes, batch);
  }
  Deliver(batch);
}

void SseStream::End(StreamBatch* batch) {
  Begin();
  if (http::SseEvent event; reader_.pending() != 0) {
    if (reader_.TakeLast(&event)) TakeLast(event, batch);
  }
  if (!batch->done && !batch->error) Finish(batch);
  Deliver(batch);
}

bool IsEndMarker(const http::SseEvent& event, std::string_view end) {
  return !end.empty() && event.has_data && event.data.size() < kLongestMarker &&
         TrimBlanks(event.data) == end;
}

Error TruncatedStream() {
  return BrokenStream("upstream_truncated", "the provider's stream ended before its answer was complete");
}

Error EmptyStream() {
  return BrokenStream("upstream_empty_answer", "the provider's stream has nothing but its end marker");
}

Error InvalidEvent(std::string_view problem) {
  return BrokenStream("upstream_invalid_answer",
                      "the provider's stream cannot be understood: " + std::string(problem));
}

}  // namespace portolan::core
