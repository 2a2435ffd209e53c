#include "server/core/chain_stream.h"

#include <algorithm>
#include <utility>

#include "server/core/chain_answer.h"

namespace portolan::core {

using middleware::Hook;

namespace {

constexpr std::string_view kHeldBack = ": held\n\n";
// Of what is kept for those beside the call.
constexpr size_t kMaxLeft = 4u << 20;

}  // namespace

ChainStream::ChainStream(CallChain& chain, ReplyHead head)
    : chain_(chain),
      typed_(chain.out().typed()),
      head_(std::move(head)),
      status_(head_.status),
      hold_ends_(chain.call().shard.loop->now() + chain.call().config.longest_hold) {}

ChainStream::~ChainStream() = default;

void ChainStream::Run() { chain_.call().shard.loop->Spawn(RunTask(shared_from_this())); }

net::Task<void> ChainStream::RunTask(std::shared_ptr<ChainStream> stream) {
  co_await stream->Move();
  stream->over_ = true;
  stream->stages_.clear();
  stream->WakeWriters();
}

net::Task<void> ChainStream::Learn() {
  for (const CallChain::Link& link : chain_.answer_links()) {
    if (!link.entry->Wants(Hook::kChunk) || link.entry->wants() != nullptr) continue;
    // A failure is told again by the stage that cannot be begun.
    (void)co_await link.entry->Learn(chain_.call().in.request_id, Hook::kChunk, chain_.call().wait);
  }
}

void ChainStream::BuildStages() {
  const std::span<const CallChain::Link> links = chain_.answer_links();
  for (size_t i = links.size(); i > 0; --i) {
    MiddlewareEntry& entry = *links[i - 1].entry;
    const bool async = entry.settings().async;
    if (entry.Wants(Hook::kChunk)) {
      const auto wake = [weak = weak_from_this()] {
        if (const auto stream = weak.lock()) stream->Wake();
      };
      stages_.push_back(std::make_unique<ChunkStage>(chain_, entry, async, status_, wake));
    } else if (entry.Wants(Hook::kResponse) && async) {
      beside_.push_back(&entry);
    } else if (entry.Wants(Hook::kResponse)) {
      stages_.push_back(std::make_unique<WholeStage>(entry, typed_));
    }
  }
}

net::Task<void> ChainStream::Move() {
  co_await Learn();
  BuildStages();
  while (!closed_) {
    Advance();
    WholeStage* const ready = Ready();
    if (failed_) {
      if (!started_) out_.clear();
      if (!out_.empty()) co_await Leave();
      co_await Fail(*std::move(failed_));
      co_return;
    }
    if (!out_.empty()) {
      co_await Leave();
      if (!delivered_) co_return;
    } else if (ready != nullptr) {
      co_await AskHeld(*ready);
    } else if (input_ended_ && (stages_.empty() || stages_.back()->ended())) {
      co_await Finish();
      co_return;
    } else {
      WakeWriters();
      co_await Wait();
      if (!started_ && chain_.call().shard.loop->now() >= hold_ends_) co_await ShowHeld();
      if (!delivered_) co_return;
    }
  }
}

void ChainStream::Advance() {
  const net::TimePoint now = chain_.call().shard.loop->UpdateNow();
  std::vector<StreamUnit> moving = std::move(in_);
  in_.clear();
  bool ended = input_ended_;
  for (size_t i = 0; i < stages_.size() && !failed_; ++i) {
    StreamStage& stage = *stages_[i];
    for (StreamUnit& unit : moving) stage.Push(std::move(unit));
    moving.clear();
    if (ended && ends_told_ == i) {
      ++ends_told_;
      stage.PushEnd(broken_ ? std::string_view(broken_->code) : std::string_view());
    }
    failed_ = stage.Advance(now, &moving);
    ended = stage.ended();
  }
  out_.insert(out_.end(), std::make_move_iterator(moving.begin()), std::make_move_iterator(moving.end()));
}

WholeStage* ChainStream::Ready() const {
  for (const auto& stage : stages_) {
    auto* const whole = dynamic_cast<WholeStage*>(stage.get());
    if (whole != nullptr && whole->ready()) return whole;
  }
  return nullptr;
}

net::TimePoint ChainStream::NextDeadline() const {
  net::TimePoint next = started_ ? net::kNever : hold_ends_;
  for (const auto& stage : stages_) next = std::min(next, stage->deadline());
  return next;
}

net::Task<void> ChainStream::Wait() {
  // Only the front's scope: what the chain has cancelled itself is over.
  net::Waiter waiter(*chain_.call().shard.loop, {NextDeadline(), chain_.call().in.scope});
  task_waits_ = &waiter;
  const net::WaitResult result = co_await waiter;
  task_waits_ = nullptr;
  if (result == net::WaitResult::kCancelled) delivered_ = false;
}

void ChainStream::Wake() {
  if (task_waits_ != nullptr) task_waits_->Notify();
}

void ChainStream::WakeWriters() {
  for (net::Waiter* const writer : writers_) writer->Notify();
  writers_.clear();
}

net::Task<void> ChainStream::Start() {
  started_ = true;
  delivered_ = co_await chain_.out().StartStream(std::move(head_));
}

net::Task<void> ChainStream::Leave() {
  if (!started_) co_await Start();
  if (!delivered_) co_return;
  const std::vector<StreamUnit> leaving = std::move(out_);
  out_.clear();
  std::vector<std::string_view> views;
  views.reserve(leaving.size());
  for (const StreamUnit& unit : leaving) views.emplace_back(unit.bytes);
  if (typed_) {
    delivered_ = co_await chain_.out().WriteMessages(views);
  } else {
    delivered_ = co_await chain_.out().WriteBytes(views);
  }
  if (beside_.empty()) co_return;
  for (const StreamUnit& unit : leaving) {
    left_bytes_ += unit.bytes.size();
    if (left_bytes_ <= kMaxLeft) left_.push_back(unit.bytes);
  }
}

net::Task<void> ChainStream::ShowHeld() {
  if (typed_) {
    co_await Start();
    co_return;
  }
  out_.insert(out_.begin(), {std::string(kHeldBack), false});
  co_await Leave();
}

net::Task<void> ChainStream::AskHeld(WholeStage& stage) {
  MiddlewareEntry& entry = stage.entry();
  CallState& call = chain_.call();
  ChainBody body(call.operation, BodyOf::kAnswer);
  std::string problem;
  if (stage.too_large()) {
    problem = "the body is larger than max_body";
  } else if (!JoinForDoor(call, stage.held(), &body)) {
    problem = "the stream cannot be put together";
  } else {
    CallChain::Said said = co_await chain_.Ask(entry, Hook::kResponse, &body, status_, /*streamed=*/true);
    failed_ = std::move(said.error);
    if (failed_) co_return;
    if (!body.changed()) {
      stage.Decide();
      co_return;
    }
    std::vector<std::string> units;
    if (SplitForDoor(call, body, &units)) {
      stage.Decide(std::move(units));
      co_return;
    }
    problem = "what it puts in place cannot be streamed";
  }
  entry.Report(call.in.request_id, Hook::kResponse, problem, std::chrono::nanoseconds(0));
  failed_ = chain_.Failed(entry);
  stage.Decide();
}

void ChainStream::AskBeside() {
  if (beside_.empty() || left_bytes_ > kMaxLeft) {
    for (MiddlewareEntry* const entry : beside_) entry->Drop(Hook::kResponse);
    return;
  }
  ChainBody body(chain_.call().operation, BodyOf::kAnswer);
  if (!JoinForDoor(chain_.call(), left_, &body)) return;
  for (MiddlewareEntry* const entry : beside_)
    chain_.AskBeside(*entry, Hook::kResponse, &body, status_, /*streamed=*/true);
}

net::Task<void> ChainStream::Finish() {
  if (!started_ && broken_) {
    co_await ReplyError(chain_.call(), *broken_, nullptr, {});
    co_return;
  }
  if (!started_) co_await Start();
  if (!delivered_) co_return;
  if (!broken_) AskBeside();
  delivered_ = co_await chain_.out().EndStream(broken_ ? &*broken_ : nullptr);
}

net::Task<void> ChainStream::Fail(Error error) {
  error.attempts = chain_.call().outcome.attempts;
  error.tried = chain_.call().tried;
  if (!started_) {
    co_await ReplyError(chain_.call(), error, nullptr, {});
  } else if (delivered_) {
    delivered_ = co_await chain_.out().EndStream(&error);
  }
  chain_.End(std::move(error));
}

void ChainStream::AddComment(std::string_view comment) {
  // They tell that the provider lives. Before anything has left they would make a denial come too late.
  if (started_) out_.push_back({std::string(comment), false});
}

void ChainStream::Take(std::string_view piece) {
  if (typed_) return in_.push_back({std::string(piece), true});
  http::StreamEvent event;
  reader_.Push(piece);
  while (reader_.Next(&event) == http::SseReader::Result::kEvent) {
    if (!event.has_data && event.name.empty()) {
      AddComment(event.raw);
    } else {
      in_.push_back({std::string(event.raw), SaysSomething(event)});
    }
  }
}

bool ChainStream::IsFull() const {
  if (!in_.empty() || !out_.empty()) return true;
  size_t units = 0;
  size_t bytes = 0;
  for (const auto& stage : stages_) {
    units += stage->units();
    bytes += stage->bytes();
  }
  return units > kMaxUnits || bytes > kMaxBytes;
}

net::Task<Delivered> ChainStream::Write(std::span<const std::string_view> pieces) {
  for (const std::string_view piece : pieces) Take(piece);
  while (!over_ && IsFull()) {
    Wake();
    net::Waiter waiter(*chain_.call().shard.loop, {});
    writers_.push_back(&waiter);
    co_await waiter;
  }
  co_return !over_ && delivered_;
}

net::Task<Delivered> ChainStream::End(const Error* error) {
  if (error != nullptr) broken_ = *error;
  input_ended_ = true;
  while (!over_) {
    Wake();
    net::Waiter waiter(*chain_.call().shard.loop, {});
    writers_.push_back(&waiter);
    co_await waiter;
  }
  co_return delivered_;
}

net::Task<void> ChainStream::Close() {
  closed_ = true;
  if (!over_) chain_.Abandon();
  while (!over_) {
    Wake();
    net::Waiter waiter(*chain_.call().shard.loop, {});
    writers_.push_back(&waiter);
    co_await waiter;
  }
}

}  // namespace portolan::core
