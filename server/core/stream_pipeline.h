#pragma once

// Turns the bytes of an upstream's stream into what the caller is to see, without I/O, so that a test can
// feed it byte by byte. One pipeline per call; not thread-safe.
//
//   read from upstream ──► Feed ──► batch ──► written to the caller ──► next read
//
// The next read waits until the batch has been written, which is the back-pressure.

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

// What one read of the upstream becomes. Its views are valid until the pipeline is fed again.
struct StreamBatch {
  std::vector<std::string_view> pieces;    // REST: bytes of whole SSE events
  std::vector<std::string_view> messages;  // gRPC: chunks in wire format
  bool done = false;                       // the stream is complete, with its end marker among the pieces
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

// The chunks of one batch in wire format, one after the other.
class WireChunks {
 public:
  void Clear() {
    bytes_.clear();
    ends_.clear();
  }
  // Append a chunk here, then call Close().
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

// What is learnt from a stream, for the log and the metrics.
struct StreamFacts {
  std::string finish_reason;
  bool content_seen = false;
  // There is content, though it may be held back still.
  bool begun = false;
  // The stream has come to its end, and before that leaves somebody is to be asked: Settle() is next.
  bool needs_answers = false;
  // An error event of the provider that was passed on as it came; the stream ends as the upstream ends it.
  std::optional<Error> passed_error;
  // Its text, which can be the body of an error answer if nothing has been passed on yet; may be empty.
  std::string error_body;
};

class StreamPipeline {
 public:
  virtual ~StreamPipeline() = default;
  // Takes the next bytes, which must stay valid until the batch has been written.
  virtual void Feed(std::string_view bytes, StreamBatch* batch) = 0;
  // The upstream ended in good framing.
  virtual void End(StreamBatch* batch) = 0;
  // REQUIRES: facts.needs_answers. Waits for the answers and puts what leaves then into *batch, which is
  // empty.
  virtual net::Task<void> Settle(StreamBatch* /*batch*/) { co_return; }
  // The tokens reported so far, even if the stream is not complete.
  virtual TokenUsage usage() const = 0;

  StreamFacts facts;
};

// The comment sent for each sign of life of a provider that has nothing to say yet. Nothing else would show
// the caller, and proxies on the way, that the connection is alive.
inline constexpr std::string_view kPingComment = ": ping\n\n";

// The stream of a provider.
struct StreamSource {
  const providers::Form& form;
  const FormPlan& plan;
  const providers::Target& target;
};

// A pipeline for providers that speak the caller's dialect. For REST it passes the bytes on as they came,
// event by event; for gRPC (`typed`) it decodes each event. `hide_usage`: the chunk that holds only the usage
// is not passed on, as the gateway asked for it and not the caller.
std::unique_ptr<StreamPipeline> NewRelayStream(const OperationSpec& operation,
                                               const providers::Target& target, bool typed,
                                               bool hide_usage = false);

// A pipeline from the provider's dialect to the hub's, and on to the caller's. `typed`: it gives the hub's
// chunks in wire format. What `call` views must outlive it.
std::unique_ptr<StreamPipeline> NewMappedStream(const OperationSpec& operation, const StreamSource& source,
                                                const providers::CallFacts& call, bool typed);

// Reads usage and finish reason off a typed chunk or answer of the hub.
void ScanMessage(const google::protobuf::Message& message, TokenUsage* usage, ChoiceTracker* choices,
                 ScanResult* result);

// Whether a typed chat request mentions thinking or holds ordered blocks, so that its answer must hold blocks
// too.
bool UsesBlocks(const google::protobuf::Message& request);

// Whether a typed request for embeddings wants them in base64.
bool WantsBase64(const google::protobuf::Message& request);

// The error for a stream that ended before it was complete.
Error TruncatedStream();
// The error for a stream that held only its end marker.
Error EmptyStream();
Error InvalidEvent(std::string_view problem);

}  // namespace portolan::core
