#include "server/core/event_stream.h"

#include "providers/classify.h"
#include "server/base/text.h"
#include "server/http/aws_event_stream.h"
#include "server/http/ndjson.h"

namespace portolan::core {
namespace {

// No end marker is as long, with blanks around it or without: nothing larger is looked at closely.
constexpr size_t kLongestMarker = 64;

// Null for server-sent events.
std::unique_ptr<http::EventReader> NewReader(providers::Framing framing) {
  switch (framing) {
    case providers::Framing::kSse:
    case providers::Framing::kAwsPayload:  // whose framing is off before: see aws_payload.h
      return nullptr;
    case providers::Framing::kAwsEventStream:
      return std::make_unique<http::AwsEventReader>();
    case providers::Framing::kNdjson:
      return std::make_unique<http::NdjsonReader>();
  }
  return nullptr;
}

}  // namespace

EventStream::EventStream(providers::Framing framing)
    : other_(NewReader(framing)), reader_(other_ == nullptr ? sse_ : *other_) {}

void EventStream::Feed(std::string_view bytes, StreamBatch* batch) {
  Begin();
  reader_.Push(bytes);
  http::StreamEvent event;
  while (!batch->done && !batch->error) {
    const auto result = reader_.Next(&event);
    if (result == http::EventReader::Result::kNeedMore) break;
    if (result != http::EventReader::Result::kEvent) {
      const bool too_large = result == http::EventReader::Result::kTooLarge;
      batch->error =
          InvalidEvent(too_large ? "an event is larger than the gateway's limit" : "its framing is broken");
      break;
    }
    TakeEvent(event, bytes, batch);
  }
  Deliver(batch);
}

void EventStream::End(StreamBatch* batch) {
  Begin();
  if (http::StreamEvent event; reader_.pending() != 0) {
    if (reader_.TakeLast(&event)) {
      TakeLast(event, batch);
    } else {
      batch->error = TruncatedStream();
    }
  }
  if (!batch->done && !batch->error) Finish(batch);
  Deliver(batch);
}

bool IsEndMarker(const http::StreamEvent& event, std::string_view end) {
  return !end.empty() && event.has_data && event.data.size() < kLongestMarker &&
         TrimBlanks(event.data) == end;
}

Error TruncatedStream() {
  return providers::BrokenAnswer("upstream_truncated",
                                 "the provider's stream ended before its answer was complete");
}

Error EmptyStream() {
  return providers::BrokenAnswer("upstream_empty_answer",
                                 "the provider's stream has nothing but its end marker");
}

Error InvalidEvent(std::string_view problem) {
  return providers::BrokenAnswer("upstream_invalid_answer",
                                 "the provider's stream cannot be understood: " + std::string(problem));
}

}  // namespace portolan::core
