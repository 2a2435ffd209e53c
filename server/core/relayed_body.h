#pragma once

// The body of a call that is relayed: held whole where it can be or must be, else passed on while it comes.
// Internal to core/.

#include <optional>
#include <string>
#include <string_view>

#include "server/base/byte_budget.h"
#include "server/http/body_source.h"

namespace portolan::core {

class RelayedBody final : public http::BodySource {
 public:
  // `source` and `budget` must outlive it. A body of more than `limit` bytes fails with a 413; 0: there is no
  // limit. What is held counts against `budget`, and fails with a 503 if it has no room; null: nothing is
  // counted.
  RelayedBody(http::BodySource& source, uint64_t limit, ByteBudget* budget)
      : source_(source), limit_(limit), budget_(budget), lease_(budget) {}

  // Reads until the body is whole() or more than `limit` bytes are held. False if that failed: by error(), or
  // by the end of the wait. What is held comes again from Read().
  net::Task<bool> Hold(size_t limit, net::Wait wait);

  // All of it is held, in text(), and may be sent as often as there are attempts.
  bool whole() const { return whole_; }
  std::string& text() { return held_; }
  // Some of it has left for an attempt, and cannot be sent again.
  bool spent() const { return spent_; }

  net::Task<Piece> Read(net::Wait wait) override;
  std::optional<uint64_t> length() const override { return source_.length(); }
  const std::optional<Error>& error() const override { return error_ ? error_ : source_.error(); }

 private:
  // The next bytes of the source.
  net::Task<Piece> Take(net::Wait wait);

  http::BodySource& source_;
  const uint64_t limit_;
  uint64_t taken_ = 0;
  std::optional<Error> error_;
  ByteBudget* const budget_;
  ByteBudget::Lease lease_;
  std::string held_;
  bool whole_ = false;
  bool spent_ = false;
};

}  // namespace portolan::core
