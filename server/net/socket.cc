#include "server/net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <climits>
#include <utility>

#include "server/net/io_errno.h"
#include "server/net/socket_calls.h"

namespace portolan::net {
namespace {

constexpr size_t kPiecesPerCall = 64;
static_assert(kPiecesPerCall <= IOV_MAX);

// Pieces of no more than this together are copied into one: that costs less than giving the kernel a list.
constexpr size_t kCopiedBytes = 2048;

// Operations of one socket that may succeed in one turn without suspending.
constexpr uint32_t kTriesPerTurn = 64;

constexpr uint32_t kReadEvents = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr uint32_t kWriteEvents = EPOLLOUT | EPOLLHUP | EPOLLERR;
constexpr uint32_t kClosedEvents = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

// Pieces as one call takes them, without the first `offset` bytes. Belongs to that call.
class PieceList {
 public:
  PieceList(std::span<const std::string_view> pieces, size_t offset) {
    for (const std::string_view piece : pieces.first(std::min(pieces.size(), kPiecesPerCall))) {
      vectors_[count_] = {.iov_base = const_cast<char*>(piece.data()) + offset,
                          .iov_len = piece.size() - offset};
      bytes_ += vectors_[count_++].iov_len;
      offset = 0;
    }
  }

  size_t bytes() const { return bytes_; }

  // As send does: the bytes taken, or -1 and errno.
  ssize_t SendTo(int fd) {
    if (count_ == 1) return Send(fd, static_cast<const char*>(vectors_[0].iov_base), bytes_);
    if (bytes_ <= kCopiedBytes) {
      std::array<char, kCopiedBytes> copy;
      char* end = copy.data();
      for (const iovec& vector : std::span(vectors_).first(count_)) {
        end = std::copy_n(static_cast<const char*>(vector.iov_base), vector.iov_len, end);
      }
      return Send(fd, copy.data(), bytes_);
    }
    msghdr message{};
    message.msg_iov = vectors_.data();
    message.msg_iovlen = count_;
    return sendmsg(fd, &message, MSG_NOSIGNAL);
  }

 private:
  std::array<iovec, kPiecesPerCall> vectors_;
  size_t count_ = 0;
  size_t bytes_ = 0;
};

}  // namespace

Socket::Socket(Loop& loop, int fd) : loop_(loop), fd_(fd) {
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));  // fails harmlessly where it is not TCP
  watch_errno_ = loop_.Watch(fd_, this);
}

Socket::~Socket() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  for (Operation* operation : {reader_, writer_}) {
    if (operation == nullptr) continue;
    operation->socket_ = nullptr;
    operation->result_.code = IoCode::kCancelled;
  }
  if (ssl_ != nullptr) FreeTls();
  loop_.Unwatch(fd_, this);
  close(fd_);
}

void Socket::OnEvents(uint32_t events) {
  if ((events & kReadEvents) != 0) readable_ = true;
  if ((events & kWriteEvents) != 0) writable_ = true;
  if ((events & kClosedEvents) != 0) peer_closed_ = true;

  bool destroyed = false;
  destroyed_ = &destroyed;
  if (writer_ != nullptr) Drive(writer_);
  if (destroyed) return;
  if (reader_ != nullptr && !BeginPolling()) Drive(reader_);
  if (destroyed) return;
  destroyed_ = nullptr;
  if (peer_closed_ && !end_seen_ && reader_ == nullptr && peer_closed_handler_) {
    std::exchange(peer_closed_handler_, nullptr)();
  }
}

void Socket::Drive(Operation* operation) {
  if (operation->paused_ || !operation->Attempt()) return;
  operation->Detach();
  operation->ResumeNow();
}

bool Socket::WithinTurnBudget() {
  if (tries_turn_ != loop_.turn()) {
    tries_turn_ = loop_.turn();
    tries_ = 0;
  }
  return ++tries_ <= kTriesPerTurn;
}

bool Socket::Operation::await_ready() {
  if (Expired()) {
    result_.code = outcome() == WaitResult::kTimeout ? IoCode::kTimeout : IoCode::kCancelled;
    return true;
  }
  paused_ = !socket_->WithinTurnBudget();
  return !paused_ && Attempt();
}

void Socket::Operation::await_suspend(std::coroutine_handle<> handle) {
  if (paused_) {
    Pause(handle);
    ResumeSoon();
    return;
  }
  assert(socket_->*slot_ == nullptr && "one reader and one writer at a time");
  socket_->*slot_ = this;
  Suspend(handle);
}

void Socket::Operation::Pause(std::coroutine_handle<> handle) {
  assert(socket_->*slot_ == nullptr && "one reader and one writer at a time");
  socket_->*slot_ = this;
  paused_ = true;
  Hold(handle);
}

bool Socket::Operation::EndPause() {
  if (socket_ == nullptr) return true;
  paused_ = false;
  if (Expired()) {
    OnExpired();
    return true;
  }
  if (!Attempt()) {
    WaitOn();
    return false;
  }
  Detach();
  socket_ = nullptr;
  return true;
}

void Socket::Operation::OnExpired() {
  result_.code = outcome() == WaitResult::kTimeout ? IoCode::kTimeout : IoCode::kCancelled;
  Detach();
  socket_ = nullptr;
}

void Socket::Operation::OnSoon() {
  // Without a socket the result is there: expired, or written by a flush.
  if (EndPause()) ResumeNow();
}

