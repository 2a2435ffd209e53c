#include "server/middleware/grpc/stream_call.h"

#include <utility>

namespace portolan::middleware {
namespace {

// So many messages are kept; then the service is read no further until one is taken.
constexpr size_t kMaxHeard = 64;
// So many are thrown away before a service that was left, and says more and more, is cancelled.
constexpr int kMaxUnheard = 256;

}  // namespace

std::shared_ptr<StreamCall> StreamCall::Start(Connection& connection, net::TimePoint deadline,
                                              std::function<void()> on_news) {
  auto call = std::make_shared<StreamCall>(connection, std::move(on_news));
  call->self_ = call;
  connection.Prepare(&call->context_, deadline);
  call->rpc_ = connection.stub().PrepareCall(&call->context_, kHandleStream, connection.queue());
  call->rpc_->StartCall(call->started_.tag());
  call->rpc_->Read(&call->reading_bytes_, call->read_.tag());
  return call;
}

StreamCall::StreamCall(Connection& connection, std::function<void()> on_news)
    : loop_(connection.loop()), hold_(connection.thread()), on_news_(std::move(on_news)) {}

void StreamCall::Send(uint64_t sequence, const grpc::ByteBuffer& bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_ || !can_write_) return;
    queue_.push_back({sequence, bytes});
  }
  Advance();
}

void StreamCall::CloseWrites() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  Advance();
}

StreamCall::Step StreamCall::NextStep(grpc::ByteBuffer* bytes) {
  if (starting_ || writing_ || finishing_) return Step::kNone;
  if (!can_read_) {
    finishing_ = true;
    return Step::kFinish;
  }
  if (!can_write_) return Step::kNone;
  if (!queue_.empty()) {
    bytes->Swap(&queue_.front().bytes);
    told_ = queue_.front().sequence;
    queue_.pop_front();
    writing_ = true;
    return Step::kWrite;
  }
  if (!closing_) return Step::kNone;
  can_write_ = false;
  writing_ = true;
  return Step::kClose;
}

void StreamCall::Advance() {
  grpc::ByteBuffer bytes;
  Step step = Step::kNone;
  {
    const std::lock_guard lock(mutex_);
    step = NextStep(&bytes);
  }
  switch (step) {
    case Step::kNone:
      break;
    case Step::kWrite:
      rpc_->Write(bytes, written_.tag());
      break;
    case Step::kClose:
      rpc_->WritesDone(written_.tag());
      break;
    case Step::kFinish:
      rpc_->Finish(&finish_status_, finished_.tag());
      break;
  }
}

void StreamCall::OnStarted(bool) {
  {
    const std::lock_guard lock(mutex_);
    starting_ = false;
  }
  Advance();
}

void StreamCall::OnWritten(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    can_write_ &= ok;
  }
  Advance();
}

void StreamCall::OnRead(bool ok) {
  bool read = false;
  bool cancel = false;
  {
    const std::lock_guard lock(mutex_);
    if (!ok) {
      can_read_ = reading_ = can_write_ = false;
      queue_.clear();
    } else if (left_) {
      read = true;
      cancel = ++unheard_ == kMaxUnheard;
    } else {
      heard_.emplace_back().told = told_;
      heard_.back().bytes.Swap(&reading_bytes_);
      reading_ = read = heard_.size() < kMaxHeard;
      PostNews();
    }
  }
  if (cancel) context_.TryCancel();
  if (read) rpc_->Read(&reading_bytes_, read_.tag());
  if (!ok) Advance();
}

void StreamCall::OnFinished(bool) {
  std::shared_ptr<StreamCall> self;
  const std::lock_guard lock(mutex_);
  self.swap(self_);
  status_ = finish_status_;
  PostNews();
  hold_.Release();
}

std::optional<StreamCall::Heard> StreamCall::Take() {
  std::optional<Heard> taken;
  bool read = false;
  {
    const std::lock_guard lock(mutex_);
    if (heard_.empty()) return std::nullopt;
    taken = heard_.front();
    heard_.pop_front();
    read = can_read_ && !std::exchange(reading_, can_read_);
  }
  if (read) rpc_->Read(&reading_bytes_, read_.tag());
  return taken;
}

std::optional<grpc::Status> StreamCall::ended() {
  const std::lock_guard lock(mutex_);
  return heard_.empty() ? status_ : std::nullopt;
}

void StreamCall::Nudge() {
  const std::lock_guard lock(mutex_);
  PostNews();
}

void StreamCall::PostNews() {
  if (left_ || posted_) return;
  posted_ = true;
  // Under the mutex: the loop may be gone as soon as the stream has left.
  loop_.Post([self = shared_from_this()] { self->TellNews(); });
}

void StreamCall::TellNews() {
  {
    const std::lock_guard lock(mutex_);
    posted_ = false;
    if (left_) return;
  }
  // Aside, as it may leave.
  std::function<void()> news = std::move(on_news_);
  news();
  const std::lock_guard lock(mutex_);
  if (!left_) on_news_ = std::move(news);
}

void StreamCall::Leave(bool cancel) {
  on_news_ = nullptr;
  bool read = false;
  {
    const std::lock_guard lock(mutex_);
    left_ = closing_ = true;
    queue_.clear();
    heard_.clear();
    // To the end, without which the rpc has none.
    read = can_read_ && !std::exchange(reading_, can_read_);
  }
  if (cancel) context_.TryCancel();
  Advance();
  if (read) rpc_->Read(&reading_bytes_, read_.tag());
}

}  // namespace portolan::middleware
