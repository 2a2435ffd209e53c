#include "server/http/body_reader.h"

#include <algorithm>
#include <utility>

namespace portolan::http {

BodyReader::BodyReader(net::Socket& socket, const RequestHead& head, std::span<char> arrived,
                       const Limits& limits, net::CancelScope& scope)
    : socket_(socket),
      arrived_(arrived),
      limits_(limits),
      scope_(scope),
      length_(head.framing == BodyFraming::kChunked ? std::nullopt
                                                    : std::optional<uint64_t>(head.content_length)),
      expects_continue_(head.expect_continue) {
  framer_.Start(head.framing, head.content_length);
}

std::optional<uint64_t> BodyReader::length() const { return length_; }

std::string BodyReader::TakeSurplus() {
  surplus_.append(arrived_.data(), arrived_.size());
  arrived_ = {};
  return std::move(surplus_);
}

net::Task<BodySource::Piece> BodyReader::Read(net::Wait wait) {
  if (complete()) co_return Piece{{}, true, false};
  if (!arrived_.empty()) {
    expects_continue_ = false;
    const Piece piece = Take(std::exchange(arrived_, {}));
    if (!piece.data.empty() || piece.end || piece.failed) co_return piece;
  }
  if (std::exchange(expects_continue_, false)) {
    const std::string_view pieces[] = {"HTTP/1.1 100 Continue\r\n\r\n"};
    const net::Wait limit{std::min(wait.deadline, socket_.loop().now() + limits_.write), wait.scope};
    const net::IoResult sent = co_await socket_.Write(pieces, limit);
    if (!sent.ok()) co_return OnFailure(sent, /*own_limit=*/false);
  }
  PrepareBuffer();
  const net::TimePoint idle = socket_.loop().now() + limits_.idle;
  while (true) {
    // Not past the end, as far as it is known: what follows is the next request.
    const uint64_t left = framer_.left() == 0 ? buffer_bytes_ : framer_.left();
    const size_t size = static_cast<size_t>(std::min<uint64_t>(left, buffer_bytes_));
    const net::IoResult got =
        co_await socket_.Read({buffer_.get(), size}, {std::min(wait.deadline, idle), wait.scope});
    if (!got.ok()) co_return OnFailure(got, idle < wait.deadline);
    filled_ = got.bytes == buffer_bytes_;
    const Piece piece = Take({buffer_.get(), got.bytes});
    if (!piece.data.empty() || piece.end || piece.failed) co_return piece;
  }
}

void BodyReader::PrepareBuffer() {
  if (buffer_ != nullptr && (!filled_ || buffer_bytes_ >= kMostBytes)) return;
  buffer_bytes_ = buffer_ == nullptr ? kFirstBytes : 2 * buffer_bytes_;
  buffer_ = std::make_unique_for_overwrite<char[]>(buffer_bytes_);
}

BodySource::Piece BodyReader::Take(std::span<char> raw) {
  std::string_view data;
  const BodyFramer::State state = framer_.Take(raw, &data);
  if (state == BodyFramer::State::kBad) return Fail(400, "malformed_http", framer_.problem());
  surplus_.append(framer_.excess());
  return {data, complete(), false};
}

BodySource::Piece BodyReader::Fail(int status, std::string_view code, std::string message,
                                   std::optional<TimeLimit> limit) {
  error_ = Error::InvalidRequest(std::string(code), std::move(message));
  error_->http_status = status;
  error_->limit = limit;
  return {{}, false, true};
}

BodySource::Piece BodyReader::OnFailure(const net::IoResult& result, bool own_limit) {
  const Piece failed{{}, false, true};
  if (result.code == net::IoCode::kCancelled) return failed;
  if (result.code != net::IoCode::kTimeout) {
    if (!scope_.cancelled()) scope_.Cancel(net::CancelReason::kClientGone);
    return failed;
  }
  if (!own_limit) return failed;
  return Fail(
      408, "request_timeout",
      "nothing more of the request's body arrived within " + std::to_string(limits_.idle.count()) + " ms",
      TimeLimit{"body_arrival", "gateway", limits_.idle});
}

}  // namespace portolan::http
