#pragma once

// From the bytes of an upstream's stream to what the caller is to see, without I/O: it can be fed byte by
// byte on a table. One pipeline per call.
//
//   read from upstream ──► Feed ──► batch ──► written to the caller, then the next read: that is the
//   back-pressure

#include <google/protobuf/arena.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/provider.h"
#include "server/base/error.h"
#include "server/core/call.h"
#include "server/core/scan.h"

namespace portolan::core {

// What one read of the upstream comes to. Its views are valid until the pipeline is fed again.
struct StreamBatch {
  std::vector<std::string_view> pieces;    // REST: bytes of whole SSE events
  std::vector<std::string_view> messages;  // gRPC: chunks in wire format
  bool done = false;                       // the stream is complete, its end marker is among the pieces
  std::optional<Error> error;              // the stream has failed; after what stands above
  bool empty() const { return pieces.empty() && messages.empty(); }
  // Keeps the vectors' memory for the next read.
  void Clear() {
    pieces.clear();
    messages.clear();
    done = false;
    error.reset();
  }
};

// The chunks of one batch in wire format, one behind the other.
class WireChunks {
 public:
  void Clear() {
    bytes_.clear();
    ends_.clear();
  }
  // A chunk is appended here, then closed.
  std::string* bytes() { return &bytes_; }
  void Close() { ends_.push_back(bytes_.size()); }
  void AddTo(StreamBatch* batch) const {
    for (size_t i = 0, begin = 0; i < ends_.size(); begin = ends_[i++]) {
      batch->messages.push_back(std::string_view(bytes_).substr(begin, ends_[i] - begin));
    }
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

// What is learnt on the way, for the log and the metrics.
struct StreamFacts {
  TokenUsage usage;
  std::string finish_reason;
  bool content_seen = false;
  // An error event of the provider that was passed on as it came; the stream ends as the upstream ends it.
  std::optional<Error> passed_error;
  bool status_told = false;  // it says itself which status it has
  std::string error_body;    // its data, as it came
};

class StreamPipeline {
 public:
  virtual ~StreamPipeline() = default;
  // Takes the next bytes, which must stay valid until the batch has been written.
  virtual void Feed(std::string_view bytes, StreamBatch* batch) = 0;
  // The upstream ended in good framing.
  virtual void End(StreamBatch* batch) = 0;

  StreamFacts facts;
};

// The upstream speaks the hub's dialect. For REST its bytes are passed on, event by event, as they came; for
// gRPC each event is decoded.
std::unique_ptr<StreamPipeline> NewHubStream(const OperationSpec& operation, const providers::Target& target,
                                             bool typed);

// The upstream speaks a dialect that `translator` knows. `events` is the plan of its event type.
std::unique_ptr<StreamPipeline> NewTranslatedStream(const OperationSpec& operation,
                                                    const providers::Translator& translator,
                                                    const codec::MessagePlan& events,
                                                    const providers::CallFacts& call, bool typed);

// Reads usage and finish reason off a typed chunk or answer of the hub.
void ScanMessage(const google::protobuf::Message& message, TokenUsage* usage, ChoiceTracker* choices,
                 ScanResult* result);

// True if a typed chat request speaks of thinking or holds ordered blocks: its answer is to hold blocks too.
bool UsesBlocks(const google::protobuf::Message& request);

// An error of a stream that ended before it was complete.
Error TruncatedStream();
Error InvalidEvent(std::string_view problem);

}  // namespace portolan::core
