#include <utility>

#include "providers/classify.h"
#include "server/core/answer_form.h"
#include "server/core/event_stream.h"

namespace portolan::core {
namespace {

constexpr std::string_view kLineEnd = "\n";

class RelayStream final : public EventStream {
 public:
  RelayStream(const OperationSpec& operation, const providers::Target& target, bool typed, bool hide_usage)
      : EventStream(operation.form->framing),
        operation_(operation),
        form_(*operation.form),
        target_(target),
        typed_(typed),
        hide_usage_(hide_usage),
        scanner_(operation.plan->scan) {}

  TokenUsage usage() const override { return scanner_.usage(); }

 private:
  void Begin() override {
    wires_.Clear();
    relayed_ = {};
  }

  void TakeEvent(const http::StreamEvent& event, std::string_view bytes, StreamBatch* batch) override {
    if (IsEndMarker(event, form_.end)) return TakeEndMarker(event, bytes, batch);
    if (event.name == "ping" && operation_.speaks_hub()) {
      // SDKs would take its data for a chunk.
      EndRun(batch);
      if (!typed_) batch->pieces.push_back(kPingComment);
      return;
    }
    if (event.has_data && !event.data.empty() && !TakeData(event.data, batch)) return EndRun(batch);
    if (!typed_) Relay(event.raw, bytes, batch);
    if (batch->done) CloseLine(event);
  }

  void TakeEndMarker(const http::StreamEvent& event, std::string_view bytes, StreamBatch* batch) {
    if (!data_seen_) {
      batch->error = EmptyStream();
      return;
    }
    batch->done = true;
    if (typed_) return;
    if (event.data != form_.end) {
      // SDKs want it without the blanks.
      EndRun(batch);
      return AddEndMarker(batch);
    }
    Relay(event.raw, bytes, batch);
    CloseLine(event);
  }

  // The reader ends an event at a CR and gives its LF later, which would be dropped with all that follows.
  void CloseLine(const http::StreamEvent& last) {
    half_line_end_ = last.raw.ends_with('\r') && last.raw.find("\r\n") != std::string_view::npos;
  }

  void AddEndMarker(StreamBatch* batch) const {
    if (!typed_ && !form_.end_event.empty()) batch->pieces.push_back(form_.end_event);
  }

  void TakeLast(const http::StreamEvent& event, StreamBatch* batch) override {
    const bool whole = event.has_data && (IsEndMarker(event, form_.end) || event.name == "ping" ||
                                          Scanner(operation_.plan->scan).ScanWhole(event.data).is_object);
    if (whole) {
      TakeEvent(event, {}, batch);
    } else if (!facts.passed_error) {
      batch->error = TruncatedStream();
    }
  }

  void Finish(StreamBatch* batch) override {
    if (facts.passed_error) {
      batch->done = true;
    } else if (scanner_.choices().complete()) {
      // Some compatible servers leave the end marker out; a caller may wait for it.
      EndRun(batch);
      AddEndMarker(batch);
      batch->done = true;
    } else {
      batch->error = TruncatedStream();
    }
  }

  void Deliver(StreamBatch* batch) override {
    wires_.AddTo(batch);
    EndRun(batch);
    if (batch->done && std::exchange(half_line_end_, false)) batch->pieces.push_back(kLineEnd);
  }

  // False if the event goes no further: it ends the stream with an error, or is not for the caller.
  bool TakeData(std::string_view data, StreamBatch* batch) {
    const ScanResult scan = scanner_.Scan(data);
    if (!scan.is_object) {
      batch->error = InvalidEvent("an event is not a JSON object");
      return false;
    }
    if (scan.is_end && !data_seen_) {
      batch->error = EmptyStream();
      return false;
    }
    data_seen_ = true;
    batch->done = scan.is_end;
    facts.content_seen |= scan.has_content;
    if (!scan.finish_reason.empty()) facts.finish_reason = scan.finish_reason;
    if (scan.has_error) return TakeError(data, batch);
    if (hide_usage_ && scan.only_usage) return false;
    return !typed_ || Decode(data, batch);
  }

  bool TakeError(std::string_view data, StreamBatch* batch) {
    const int status = providers::StatusInError(data, 502);
    Error error = target_.dialect->ReadError(status, {}, data, target_);
    if (operation_.door().IsError(data)) facts.error_body = data;
    if (typed_) {
      batch->error = std::move(error);
      return false;
    }
    facts.passed_error = std::move(error);
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
  const providers::Form& form_;
  const providers::Target& target_;
  const bool typed_;
  const bool hide_usage_;
  Scanner scanner_;
  bool begun_ = false;  // something has been relayed; before it a byte order mark may stand
  bool data_seen_ = false;
  bool half_line_end_ = false;  // the last event's line end was cut between CR and LF
  std::string held_;
  std::string_view relayed_;  // the run so far
  WireChunks wires_;
};

}  // namespace

std::unique_ptr<StreamPipeline> NewRelayStream(const OperationSpec& operation,
                                               const providers::Target& target, bool typed, bool hide_usage) {
  return std::make_unique<RelayStream>(operation, target, typed, hide_usage);
}

}  // namespace portolan::core
