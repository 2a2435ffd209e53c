#include "server/upstream/exchange.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace portolan::upstream {
namespace {

constexpr size_t kMaxCachedBuffers = 256;
constexpr size_t kMaxCachedHead = 64 << 10;
// A body with at least this much to come is read straight into the exchange's buffer rather than copied
// there.
constexpr size_t kLargeBody = 32 << 10;
// No more memory than this is reserved on a server's word.
constexpr size_t kMaxReserve = 1 << 20;

bool IsInterruption(net::IoCode code) {
  return code == net::IoCode::kTimeout || code == net::IoCode::kCancelled;
}

}  // namespace

std::unique_ptr<Buffers> BufferCache::Take() {
  if (free_.empty()) return std::make_unique<Buffers>();
  std::unique_ptr<Buffers> buffers = std::move(free_.back());
  free_.pop_back();
  return buffers;
}

void BufferCache::Give(std::unique_ptr<Buffers> buffers) {
  if (free_.size() >= kMaxCachedBuffers) return;
  if (buffers->answer.capacity() > kMaxCachedHead) std::string().swap(buffers->answer);
  if (buffers->request_head.capacity() > kMaxCachedHead) buffers->request_head = TextBuffer();
  buffers->inflated.reset();
  free_.push_back(std::move(buffers));
}

HttpExchange::~HttpExchange() {
  Abort();
  cache_.Give(std::move(buffers_));
}

void HttpExchange::StartBody(size_t head_bytes) {
  http::ResponseHead& head = buffers_->head;
  framer_.Start(head.framing, head.content_length);
  const std::span<char> rest = std::span<char>(buffers_->answer).subspan(head_bytes);
  framer_.Take(rest, &pending_);
  const std::string_view encoding = FindHeader(head.headers, "content-encoding").value_or("identity");
  const bool empty = framer_.state() == http::BodyFramer::State::kComplete && pending_.empty();
  if (keep_encoding_ || encoding == "identity" || empty) return;
  if (encoding != "gzip" && encoding != "x-gzip") {
    unreadable_ = "its body has a content-encoding that was not asked for";
    return;
  }
  gunzip_ = Gunzip::Create();
  if (gunzip_ == nullptr) unreadable_ = "no memory to inflate its body";
  std::erase_if(head.headers, [](const HeaderView& header) {
    return header.name == "content-encoding" || header.name == "content-length";
  });
}

net::Task<Exchange::Piece> HttpExchange::Read(net::Wait wait) {
  return gunzip_ != nullptr ? ReadInflated(wait) : ReadFramed(Keep::kYes, wait);
}

void HttpExchange::AllowPolling() {
  if (connection_ != nullptr) connection_->socket().AllowPolling(true);
}

std::optional<std::string_view> HttpExchange::TakeWhole() {
  const bool whole = framer_.state() == http::BodyFramer::State::kComplete && !pending_.empty();
  if (!whole || !failure_.ok() || unreadable_ != nullptr || gunzip_ != nullptr) return std::nullopt;
  return TakePending().data;
}

net::Task<Failure> HttpExchange::ReadAll(size_t limit, std::string* body, net::Wait wait) {
  if (gunzip_ == nullptr) {
    const uint64_t expected = framer_.left() + pending_.size();
    if (expected <= limit)
      body->reserve(body->size() + std::min<size_t>(static_cast<size_t>(expected), kMaxReserve));
  }
  size_t taken = 0;
  for (;;) {
    Piece piece;
    if (gunzip_ != nullptr) {
      piece = co_await ReadInflated(wait);
    } else {
      piece = co_await ReadFramed(Keep::kNo, wait);
    }
    if (!piece.failure.ok()) co_return std::move(piece.failure);
    if (piece.data.size() > limit - taken) {
      co_return Failed(Fail(FailureKind::kGarbage, "the answer of " + peer() + " is larger than " +
                                                       std::to_string(limit) + " bytes"))
          .failure;
    }
    taken += piece.data.size();
    // As for the bodies of requests (http/body.cc): the rest at once, when as much has come as was set aside.
    const size_t needed = body->size() + piece.data.size();
    if (gunzip_ == nullptr && needed > body->capacity() && framer_.left() <= limit - taken) {
      body->reserve(needed + static_cast<size_t>(framer_.left()));
    }
    body->append(piece.data);
    if (piece.end) co_return Failure();
  }
}

Exchange::Piece HttpExchange::TakePending() {
  Piece piece;
  piece.data = std::exchange(pending_, {});
  if (framer_.state() == http::BodyFramer::State::kComplete) {
    piece.end = true;
    Finish();
  }
  return piece;
}

