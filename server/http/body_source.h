#pragma once

// A body that is passed on while it arrives, instead of being held whole.

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/base/error.h"
#include "server/net/loop.h"
#include "server/net/task.h"

namespace portolan::http {

// Whoever sends the body is read no further than it is asked for here, which is the back-pressure. For the
// thread of the call.
class BodySource {
 public:
  virtual ~BodySource() = default;

  struct Piece {
    std::string_view data;  // valid until the next Read
    bool end = false;       // the body is complete; may come with data
    bool failed = false;    // by error(), or by the end of the wait
  };
  // The next bytes, without their framing: at least one, unless it is the end or it failed. One Read at a
  // time. Not to be called again after the end, nor after a failure that error() tells of.
  virtual net::Task<Piece> Read(net::Wait wait) = 0;

  // How many bytes the whole body has; nullopt: only its end will tell.
  virtual std::optional<uint64_t> length() const = 0;
  // Why the sender's body is no good, to be told to the sender; nullopt as long as it is. A sender that has
  // left is told nothing: the call's scope is cancelled.
  virtual const std::optional<Error>& error() const = 0;
};

}  // namespace portolan::http
