#include "server/telemetry/log_thread.h"

#include <errno.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "server/telemetry/json_line.h"

namespace portolan::telemetry {

LogThread::LogThread(LogWriter::Options options) : options_(options) {
  for (size_t i = 0; i < options.shards; ++i) {
    rings_.push_back(std::make_unique<LogRing>(options.ring_bytes, options.batch_bytes, waker_));
  }
}

void LogThread::Run() {
  for (bool stopping = false; !stopping;) {
    waker_.WaitFor(options_.interval);
    uint64_t asked;
    {
      const std::lock_guard lock(state_mutex_);
      stopping = stopping_;
      asked = rounds_asked_;
    }
    WriteRound();
    const std::lock_guard lock(state_mutex_);
    rounds_done_ = asked;
    ended_ = stopping;
    state_changed_.notify_all();
  }
}

void LogThread::Stop() {
  {
    const std::lock_guard lock(state_mutex_);
    stopping_ = true;
  }
  waker_.Wake();
}

bool LogThread::AwaitRound(std::chrono::milliseconds patience) {
  std::unique_lock lock(state_mutex_);
  const uint64_t round = ++rounds_asked_;
  waker_.Wake();
  return state_changed_.wait_for(lock, patience, [&] { return ended_ || rounds_done_ >= round; });
}

bool LogThread::AwaitEnd(std::chrono::milliseconds patience) {
  std::unique_lock lock(state_mutex_);
  return state_changed_.wait_for(lock, patience, [&] { return ended_; });
}

bool LogThread::Post(std::string_view line) {
  {
    const std::lock_guard lock(queue_mutex_);
    if (queue_.size() + line.size() <= options_.queue_bytes) {
      queue_.append(line);
      return true;
    }
  }
  dropped_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

uint64_t LogThread::dropped() const {
  uint64_t total = dropped_.load(std::memory_order_relaxed);
  for (const auto& ring : rings_) total += ring->dropped();
  return total;
}

void LogThread::WriteRound() {
  WritePosted();
  WriteRings();
  WriteDropNotice();
}

void LogThread::WritePosted() {
  std::string lines;
  {
    const std::lock_guard lock(queue_mutex_);
    lines.swap(queue_);
  }
  if (lines.empty()) return;
  iovec piece{lines.data(), lines.size()};
  WriteAll(&piece, 1);
}

void LogThread::WriteRings() {
  constexpr size_t kRingsAtOnce = 32;
  for (size_t begin = 0; begin < rings_.size(); begin += kRingsAtOnce) {
    const size_t end = std::min(begin + kRingsAtOnce, rings_.size());
    std::array<iovec, 2 * kRingsAtOnce> pieces;
    std::array<size_t, kRingsAtOnce> sizes{};
    int count = 0;
    for (size_t i = begin; i < end; ++i) {
      for (const std::span<const char> piece : rings_[i]->Readable()) {
        if (piece.empty()) continue;
        pieces[static_cast<size_t>(count++)] = {const_cast<char*>(piece.data()), piece.size()};
        sizes[i - begin] += piece.size();
      }
    }
    if (count == 0) continue;
    WriteAll(pieces.data(), count);
    for (size_t i = begin; i < end; ++i) rings_[i]->Consume(sizes[i - begin]);
  }
}

void LogThread::WriteDropNotice() {
  const uint64_t total = dropped();
  if (total == dropped_told_) return;
  char timestamp[TimestampFormatter::kLength];
  TimestampFormatter().Format(std::chrono::system_clock::now(), timestamp);
  char buffer[256];
  JsonLine line(buffer, {timestamp, sizeof timestamp}, LogLevel::kWarn);
  line.Text("msg", "log lines dropped");
  line.Unsigned("count", total - dropped_told_);
  const std::string_view text = line.Finish();
  iovec piece{const_cast<char*>(text.data()), text.size()};
  if (WriteAll(&piece, 1)) dropped_told_ = total;
}

// False if the descriptor takes no more (closed, disk full): the rest of this round is lost and counted as
// one line.
bool LogThread::WriteAll(iovec* pieces, int count) {
  while (count > 0) {
    const ssize_t n = writev(options_.fd, pieces, count);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {  // somebody made the descriptor non-blocking
        pollfd ready{options_.fd, POLLOUT, 0};
        poll(&ready, 1, -1);
        continue;
      }
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    size_t written = static_cast<size_t>(n);
    while (count > 0 && written >= pieces->iov_len) {
      written -= pieces->iov_len;
      ++pieces;
      --count;
    }
    if (count > 0) {
      pieces->iov_base = static_cast<char*>(pieces->iov_base) + written;
      pieces->iov_len -= written;
    }
  }
  return true;
}

}  // namespace portolan::telemetry
