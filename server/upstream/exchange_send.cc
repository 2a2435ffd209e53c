// The first half of an exchange: the request leaves, the answer's head comes.

#include <utility>

#include "server/upstream/exchange.h"

namespace portolan::upstream {
namespace {

// A write that makes no way is looked after this often: has the server answered already?
constexpr std::chrono::milliseconds kWriteSlice{250};

constexpr int kMaxInterimHeads = 16;

// One read takes the head and a small body; what is larger is read into buffers of its own.
constexpr size_t kFirstRead = 16 << 10;

// Steps over `bytes` that have left.
void Consume(size_t bytes, std::vector<std::string_view>* pieces) {
  auto piece = pieces->begin();
  for (; piece != pieces->end() && bytes >= piece->size(); ++piece) bytes -= piece->size();
  if (piece != pieces->end()) piece->remove_prefix(bytes);
  pieces->erase(pieces->begin(), piece);
}

}  // namespace

net::Task<Failure> HttpExchange::Start(std::unique_ptr<Connection> connection, const Request& request,
                                       net::Wait wait) {
  connection_ = std::move(connection);
  buffers_->pieces.clear();
  buffers_->pieces.push_back(buffers_->request_head);
  buffers_->pieces.insert(buffers_->pieces.end(), request.body.begin(), request.body.end());
  buffers_->answer.clear();
  scanned_ = 0;
  Failure failure = co_await WriteRequest(wait);
  if (failure.ok()) failure = co_await ReadHead(request.method, wait);
  if (!failure.ok()) {
    failure.request_sent = request_sent_;
    connection_.reset();
    co_return failure;
  }
  // With all of the answer here, the connection is free for the next call while this one looks at it.
  if (framer_.state() == BodyFramer::State::kComplete) Finish();
  co_return failure;
}

net::Task<Failure> HttpExchange::WriteRequest(net::Wait wait) {
  Step step(loop_, wait, timeouts_.idle);
  for (;;) {
    const net::IoResult result =
        co_await connection_->socket().Write(buffers_->pieces, step.wait_until(loop_.now() + kWriteSlice));
    request_sent_ = request_sent_ || result.bytes > 0;
    if (result.ok()) co_return Failure();
    Consume(result.bytes, &buffers_->pieces);
    // An answer that came early (too large, not allowed) is worth more than the error of writing on.
    const bool slice_over = result.code == net::IoCode::kTimeout && !step.over(loop_.UpdateNow());
    if ((slice_over || result.code == net::IoCode::kReset) && TakeEarlyAnswer()) co_return Failure();
    if (!slice_over) co_return WriteFailed(result, step);
    if (result.bytes > 0) step = Step(loop_, wait, timeouts_.idle);
  }
}

bool HttpExchange::TakeEarlyAnswer() {
  const std::span<char> scratch = loop_.scratch().first(kFirstRead);
  const net::IoResult result = connection_->socket().TryRead(scratch);
  if (!result.ok() || result.bytes == 0) return false;
  buffers_->answer.append(scratch.data(), result.bytes);
  answer_began_ = true;
  write_cut_ = true;
  return true;
}

Failure HttpExchange::WriteFailed(const net::IoResult& result, const Step& step) {
  if (result.code == net::IoCode::kTimeout || result.code == net::IoCode::kCancelled) {
    return step.Interrupted(result.code, FailureKind::kIdleTimeout,
                            peer() + " took no more of the request for " + ToText(step.limit()),
                            "sending the request to " + peer());
  }
  return Fail(FailureKind::kReset, peer() + " closed the connection while the request was being sent (" +
                                       std::string(net::ToString(result.code)) + ")");
}

net::Task<Failure> HttpExchange::ReadHead(std::string_view method, net::Wait wait) {
  const Step step(loop_, wait, timeouts_.first_byte);
  Failure failure;
  if (!buffers_->answer.empty() && ParseHead(method, &failure) != http::ParseState::kNeedMore)
    co_return failure;
  for (;;) {
    const std::span<char> scratch = loop_.scratch().first(kFirstRead);
    const net::IoResult result = co_await connection_->socket().Read(scratch, step.wait());
    if (!result.ok()) {
      if (result.code == net::IoCode::kTimeout || result.code == net::IoCode::kCancelled) {
        co_return step.Interrupted(result.code, FailureKind::kFirstByteTimeout,
                                   peer() + " did not answer within " + ToText(step.limit()),
                                   "waiting for the answer of " + peer());
      }
      co_return Fail(FailureKind::kReset,
                     peer() + " closed the connection " +
                         (answer_began_ ? "within the head of its answer" : "without an answer") + " (" +
                         std::string(net::ToString(result.code)) + ")");
    }
    answer_began_ = true;
    buffers_->answer.append(scratch.data(), result.bytes);
    if (ParseHead(method, &failure) != http::ParseState::kNeedMore) co_return failure;
  }
}

http::ParseState HttpExchange::ParseHead(std::string_view method, Failure* failure) {
  const auto garbage = [&](std::string why) {
    *failure = Fail(FailureKind::kGarbage, peer() + " does not speak HTTP as it should: " + why);
    return http::ParseState::kError;
  };
  std::string& answer = buffers_->answer;
  for (;;) {
    const http::ParseResult result = http::ParseResponseHead(answer, &scanned_, method, &buffers_->head);
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
