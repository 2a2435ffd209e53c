#include <utility>

#include "providers/classify.h"
#include "server/base/text.h"
#include "server/core/answer_form.h"
#include "server/core/chunk_scanner.h"
#include "server/core/error_body.h"
#include "server/core/stream_pipeline.h"
#include "server/http/sse.h"

namespace portolan::core {
namespace {

constexpr std::string_view kDataPrefix = "data: ";
constexpr std::string_view kEventEnd = "\n\n";
constexpr std::string_view kLineEnd = "\n";
// No end marker is as long, with blanks around it or without: nothing larger is looked at closely.
constexpr size_t kLongestMarker = 64;

class HubStream final : public StreamPipeline {
 public:
  HubStream(const OperationSpec& operation, const providers::Target& target, bool typed, bool hide_usage)
      : operation_(operation), target_(target), typed_(typed), hide_usage_(hide_usage) {}

  void Feed(std::string_view bytes, StreamBatch* batch) override {
    wires_.Clear();
    relayed_ = {};
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
    wires_.AddTo(batch);
    EndRun(batch);
    if (batch->done && half_line_end_) batch->pieces.push_back(kLineEnd);
  }

  void End(StreamBatch* batch) override {
    wires_.Clear();
    relayed_ = {};
    if (reader_.pending() != 0) CloseLastEvent(batch);
    wires_.AddTo(batch);
    EndRun(batch);
    if (batch->done || batch->error) return;
    if (facts.passed_error) {
      batch->done = true;
    } else if (choices_.complete()) {
      // Some compatible servers leave the end marker out; a caller may wait for it.
      AddEndMarker(batch);
      batch->done = true;
    } else {
      batch->error = TruncatedStream();
    }
  }

  TokenUsage usage() const override { return usage_; }

 private:
  void TakeEvent(const http::SseEvent& event, std::string_view bytes, StreamBatch* batch) {
    if (IsEndMarker(event)) return TakeEndMarker(event, bytes, batch);
    if (event.name == "ping") {
      // SDKs would take its data for a chunk.
      EndRun(batch);
      if (!typed_) batch->pieces.push_back(kPingComment);
      return;
    }
    if (event.has_data && !event.data.empty() && !TakeData(event.data, batch)) return EndRun(batch);
    if (!typed_) Relay(event.raw, bytes, batch);
  }

  bool IsEndMarker(const http::SseEvent& event) const {
    // Blanks around it do not count.
    return event.has_data && event.data.size() < kLongestMarker && TrimBlanks(event.data) == operation_.done;
  }

  void TakeEndMarker(const http::SseEvent& event, std::string_view bytes, StreamBatch* batch) {
    if (!data_seen_) {
      batch->error = EmptyStream();
      return;
    }
    batch->done = true;
    if (typed_) return;
    if (event.data != operation_.done) {
      // SDKs want it without the blanks.
      EndRun(batch);
      return AddEndMarker(batch);
    }
    // The reader ends an event at a CR and gives its LF later, which would be dropped with all that follows.
    half_line_end_ = event.raw.ends_with('\r') && event.raw.find("\r\n") != std::string_view::npos;
    Relay(event.raw, bytes, batch);
  }

  void AddEndMarker(StreamBatch* batch) const {
    if (!typed_) batch->pieces.insert(batch->pieces.end(), {kDataPrefix, operation_.done, kEventEnd});
  }

  // What was cut within an event is no event; one that only lacks its blank line is taken, as SDKs do.
  void CloseLastEvent(StreamBatch* batch) {
    http::SseEvent event;
    TokenUsage usage;
    ChoiceTracker choices;
    if (reader_.TakeLast(&event) && event.has_data &&
        (IsEndMarker(event) || event.name == "ping" || ScanAnswer(event.data, &usage, &choices).is_object)) {
      TakeEvent(event, {}, batch);
    } else if (!facts.passed_error) {
      batch->error = TruncatedStream();
    }
  }

