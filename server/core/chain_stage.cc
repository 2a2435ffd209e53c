#include "server/core/chain_stage.h"

#include <google/protobuf/message.h>

#include <iterator>
#include <utility>

#include "server/http/sse.h"

namespace portolan::core {

using middleware::ChunkNews;
using middleware::Hook;
using middleware::Verdict;

namespace {

// What one beside a call may be behind.
constexpr uint64_t kMaxBehind = 1024;

// The one event in a text.
void ReadEvent(std::string_view bytes, http::SseReader* reader, http::StreamEvent* event) {
  reader->Push(bytes);
  (void)reader->Next(event);
}

}  // namespace

bool SaysSomething(std::string_view event) {
  http::SseReader reader;
  http::StreamEvent read;
  ReadEvent(event, &reader, &read);
  return SaysSomething(read);
}

bool SaysSomething(const http::StreamEvent& event) { return event.has_data && event.data.starts_with('{'); }

ChunkStage::ChunkStage(CallChain& chain, MiddlewareEntry& entry, bool beside, int status,
                       std::function<void()> on_news)
    : StreamStage(entry), chain_(chain), beside_(beside), begun_(chain.call().shard.loop->now()) {
  const ToldCall told = chain.Tell(entry);
  if (entry.wants() == nullptr) {
    failure_ = "it is not known what it wants";
  } else {
    stream_ = entry.Open(told.View(), status, std::move(on_news), &failure_);
  }
}

ChunkStage::~ChunkStage() = default;

void ChunkStage::Tell(const StreamUnit& unit) {
  CallState& call = chain_.call();
  ChainBody body(call.operation, BodyOf::kChunk);
  http::SseReader reader;
  http::StreamEvent event;
  if (!call.sink.typed()) {
    ReadEvent(unit.bytes, &reader, &event);
    body.SetJson(event.data);
  } else if (!body.SetWire(unit.bytes)) {
    body.SetJson("null");
  }
  if (told_ == answered_) waits_since_ = call.shard.loop->now();
  stream_->Send(++told_, body.View(entry_.wants()->form));
}

void ChunkStage::Push(StreamUnit unit) {
  if (stream_ == nullptr && failure_.empty()) return passing_.push_back(std::move(unit));
  if (stream_ != nullptr && beside_) {
    if (!unit.says || told_ - answered_ < kMaxBehind) {
      if (unit.says) Tell(unit);
    } else {
      entry_.Drop(Hook::kChunk);
    }
    return passing_.push_back(std::move(unit));
  }
  if (unit.says && stream_ != nullptr) Tell(unit);
  bytes_ += unit.bytes.size();
  const uint64_t sequence = unit.says ? told_ : 0;
  held_.push_back({std::move(unit), sequence});
}

void ChunkStage::PushEnd(std::string_view error_code) {
  input_ended_ = true;
  if (stream_ == nullptr) return;
  if (told_ == answered_) waits_since_ = chain_.call().shard.loop->now();
  end_ = ++told_;
  stream_->End(*end_, UsageOf(chain_.call()), error_code);
  if (!beside_) return;
  entry_.Report(chain_.call().in.request_id, Hook::kChunk, "", chain_.call().shard.loop->now() - begun_);
  entry_.Linger(chain_.set(), std::move(stream_));
}

void ChunkStage::Release(uint64_t sequence, std::vector<StreamUnit>* out) {
  while (!held_.empty() && held_.front().sequence <= sequence) {
    bytes_ -= held_.front().unit.bytes.size();
    out->push_back(std::move(held_.front().unit));
    held_.pop_front();
  }
}

// Puts one chunk in place of all up to `sequence`. Returns what is wrong with it.
std::string ChunkStage::Replace(uint64_t sequence, middleware::Body body, std::vector<StreamUnit>* out) {
  if (held_.empty() || held_.front().sequence > sequence || (end_ && sequence >= *end_))
    return "there is no chunk that it could replace";
  CallState& call = chain_.call();
  ChainBody chunk(call.operation, BodyOf::kChunk);
  if (std::string problem = chunk.Take(std::move(body)); !problem.empty()) return problem;
  StreamUnit last;
  while (!held_.empty() && held_.front().sequence <= sequence) {
    bytes_ -= held_.front().unit.bytes.size();
    if (held_.front().unit.says) last = std::move(held_.front().unit);
    held_.pop_front();
  }
  StreamUnit unit;
  unit.says = true;
  if (call.sink.typed()) {
    if (chunk.Typed() == nullptr) return "what it puts in place is no chunk";
    unit.bytes = chunk.Typed()->SerializeAsString();
  } else {
    http::SseReader reader;
    http::StreamEvent event;
    ReadEvent(last.bytes, &reader, &event);
    if (!event.name.empty()) unit.bytes.append("event: ").append(event.name).append("\n");
    // A line end within JSON is layout.
    std::string data(chunk.Json());
    std::replace(data.begin(), data.end(), '\n', ' ');
    std::replace(data.begin(), data.end(), '\r', ' ');
    http::AppendSseData(data, &unit.bytes);
  }
  out->push_back(std::move(unit));
  chain_.NoteAction(entry_, "replaced");
  return {};
}

void ChunkStage::LeaveAlone(std::string_view why) {
  CallState& call = chain_.call();
  entry_.Report(call.in.request_id, Hook::kChunk, why, call.shard.loop->now() - begun_);
  stream_.reset();
  failure_.clear();
}

std::optional<Error> ChunkStage::Fail(std::string_view why, std::vector<StreamUnit>* out) {
  LeaveAlone(why);
  std::optional<Error> error;
  if (!beside_) error = chain_.Failed(entry_);
  if (!error) Release(UINT64_MAX, out);
  return error;
}

std::optional<Error> ChunkStage::Take(ChunkNews news, std::vector<StreamUnit>* out) {
  if (!news.outcome.verdict) return Fail(news.outcome.failure, out);
  Verdict& verdict = *news.outcome.verdict;
  answered_ = std::max(answered_, news.sequence);
  waits_since_ = chain_.call().shard.loop->now();
  if (beside_) return std::nullopt;
  chain_.NoteFindings(entry_, verdict.findings);
  switch (verdict.action) {
    case Verdict::Action::kReplace: {
      std::string problem = "it is read_only, and has changed something";
      if (!entry_.wants()->read_only) problem = Replace(news.sequence, std::move(verdict.body), out);
      if (!problem.empty()) return Fail(problem, out);
      break;
    }
    case Verdict::Action::kDeny: {
      Error error = chain_.Denied(entry_, verdict.denial);
      LeaveAlone("");
      return error;
    }
    case Verdict::Action::kHold:
      break;
    case Verdict::Action::kDone:
      LeaveAlone("");
      Release(UINT64_MAX, out);
      break;
    default:
      Release(news.sequence, out);
      break;
  }
  if (stream_ != nullptr && end_ && news.sequence >= *end_ && verdict.action != Verdict::Action::kHold) {
    LeaveAlone("");
    Release(UINT64_MAX, out);
  }
  return std::nullopt;
}

net::TimePoint ChunkStage::deadline() const {
  const bool waits = stream_ != nullptr && !beside_ && told_ > answered_;
  return waits ? waits_since_ + entry_.settings().timeout : net::kNever;
}

std::optional<Error> ChunkStage::Advance(net::TimePoint now, std::vector<StreamUnit>* out) {
  if (stream_ == nullptr && !failure_.empty()) {
    if (auto error = Fail(std::exchange(failure_, {}), out)) return error;
  }
  while (stream_ != nullptr) {
    std::optional<ChunkNews> news = stream_->Take();
    if (!news) break;
    if (auto error = Take(*std::move(news), out)) return error;
  }
  if (now >= deadline()) {
    if (auto error = Fail("DEADLINE_EXCEEDED", out)) return error;
  }
  // What is no chunk leaves with what stands before it.
  Release(0, out);
  out->insert(out->end(), std::make_move_iterator(passing_.begin()), std::make_move_iterator(passing_.end()));
  passing_.clear();
  ended_ = input_ended_ && held_.empty() && stream_ == nullptr;
  return std::nullopt;
}

void WholeStage::Push(StreamUnit unit) {
  bytes_ += unit.bytes.size();
  // More than it may have is kept all the same: if its failure passes, it leaves.
  held_.push_back(std::move(unit.bytes));
}

void WholeStage::PushEnd(std::string_view error_code) {
  input_ended_ = true;
  // Half an answer cannot be judged, and does not leave.
  broken_ = !error_code.empty();
  if (broken_) held_.clear();
}

void WholeStage::Decide(std::vector<std::string> units) {
  held_ = std::move(units);
  decided_ = true;
}

std::optional<Error> WholeStage::Advance(net::TimePoint /*now*/, std::vector<StreamUnit>* out) {
  if (!decided_ && !(input_ended_ && broken_)) return std::nullopt;
  for (std::string& unit : held_) {
    const bool says = typed_ || SaysSomething(unit);
    out->push_back({std::move(unit), says});
  }
  held_.clear();
  ended_ = input_ended_;
  return std::nullopt;
}

}  // namespace portolan::core