net::Task<Exchange::Piece> HttpExchange::ReadFramed(Keep keep, net::Wait wait) {
  if (!failure_.ok()) co_return Failed(failure_);
  if (unreadable_ != nullptr) co_return Failed(Fail(FailureKind::kGarbage, peer() + ": " + unreadable_));
  if (!pending_.empty() || framer_.state() == http::BodyFramer::State::kComplete) co_return TakePending();

  const net::TimePoint began = loop_.now();
  const Step step(loop_, wait, timeouts_.idle, waited_);
  while (framer_.state() == http::BodyFramer::State::kMore) {
    const bool direct = keep == Keep::kYes && framer_.left() >= kLargeBody;
    std::span<char> into = loop_.scratch();
    if (direct) into = BodyBuffer();
    const net::IoResult result = co_await connection_->socket().Read(into, step.wait());
    if (!result.ok()) {
      waited_ += loop_.now() - began;
      co_return Broken(result, step);
    }
    waited_ = {};
    std::string_view data;
    framer_.Take(into.first(result.bytes), &data);
    const bool end = framer_.state() == http::BodyFramer::State::kComplete;
    if (data.empty() && !end) continue;
    if (framer_.state() == http::BodyFramer::State::kBad) break;
    if (keep == Keep::kYes && !direct) data = KeepData(data);
    if (end) Finish();
    co_return Piece{data, end, {}};
  }
  co_return Failed(Fail(FailureKind::kGarbage, "the body of " + peer() + " is broken: " + framer_.problem()));
}

net::Task<Exchange::Piece> HttpExchange::ReadInflated(net::Wait wait) {
  if (!failure_.ok()) co_return Failed(failure_);
  if (buffers_->inflated == nullptr) {
    buffers_->inflated = std::make_unique_for_overwrite<char[]>(Buffers::kInflatedBytes);
  }
  const std::span<char> out(buffers_->inflated.get(), Buffers::kInflatedBytes);
  for (;;) {
    size_t size = 0;
    const Gunzip::Result result = gunzip_->Next(out, &size);
    if (result == Gunzip::Result::kData) co_return Piece{{out.data(), size}, false, {}};
    if (result == Gunzip::Result::kBad) {
      co_return Failed(Fail(FailureKind::kGarbage, "the gzip body of the answer is broken"));
    }
    if (ended_) {
      if (gunzip_->complete()) co_return Piece{{}, true, {}};
      co_return Failed(Fail(FailureKind::kReset, "the gzip body of the answer is cut short"));
    }
    const Piece piece = co_await ReadFramed(Keep::kYes, wait);
    if (!piece.failure.ok()) co_return piece;
    ended_ = piece.end;
    gunzip_->Push(piece.data);
  }
}

std::span<char> HttpExchange::BodyBuffer() {
  if (buffers_->body == nullptr) {
    buffers_->body = std::make_unique_for_overwrite<char[]>(Buffers::kBodyBytes);
  }
  return {buffers_->body.get(), Buffers::kBodyBytes};
}

std::string_view HttpExchange::KeepData(std::string_view data) {
  if (data.empty()) return data;
  char* const kept = BodyBuffer().data();
  std::memcpy(kept, data.data(), data.size());
  return {kept, data.size()};
}

Exchange::Piece HttpExchange::Broken(const net::IoResult& result, const Step& step) {
  if (IsInterruption(result.code)) {
    Failure failure = step.Interrupted(result.code, FailureKind::kIdleTimeout,
                                       peer() + " sent nothing for " + ToText(step.limit()),
                                       "reading the answer of " + peer());
    // The reader's own limit says nothing of the connection.
    if (failure.kind == FailureKind::kDeadline) return {{}, false, std::move(failure)};
    return Failed(std::move(failure));
  }
  if (result.code == net::IoCode::kEof && framer_.TakeEof() == http::BodyFramer::State::kComplete) {
    Finish();
    return {{}, true, {}};
  }
  return Failed(Fail(FailureKind::kReset,
                     peer() + " closed the connection (" + std::string(net::ToString(result.code)) +
                         ") before the end of its answer: " + framer_.Missing() + " missing"));
}

Exchange::Piece HttpExchange::Failed(Failure failure) {
  failure.request_sent = true;
  Abort();
  failure_ = failure;
  pending_ = {};
  Piece piece;
  piece.failure = std::move(failure);
  return piece;
}

void HttpExchange::Finish() {
  if (write_cut_) return Abort();
  if (connection_ == nullptr) return;
  if (buffers_->head.keep_alive && framer_.excess().empty()) {
    connection_->socket().AllowPolling(false);
    return pool_.Give(std::move(connection_));
  }
  connection_.reset();
}

void HttpExchange::Abort() {
  if (connection_ == nullptr) return;
  // A FIN would wait behind bytes that a stalled server does not read, and some servers work on after one.
  connection_->socket().ResetOnClose();
  connection_.reset();
}

}  // namespace portolan::upstream