  // False if the event goes no further: it ends the stream with an error, or is not for the caller.
  bool TakeData(std::string_view data, StreamBatch* batch) {
    const ScanResult scan = scanner_.Scan(data, &usage_, &choices_);
    if (!scan.is_object) {
      batch->error = InvalidEvent("an event is not a JSON object");
      return false;
    }
    data_seen_ = true;
    facts.content_seen |= scan.has_content;
    if (!scan.finish_reason.empty()) facts.finish_reason = scan.finish_reason;
    if (scan.has_error) {
      const int status = providers::StatusInError(data, 502);
      Error error = target_.provider->Classify(status, {}, data, target_);
      if (IsOpenAiError(data)) facts.error_body = data;
      if (typed_) {
        batch->error = std::move(error);
        return false;
      }
      facts.passed_error = std::move(error);
    } else if (hide_usage_ && scan.only_usage) {
      return false;
    } else if (typed_) {
      return Decode(data, batch);
    }
    return true;
  }

  bool Decode(std::string_view data, StreamBatch* batch) {
    codec::DecodeError problem;
    if (!codec::DecodeToWire(*operation_.chunk, data, {.strictness = codec::Strictness::kResponse},
                             wires_.bytes(), &problem)) {
      batch->error = InvalidEvent(problem.problem);
      return false;
    }
    wires_.Close();
    return true;
  }

  // Neighbouring events leave as one piece, a run. An event that began in an earlier read stands in the
  // reader's own buffer, which the next event may reuse, so it is kept here.
  void Relay(std::string_view raw, std::string_view bytes, StreamBatch* batch) {
    if (!std::exchange(begun_, true) && raw.starts_with(kByteOrderMark)) {
      raw.remove_prefix(kByteOrderMark.size());
    }
    const bool inside = raw.data() >= bytes.data() && raw.data() + raw.size() <= bytes.data() + bytes.size();
    if (!inside) {
      held_.assign(raw);
      batch->pieces.push_back(held_);
    } else if (relayed_.empty()) {
      relayed_ = raw;
    } else {
      relayed_ = {relayed_.data(), static_cast<size_t>(raw.data() + raw.size() - relayed_.data())};
    }
  }

  // What is relayed next does not follow what was relayed last.
  void EndRun(StreamBatch* batch) {
    if (!relayed_.empty()) batch->pieces.push_back(relayed_);
    relayed_ = {};
  }

  const OperationSpec& operation_;
  const providers::Target& target_;
  const bool typed_;
  const bool hide_usage_;
  http::SseReader reader_;
  ChunkScanner scanner_;
  ChoiceTracker choices_;
  TokenUsage usage_;
  bool begun_ = false;  // something has been relayed; before it a byte order mark may stand
  bool data_seen_ = false;
  bool half_line_end_ = false;  // the end marker's last line end was cut between CR and LF
  std::string held_;
  std::string_view relayed_;  // the run so far
  WireChunks wires_;
};

}  // namespace

Error TruncatedStream() {
  Error error;
  error.error_class = ErrorClass::kProvider;
  error.http_status = 502;
  error.code = "upstream_truncated";
  error.transport = true;
  error.message = "the provider's stream ended before its answer was complete";
  error.retryable = true;
  return error;
}

Error EmptyStream() {
  Error error = TruncatedStream();
  error.code = "upstream_empty_answer";
  error.message = "the provider's stream has nothing but its end marker";
  return error;
}

Error InvalidEvent(std::string_view problem) {
  Error error;
  error.error_class = ErrorClass::kProvider;
  error.http_status = 502;
  error.code = "upstream_invalid_answer";
  error.transport = true;
  error.message = "the provider's stream cannot be understood: " + std::string(problem);
  error.retryable = true;
  return error;
}

std::unique_ptr<StreamPipeline> NewHubStream(const OperationSpec& operation, const providers::Target& target,
                                             bool typed, bool hide_usage) {
  return std::make_unique<HubStream>(operation, target, typed, hide_usage);
}

}  // namespace portolan::core
