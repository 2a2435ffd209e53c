#include "server/core/relayed_body.h"

#include <algorithm>

namespace portolan::core {

net::Task<bool> RelayedBody::Hold(size_t limit, net::Wait wait) {
  while (!whole_ && held_.size() <= limit) {
    const Piece piece = co_await Take(wait);
    if (piece.failed) co_return false;
    held_ += piece.data;
    // What is past the limit is refused by whoever asked.
    if (held_.size() <= limit && !lease_.TryHold(held_.size())) {
      error_ = Overloaded(*budget_);
      co_return false;
    }
    whole_ = piece.end;
  }
  co_return true;
}

net::Task<http::BodySource::Piece> RelayedBody::Read(net::Wait wait) {
  if (!spent_) {
    spent_ = true;
    if (whole_ || !held_.empty()) co_return Piece{held_, whole_, false};
  }
  co_return co_await Take(wait);
}

net::Task<http::BodySource::Piece> RelayedBody::Take(net::Wait wait) {
  Piece piece;
  // One that says that it is too large is not read at all.
  uint64_t size = source_.length().value_or(0);
  if (limit_ == 0 || size <= limit_) {
    piece = co_await source_.Read(wait);
    taken_ += piece.data.size();
    size = std::max(size, taken_);
  }
  if (limit_ == 0 || size <= limit_) co_return piece;
  error_ = Error::InvalidRequest("body_too_large", "the request's body is larger than the limit of " +
                                                       std::to_string(limit_) + " bytes");
  error_->http_status = 413;
  co_return Piece{{}, false, true};
}

}  // namespace portolan::core
