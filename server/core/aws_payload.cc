#include "server/core/aws_payload.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "providers/error_text.h"
#include "server/base/json_text.h"
#include "server/base/text.h"

namespace portolan::core {
namespace {

using Kind = http::AwsMessage::Kind;

constexpr size_t kMaxRest = 16u << 20;  // as other readers of events have it

void AddEvent(std::string_view data, std::string* out) {
  data = TrimSpace(data);
  if (data.empty()) return;
  out->append("data: ").append(data).append("\n\n");
}

bool IsLineEnd(char c) { return c == '\n' || c == '\r'; }

// Whether an empty line ends before `end`, which is 2 at least: lines end in LF, CRLF or CR.
bool EndsEvent(std::string_view text, size_t end) {
  const char before = text[end - 2];
  const char last = text[end - 1];
  return IsLineEnd(before) && IsLineEnd(last) && !(before == '\r' && last == '\n');
}

// An exception says why in a JSON object, as `Message` and `ErrorCode`.
void AddError(const http::AwsMessage& message, std::string* out) {
  providers::ErrorMembers members;
  providers::ReadJsonError(message.payload, &members);
  std::string text = message.kind == Kind::kError ? std::string(message.error_message) : members.message;
  if (text.empty()) text = "the stream ended with " + std::string(message.name);
  std::string error = R"({"error":{"message":)";
  AppendJsonString(text, &error);
  error += R"(,"type":)";
  AppendJsonString(message.name, &error);
  error += R"(,"code":)";
  AppendJsonString(members.code.empty() ? message.name : std::string_view(members.code), &error);
  AddEvent(error + "}}", out);
}

class UnwrappedStream final : public StreamPipeline {
 public:
  explicit UnwrappedStream(std::unique_ptr<StreamPipeline> inner) : inner_(std::move(inner)) {}

  void Feed(std::string_view bytes, StreamBatch* batch) override {
    events_.clear();
    const bool sound = reader_.Read(bytes, &events_);
    inner_->Feed(events_, batch);
    facts = inner_->facts;
    if (!sound && !batch->done && !batch->error) batch->error = InvalidEvent("its framing is broken");
  }

  void End(StreamBatch* batch) override {
    events_.clear();
    const bool whole = reader_.Finish(&events_);
    if (!events_.empty()) inner_->Feed(events_, batch);
    Keep(batch);
    if (!whole && !batch->done && !batch->error) batch->error = TruncatedStream();
    if (!batch->done && !batch->error) inner_->End(batch);
    facts = inner_->facts;
  }

  TokenUsage usage() const override { return inner_->usage(); }

 private:
  // The next call of the inner pipeline does not spare what the last one gave.
  void Keep(StreamBatch* batch) {
    for (auto* const views : {&batch->pieces, &batch->messages}) {
      for (std::string_view& view : *views) view = kept_.emplace_back(view);
    }
  }

  const std::unique_ptr<StreamPipeline> inner_;
  AwsPayloadReader reader_;
  std::string events_;
  std::deque<std::string> kept_;
};

}  // namespace

std::unique_ptr<StreamPipeline> UnwrapAwsPayload(std::unique_ptr<StreamPipeline> inner) {
  return std::make_unique<UnwrappedStream>(std::move(inner));
}

bool AwsPayloadReader::Read(std::string_view bytes, std::string* out) {
  messages_.Push(bytes);
  http::AwsMessage message;
  while (true) {
    switch (messages_.NextMessage(&message)) {
      case http::EventReader::Result::kNeedMore:
        return true;
      case http::EventReader::Result::kEvent:
        break;
      default:
        return false;
    }
    if (message.kind == Kind::kEvent) {
      if (!TakePart(message.payload, out)) return false;
    } else {
      // What came before it is whole, or will never be.
      rest_.clear();
      AddError(message, out);
    }
  }
}

bool AwsPayloadReader::Finish(std::string* out) {
  if (content_ == Content::kLines) {
    AddEvent(rest_, out);
  } else {
    out->append(rest_);
  }
  rest_.clear();
  return messages_.pending() == 0;
}

bool AwsPayloadReader::TakePart(std::string_view part, std::string* out) {
  if (content_ == Content::kUnknown) {
    const std::string_view begin = TrimSpace(part);
    if (!begin.empty()) content_ = begin.starts_with('{') ? Content::kLines : Content::kEvents;
  }
  switch (content_) {
    case Content::kUnknown:
      rest_.append(part);
      break;
    case Content::kEvents:
      TakeEvents(part, out);
      break;
    case Content::kLines:
      TakeLines(part, out);
      break;
  }
  return rest_.size() <= kMaxRest;
}

// Whole ones alone, as an exception may follow upon a piece of one.
void AwsPayloadReader::TakeEvents(std::string_view part, std::string* out) {
  const size_t known = std::max<size_t>(rest_.size(), 1);
  rest_.append(part);
  size_t end = rest_.size();
  while (end > known && !EndsEvent(rest_, end)) --end;
  if (end <= known) return;
  if (rest_[end - 1] == '\r' && end < rest_.size() && rest_[end] == '\n') ++end;
  out->append(rest_, 0, end);
  rest_.erase(0, end);
}

void AwsPayloadReader::TakeLines(std::string_view part, std::string* out) {
  for (size_t end = part.find('\n'); end != std::string_view::npos; end = part.find('\n')) {
    rest_.append(part.substr(0, end));
    part.remove_prefix(end + 1);
    AddEvent(rest_, out);
    rest_.clear();
  }
  rest_.append(part);
}

}  // namespace portolan::core
