#pragma once

// What all pipelines over server-sent events have in common: cutting bytes into events. Internal to core/.

#include <string_view>

#include "server/core/stream_pipeline.h"
#include "server/http/sse.h"

namespace portolan::core {

class SseStream : public StreamPipeline {
 public:
  void Feed(std::string_view bytes, StreamBatch* batch) final;
  void End(StreamBatch* batch) final;

 protected:
  // A batch begins; what the last one pointed to is no longer needed.
  virtual void Begin() = 0;
  // `bytes` is what was fed, which the event's raw bytes may be part of. Sets batch->done or batch->error to
  // stop.
  virtual void TakeEvent(const http::SseEvent& event, std::string_view bytes, StreamBatch* batch) = 0;
  // The upstream ended right after this event, before its blank line. What was cut within an event is no
  // event; one that only lacks its blank line is taken, as SDKs do.
  virtual void TakeLast(const http::SseEvent& event, StreamBatch* batch) = 0;
  // The upstream has ended and nothing said so before: sets batch->done, or batch->error if something is
  // missing.
  virtual void Finish(StreamBatch* batch) = 0;
  // Adds what the events came to.
  virtual void Deliver(StreamBatch* batch) = 0;

 private:
  http::SseReader reader_;
};

// Whether the event is the one that ends a good stream. Blanks around its data do not count.
bool IsEndMarker(const http::SseEvent& event, std::string_view end);

}  // namespace portolan::core
