// The first half of an exchange: the request leaves, the answer's head comes.

#include <utility>

#include "server/upstream/exchange.h"

namespace portolan::upstream {
namespace {

// Written at a time; each such part has the idle time-out for itself.
constexpr size_t kPartBytes = 256 << 10;
// A request of this size may stall because the server has stopped reading and answered: that is looked for.
constexpr size_t kWatchedBytes = 64 << 10;
constexpr std::chrono::milliseconds kWatchPeriod{100};
// For what a server said before it closed.
constexpr std::chrono::milliseconds kLastWords{200};

constexpr int kMaxInterimHeads = 16;

// One read takes the head and a small body; what is larger is read into buffers of its own.
constexpr size_t kFirstRead = 16 << 10;

// Adds `text`, cut so that no piece is larger than a part.
void AddPieces(std::string_view text, std::vector<std::string_view>* pieces) {
  while (text.size() > kPartBytes) {
    pieces->push_back(text.substr(0, kPartBytes));
    text.remove_prefix(kPartBytes);
  }
  if (!text.empty()) pieces->push_back(text);
}

// As many of the pieces as make a part.
std::span<const std::string_view> FirstPart(std::span<const std::string_view> pieces) {
  size_t count = 0;
  for (size_t bytes = 0; count < pieces.size(); ++count) {
    bytes += pieces[count].size();
    if (bytes > kPartBytes && count > 0) break;
  }
  return pieces.first(count);
}

}  // namespace

// Ends a write when the answer is here before the request is gone (too large, not allowed): that answer is
// worth more than the error that writing on would end in.
class HttpExchange::AnswerWatch final : private net::Timer, private net::CancelScope::Hook {
 public:
  AnswerWatch(HttpExchange& exchange, net::CancelScope* outer)
      : net::Timer(exchange.loop_), exchange_(exchange) {
    if (outer != nullptr && outer->cancelled()) scope_.Cancel(outer->reason());
    Link(outer);
    Arm(exchange_.loop_.now() + kWatchPeriod);
  }
  net::CancelScope* scope() { return &scope_; }

 private:
  void OnTimer() override {
    if (exchange_.TakeEarlyAnswer()) return scope_.Cancel(net::CancelReason::kAbandoned);
    Arm(exchange_.loop_.now() + kWatchPeriod);
  }
  void OnCancel(net::CancelReason reason) override { scope_.Cancel(reason); }

