#include "server/core/relayed_body.h"

namespace portolan::core {

net::Task<bool> RelayedBody::Hold(size_t limit, net::Wait wait) {
  while (!whole_ && held_.size() <= limit) {
    const Piece piece = co_await source_.Read(wait);
    if (piece.failed) co_return false;
    held_ += piece.data;
    whole_ = piece.end;
  }
  co_return true;
}

net::Task<http::BodySource::Piece> RelayedBody::Read(net::Wait wait) {
  if (!spent_) {
    spent_ = true;
    if (whole_ || !held_.empty()) co_return Piece{held_, whole_, false};
  }
  co_return co_await source_.Read(wait);
}

}  // namespace portolan::core
