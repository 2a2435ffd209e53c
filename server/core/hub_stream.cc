#include "providers/classify.h"
#include "server/core/chunk_scanner.h"
#include "server/core/stream_pipeline.h"
#include "server/http/sse.h"

namespace portolan::core {
namespace {

constexpr std::string_view kDataPrefix = "data: ";
constexpr std::string_view kEventEnd = "\n\n";
constexpr std::string_view kLineEnd = "\n";

class HubStream final : public StreamPipeline {
 public:
  HubStream(const OperationSpec& operation, const providers::Target& target, bool typed)
      : operation_(operation), target_(target), typed_(typed) {}

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
    if (!relayed_.empty()) batch->pieces.push_back(relayed_);
    if (batch->done && half_line_end_) batch->pieces.push_back(kLineEnd);
  }

  void End(StreamBatch* batch) override {
    wires_.Clear();
    if (reader_.pending() != 0) CloseLastEvent(batch);
    wires_.AddTo(batch);
    if (batch->done || batch->error) return;
    if (facts.passed_error) {
      batch->done = true;
    } else if (choices_.complete()) {
      // Some compatible servers leave the end marker out; a caller may wait for it.
      if (!typed_) batch->pieces.insert(batch->pieces.end(), {kDataPrefix, operation_.done, kEventEnd});
      batch->done = true;
    } else {
      batch->error = TruncatedStream();
    }
  }

 private:
  void TakeEvent(const http::SseEvent& event, std::string_view bytes, StreamBatch* batch) {
    if (event.data == operation_.done && event.has_data) {
      batch->done = true;
      // The reader ends an event at a CR and gives its LF later, which would be dropped with all that
      // follows.
      half_line_end_ =
          !typed_ && event.raw.ends_with('\r') && event.raw.find("\r\n") != std::string_view::npos;
    } else if (event.has_data && !event.data.empty() && !TakeData(event.data, batch)) {
      return;
    }
    if (!typed_) Relay(event.raw, bytes, batch);
  }

  // Some servers stop right after the last event's data, without its blank line. SDKs take such an event if
  // it is whole, and so does this.
  void CloseLastEvent(StreamBatch* batch) {
    http::SseEvent event;
    auto result = http::SseReader::Result::kNeedMore;
    for (int i = 0; i < 2 && result == http::SseReader::Result::kNeedMore; ++i) {
      reader_.Push(kLineEnd);
      result = reader_.Next(&event);
    }
    TokenUsage usage;
    ChoiceTracker choices;
    if (result == http::SseReader::Result::kEvent && event.has_data &&
        (event.data == operation_.done || ScanAnswer(event.data, &usage, &choices).is_object)) {
      TakeEvent(event, {}, batch);
    } else if (!facts.passed_error) {
      batch->error = TruncatedStream();
    }
  }

  // False if the event ends the stream with an error.
  bool TakeData(std::string_view data, StreamBatch* batch) {
    const ScanResult scan = scanner_.Scan(data, &facts.usage, &choices_);
    if (!scan.is_object) {
      batch->error = InvalidEvent("an event is not a JSON object");
      return false;
    }
    facts.content_seen |= scan.has_content;
    if (!scan.finish_reason.empty()) facts.finish_reason = scan.finish_reason;
    if (scan.has_error) {
      const int told = providers::StatusInError(data, 0);
      Error error = target_.provider->Classify(told == 0 ? 502 : told, {}, data, target_);
      if (typed_) {
        batch->error = std::move(error);
        return false;
      }
      facts.passed_error = std::move(error);
      facts.status_told = told != 0;
      facts.error_body = data;
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

  // Neighbouring events leave as one piece. An event that began in an earlier read stands in the reader's own
  // buffer, which the next event may reuse, so it is kept here.
  void Relay(std::string_view raw, std::string_view bytes, StreamBatch* batch) {
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

  const OperationSpec& operation_;
  const providers::Target& target_;
  const bool typed_;
  http::SseReader reader_;
  ChunkScanner scanner_;
  ChoiceTracker choices_;
  bool half_line_end_ = false;  // the end marker's last line end was cut between CR and LF
  std::string held_;
  std::string_view relayed_;
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
                                             bool typed) {
  return std::make_unique<HubStream>(operation, target, typed);
}

}  // namespace portolan::core