  HttpExchange& exchange_;
  net::CancelScope scope_;
};

HttpExchange::HttpExchange(net::Loop& loop, Pool& pool, BufferCache& cache, std::unique_ptr<Buffers> buffers,
                           const Request& request, const Timeouts& timeouts)
    : loop_(loop),
      pool_(pool),
      cache_(cache),
      buffers_(std::move(buffers)),
      timeouts_(timeouts),
      method_(request.method),
      source_(request.source),
      keep_encoding_(request.keep_encoding) {
  std::vector<std::string_view>& pieces = buffers_->pieces;
  pieces.clear();
  AddPieces(buffers_->request_head.view(), &pieces);
  for (const std::string_view piece : request.body) AddPieces(piece, &pieces);
  for (const std::string_view piece : pieces) request_bytes_ += piece.size();
}

net::Task<Failure> HttpExchange::Start(std::unique_ptr<Connection> connection, net::Wait wait) {
  connection_ = std::move(connection);
  buffers_->answer.clear();
  scanned_ = 0;
  Failure failure;
  net::IoResult result;
  last_write_ = loop_.now();
  if (source_ != nullptr) {
    result = co_await WriteFromSource(wait);
  } else if (request_bytes_ <= kWatchedBytes) {
    result = co_await connection_->socket().Write(buffers_->pieces, Step(loop_, wait, timeouts_.idle).wait());
    request_sent_ = request_sent_ || result.bytes > 0;
  } else {
    result = co_await WriteWatched(wait);
  }
  if (result.ok()) last_write_ = loop_.now();
  died_ = loop_.now();
  if (!result.ok() && !write_cut_) failure = co_await AfterBrokenWrite(result, wait);

  const Step step(loop_, wait, timeouts_.first_byte);
  bool more = failure.ok();
  if (more && !buffers_->answer.empty()) more = ParseHead(&failure) == http::ParseState::kNeedMore;
  while (more) {
    const std::span<char> scratch = loop_.scratch().first(kFirstRead);
    result = co_await connection_->socket().Read(scratch, step.wait());
    if (!result.ok()) {
      died_ = loop_.now();
      failure = HeadMissing(result, step);
      break;
    }
    answer_began_ = true;
    buffers_->answer.append(scratch.data(), result.bytes);
    more = ParseHead(&failure) == http::ParseState::kNeedMore;
  }
  failure.request_sent = !failure.ok() && request_sent_;
  // With all of the answer here, the connection is free for the next call while this one looks at it.
  if (failure.ok() && framer_.state() == http::BodyFramer::State::kComplete) Finish();
  co_return failure;
}

net::Task<net::IoResult> HttpExchange::WriteWatched(net::Wait wait) {
  std::span<const std::string_view> left = buffers_->pieces;
  AnswerWatch watch(*this, wait.scope);
  net::IoResult result;
  while (result.ok() && !left.empty() && !write_cut_) {
    const std::span<const std::string_view> part = FirstPart(left);
    net::Wait limits = Step(loop_, wait, timeouts_.idle).wait();
    limits.scope = watch.scope();
    result = co_await connection_->socket().Write(part, limits);
    request_sent_ = request_sent_ || result.bytes > 0;
    if (result.ok()) last_write_ = loop_.now();
    left = left.subspan(part.size());
    if (result.ok() && !left.empty()) TakeEarlyAnswer();
  }
  co_return result;
}

net::Task<net::IoResult> HttpExchange::WriteFromSource(net::Wait wait) {
  AnswerWatch watch(*this, wait.scope);
  const bool chunked = !source_->length();
  TextBuffer size_line;
  std::vector<std::string_view>& pieces = buffers_->pieces;
  net::IoResult result;
  bool end = false;
  // The head leaves with the first bytes of the body.
  while (result.ok() && !end && !write_cut_) {
    const http::BodySource::Piece piece = co_await source_->Read({wait.deadline, watch.scope()});
    if (write_cut_) break;
    if (piece.failed) {
      const bool cancelled = wait.scope != nullptr && wait.scope->cancelled();
      result.code = cancelled ? net::IoCode::kCancelled : net::IoCode::kTimeout;
      break;
    }
    end = piece.end;
    size_line.clear();
    if (chunked && !piece.data.empty()) {
      size_line.Append(Digits(piece.data.size(), 16), "\r\n");
      pieces.push_back(size_line.view());
    }
    pieces.push_back(piece.data);
    if (chunked && !piece.data.empty()) pieces.emplace_back("\r\n");
    if (chunked && end) pieces.emplace_back("0\r\n\r\n");
    net::Wait limits = Step(loop_, wait, timeouts_.idle).wait();
    limits.scope = watch.scope();
    result = co_await connection_->socket().Write(pieces, limits);
    pieces.clear();
    request_sent_ = request_sent_ || result.bytes > 0;
    if (result.ok()) last_write_ = loop_.now();
  }
  co_return result;
}

bool HttpExchange::TakeEarlyAnswer() {
  const std::span<char> scratch = loop_.scratch().first(kFirstRead);
  const net::IoResult result = connection_->socket().TryRead(scratch);
  return result.ok() && KeepEarlyAnswer(scratch.first(result.bytes));
}

net::Task<Failure> HttpExchange::AfterBrokenWrite(net::IoResult written, net::Wait wait) {
  const Step step(loop_, wait, timeouts_.idle);
  if (source_ != nullptr && source_->error()) co_return Fail(FailureKind::kSource, source_->error()->message);
  if (written.code == net::IoCode::kReset) co_await ReadLastWords(step);
  if (write_cut_) co_return Failure();
  if (written.code == net::IoCode::kTimeout || written.code == net::IoCode::kCancelled) {
    co_return step.Interrupted(written.code, FailureKind::kIdleTimeout,
                               peer() + " took no more of the request for " + ToText(step.limit()),
                               "sending the request to " + peer());
  }
  co_return Fail(FailureKind::kReset, peer() + " closed the connection while the request was being sent (" +
                                          std::string(net::ToString(written.code)) + ")");
}

net::Task<void> HttpExchange::ReadLastWords(const Step& step) {
  // What came before the reset is still there to be read, but the loop may not have told of it yet.
  const std::span<char> scratch = loop_.scratch().first(kFirstRead);
  const net::IoResult result =
      co_await connection_->socket().Read(scratch, step.wait_until(loop_.UpdateNow() + kLastWords));
  if (result.ok()) KeepEarlyAnswer(scratch.first(result.bytes));
}

bool HttpExchange::KeepEarlyAnswer(std::span<const char> bytes) {
  if (bytes.empty()) return false;
  buffers_->answer.append(bytes.data(), bytes.size());
  answer_began_ = true;
  write_cut_ = true;
  return true;
}

Failure HttpExchange::HeadMissing(const net::IoResult& result, const Step& step) {
  if (result.code == net::IoCode::kTimeout || result.code == net::IoCode::kCancelled) {
    return step.Interrupted(result.code, FailureKind::kFirstByteTimeout,
                            peer() + " did not answer within " + ToText(step.limit()),
                            "waiting for the answer of " + peer());
  }
  return Fail(FailureKind::kReset,
              peer() + " closed the connection " +
                  (answer_began_ ? "within the head of its answer" : "without an answer") + " (" +
                  std::string(net::ToString(result.code)) + ")");
}

http::ParseState HttpExchange::ParseHead(Failure* failure) {
  const auto garbage = [&](std::string why) {
    *failure = Fail(FailureKind::kGarbage, peer() + " does not speak HTTP as it should: " + why);
    return http::ParseState::kError;
  };
  std::string& answer = buffers_->answer;
  for (;;) {
    const http::ParseResult result = http::ParseResponseHead(answer, &scanned_, method_, &buffers_->head);
    if (result.state == http::ParseState::kError) return garbage(result.problem);
    if (result.state == http::ParseState::kNeedMore) return result.state;
    if (buffers_->head.status == 101) return garbage("it switched protocols unasked");
    if (buffers_->head.status >= 200) {
      StartBody(result.consumed);
      return result.state;
    }
    if (++interim_heads_ > kMaxInterimHeads) return garbage("too many interim answers (1xx)");
    answer.erase(0, result.consumed);
    scanned_ = 0;
    if (answer.empty()) return http::ParseState::kNeedMore;
  }
}

}  // namespace portolan::upstream
