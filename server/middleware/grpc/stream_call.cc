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
  auto call = std::make_shared<StreamCall>(connection.loop(), std::move(on_news));
  call->self_ = call;
  connection.Prepare(&call->context_, deadline);
  connection.stub().PrepareBidiStreamingCall(&call->context_, kHandleStream, grpc::StubOptions(), call.get());
  // As reads and writes are begun outside of gRPC's reactions too.
  call->AddMultipleHolds(2);
  call->StartRead(&call->reading_bytes_);
  call->StartCall();
  return call;
}

StreamCall::StreamCall(net::Loop& loop, std::function<void()> on_news)
    : loop_(loop), on_news_(std::move(on_news)) {}

void StreamCall::Send(uint64_t sequence, const grpc::ByteBuffer& bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_ || !can_write_) return;
    queue_.push_back({sequence, bytes});
  }
  WriteNext();
}

void StreamCall::CloseWrites() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  WriteNext();
}

void StreamCall::WriteNext() {
  bool write = false;
  bool close = false;
  {
    const std::lock_guard lock(mutex_);
    if (writing_ || !can_write_) return;
    if (!broken_ && !queue_.empty()) {
      writing_ = write = true;
      writing_bytes_.Swap(&queue_.front().bytes);
      told_ = queue_.front().sequence;
      queue_.pop_front();
    } else if (broken_ || closing_) {
      can_write_ = false;
      close = !broken_;
      queue_.clear();
    } else {
      return;
    }
  }
  if (write) return StartWrite(&writing_bytes_);
  if (close) StartWritesDone();
  RemoveHold();
}

void StreamCall::OnWriteDone(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    writing_bytes_.Clear();
    writing_ = false;
    broken_ |= !ok;
  }
  WriteNext();
}

void StreamCall::OnReadDone(bool ok) {
  bool read = true;
  bool cancel = false;
  {
    const std::lock_guard lock(mutex_);
    if (!ok) {
      // No message follows, so that no write matters either: the status is on its way.
      can_read_ = reading_ = read = false;
      broken_ = true;
    } else if (left_) {
      cancel = ++unheard_ == kMaxUnheard;
    } else {
      heard_.emplace_back().told = told_;
      heard_.back().bytes.Swap(&reading_bytes_);
      reading_ = read = heard_.size() < kMaxHeard;
      PostNews();
    }
  }
  if (cancel) context_.TryCancel();
  if (read) {
    reading_bytes_.Clear();
    return StartRead(&reading_bytes_);
  }
  if (ok) return;
  WriteNext();
  RemoveHold();
}

void StreamCall::OnDone(const grpc::Status& status) {
  std::shared_ptr<StreamCall> self;
  const std::lock_guard lock(mutex_);
  self.swap(self_);
  status_ = status;
  PostNews();
}

std::optional<StreamCall::Heard> StreamCall::Take() {
  std::optional<Heard> taken;
  bool read = false;
  {
    const std::lock_guard lock(mutex_);
    if (heard_.empty()) return std::nullopt;
    taken = std::move(heard_.front());
    heard_.pop_front();
    read = can_read_ && !std::exchange(reading_, can_read_);
  }
  if (read) StartRead(&reading_bytes_);
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
    // To the end, which is what lets go of the rpc.
    read = can_read_ && !std::exchange(reading_, can_read_);
  }
  if (cancel) context_.TryCancel();
  WriteNext();
  if (read) StartRead(&reading_bytes_);
}

}  // namespace portolan::middleware
