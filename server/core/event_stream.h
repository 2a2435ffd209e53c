#pragma once

// What all pipelines have in common: cutting bytes into events. Internal to core/.

#include <memory>
#include <string_view>

#include "server/core/stream_pipeline.h"
#include "server/http/event_reader.h"
#include "server/http/sse.h"

namespace portolan::core {

class EventStream : public StreamPipeline {
 public:
  explicit EventStream(providers::Framing framing);
  void Feed(std::string_view bytes, StreamBatch* batch) final;
  void End(StreamBatch* batch) final;

 protected:
  // A batch begins; what the last one pointed to is no longer needed.
  virtual void Begin() = 0;
  // `bytes` is what was fed, which the event's raw bytes may be part of. Sets batch->done or batch->error to
  // stop.
  virtual void TakeEvent(const http::StreamEvent& event, std::string_view bytes, StreamBatch* batch) = 0;
  // The upstream ended within this event. One that was cut is no event; one that only lacks its blank line is
  // taken, as SDKs do.
  virtual void TakeLast(const http::StreamEvent& event, StreamBatch* batch) = 0;
  // The upstream has ended and nothing said so before: sets batch->done, or batch->error if something is
  // missing.
  virtual void Finish(StreamBatch* batch) = 0;
  // Adds what the events came to.
  virtual void Deliver(StreamBatch* batch) = 0;

 private:
  http::SseReader sse_;
  const std::unique_ptr<http::EventReader> other_;  // null: server-sent events
  http::EventReader& reader_;
};

// Whether the event is the one that ends a good stream. Blanks around its data do not count.
bool IsEndMarker(const http::StreamEvent& event, std::string_view end);

}  // namespace portolan::core