bool Socket::ReadAwaiter::Attempt() {
  const bool done = socket_->ssl_ != nullptr ? socket_->TryReadTls(buffer_, &result_)
                                             : socket_->TryReadPlain(buffer_, &result_);
  if (done) {
    socket_->last_read_ = socket_->loop_.now();
  } else if (socket_->polling_ && !socket_->will_poll()) {
    socket_->loop_.PollSoon(socket_);
  }
  return done;
}

bool Socket::WriteAwaiter::Attempt() {
  Consume(0);
  return socket_->ssl_ != nullptr ? socket_->TryWriteTls(*this, &result_)
                                  : socket_->TryWritePlain(*this, &result_);
}

bool Socket::WriteAwaiter::await_ready() {
  put_off_ = socket_->loop_.has_more_events();
  return !put_off_ && Operation::await_ready();
}

void Socket::WriteAwaiter::await_suspend(std::coroutine_handle<> handle) {
  if (!put_off_) return Operation::await_suspend(handle);
  Pause(handle);
  socket_->loop_.FlushSoon(this);
}

void Socket::WriteAwaiter::OnFlush() {
  if (EndPause()) ResumeSoon();
}

void Socket::WriteAwaiter::Consume(size_t bytes) {
  result_.bytes += bytes;
  offset_ += bytes;
  while (!pieces_.empty() && offset_ >= pieces_.front().size()) {
    offset_ -= pieces_.front().size();
    pieces_ = pieces_.subspan(1);
  }
}

bool Socket::TryReadPlain(std::span<char> buffer, IoResult* result) {
  while (readable_) {
    const ssize_t count = Receive(fd_, buffer.data(), buffer.size());
    if (count > 0) {
      // Short of the buffer means empty: no need to ask again. But the end, once announced, must be read.
      if (static_cast<size_t>(count) < buffer.size() && !peer_closed_) readable_ = false;
      *result = {.bytes = static_cast<size_t>(count)};
      return true;
    }
    if (count == 0) {
      end_seen_ = true;
      *result = {.code = IoCode::kEof};
      return true;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      readable_ = false;
    } else {
      end_seen_ = true;
      *result = FromErrno(errno);
      return true;
    }
  }
  if (watch_errno_ == 0) return false;
  *result = FromErrno(watch_errno_);  // no event would ever come
  return true;
}

bool Socket::TryWritePlain(WriteAwaiter& write, IoResult* result) {
  while (!write.pieces_.empty() && writable_) {
    PieceList pieces(write.pieces_, write.offset_);
    const ssize_t sent = pieces.SendTo(fd_);
    if (sent >= 0) {
      write.Consume(static_cast<size_t>(sent));
      if (static_cast<size_t>(sent) < pieces.bytes()) writable_ = false;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      writable_ = false;
    } else if (errno != EINTR) {
      const size_t left = result->bytes;
      *result = FromErrno(errno);
      result->bytes = left;
      return true;
    }
  }
  if (write.pieces_.empty()) return true;
  if (watch_errno_ == 0) return false;
  result->code = IoCode::kOther;
  result->sys_errno = watch_errno_;
  return true;
}

IoResult Socket::TryRead(std::span<char> buffer) {
  IoResult result;
  const bool done = ssl_ != nullptr ? TryReadTls(buffer, &result) : TryReadPlain(buffer, &result);
  return done ? result : IoResult{};
}

bool Socket::IdleAndHealthy() {
  if (peer_closed_ || end_seen_ || watch_errno_ != 0) return false;
  if (!readable_) return true;
  if (ssl_ != nullptr) {
    // Tickets and other records without data are taken in; a byte of data would be an answer nobody asked
    // for.
    char byte = 0;
    IoResult result;
    return !TryReadTls({&byte, 1}, &result);
  }
  char byte = 0;
  if (recv(fd_, &byte, 1, MSG_PEEK) >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return false;
  readable_ = false;
  return true;
}

void Socket::ShutdownWrite() {
  if (ssl_ != nullptr) SendCloseNotify();
  shutdown(fd_, SHUT_WR);
}

void Socket::ResetOnClose() {
  reset_on_close_ = true;
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

SocketAddress Socket::local_address() const {
  SocketAddress address;
  address.length = sizeof(address.storage);
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address.storage), &address.length) != 0) return {};
  return address;
}

SocketAddress Socket::peer_address() const {
  SocketAddress address;
  address.length = sizeof(address.storage);
  if (getpeername(fd_, reinterpret_cast<sockaddr*>(&address.storage), &address.length) != 0) return {};
  return address;
}

class Socket::ConnectAwaiter final : public Operation {
 public:
  ConnectAwaiter(Socket& socket, Wait wait) : Operation(socket, &Socket::writer_, wait) {}

 private:
  bool Attempt() override { return socket_->TryConnect(&result_); }
};

bool Socket::TryConnect(IoResult* result) {
  if (watch_errno_ != 0) {
    *result = FromErrno(watch_errno_);
    return true;
  }
  if (!writable_) return false;
  int error = 0;
  socklen_t length = sizeof(error);
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error != 0) *result = FromErrno(error);
  return true;
}

Task<IoResult> Socket::Connect(Loop& loop, const SocketAddress& address, Wait wait,
                               std::unique_ptr<Socket>* out) {
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) co_return FromErrno(errno);
  const bool done = connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0;
  const int error = done ? 0 : errno;
  auto socket = std::make_unique<Socket>(loop, fd);
  socket->readable_ = false;
  if (!done) {
    if (error != EINPROGRESS && error != EINTR) co_return FromErrno(error);
    socket->writable_ = false;
    const IoResult result = co_await ConnectAwaiter(*socket, wait);
    if (!result.ok()) co_return result;
  }
  *out = std::move(socket);
  co_return IoResult{};
}

}  // namespace portolan::net
