#pragma once

// How the service answers: each front implements ReplySink for one call. Writing awaits, which is the
// back-pressure.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/base/error.h"
#include "server/base/header.h"
#include "server/net/task.h"

namespace portolan::core {

// Status and headers of an answer. gRPC sends the headers as initial metadata (trailing, for errors).
struct ReplyHead {
  int status = 200;
  std::string_view content_type = "application/json";
  HeaderBlock headers;  // without content-type and what frames the body
  // Of an error: the request's id as the door's dialect tells it. Valid as long as the call.
  std::string_view request_id;
};

// What became of a write: false means that the caller is gone and the call's scope is cancelled.
using Delivered = bool;

// Exactly one of SendUnary*, SendError or (StartStream, Write*…, EndStream) happens, once. A sink destroyed
// unfinished breaks the call off (HTTP: the connection is closed; gRPC: CANCELLED).
class ReplySink {
 public:
  virtual ~ReplySink() = default;

  // True (gRPC): this front takes messages in protobuf's wire format; answers in the hub's dialect are
  // decoded straight into that, without making the message. False (REST): it takes JSON, and streams of SSE
  // bytes.
  virtual bool typed() const = 0;

  // A unary answer, which must stay valid until it is done.
  virtual net::Task<Delivered> SendJson(ReplyHead head, std::span<const std::string_view> pieces) = 0;
  virtual net::Task<Delivered> SendMessage(ReplyHead head, std::string_view wire) = 0;

  // An error before anything was sent. `provider_body`, if not empty, is the provider's own error body in the
  // caller's dialect, or of a call that is relayed: REST passes it untouched.
  virtual net::Task<Delivered> SendError(ReplyHead head, const Error& error,
                                         std::string_view provider_body) = 0;

  // Streams. The head may be held back until the first write, so that both leave together.
  virtual net::Task<Delivered> StartStream(ReplyHead head) = 0;
  // REST: whole SSE events.
  virtual net::Task<Delivered> WriteBytes(std::span<const std::string_view> pieces) = 0;
  // gRPC: a batch of chunks.
  virtual net::Task<Delivered> WriteMessages(std::span<const std::string_view> wires) = 0;
  // The end. With an error, REST sends `data: {"error":…}` and no end marker, gRPC a non-OK status. Without
  // one, REST has already been given the end marker by WriteBytes.
  virtual net::Task<Delivered> EndStream(const Error* error) = 0;

  // The answer to a call that is relayed: any status, type and body. `length`: of the body, if it is known.
  // Exactly one of SendError and (StartRelay, WriteRelay…, EndRelay) happens. Only for sinks of such calls.
  virtual net::Task<Delivered> StartRelay(ReplyHead /*head*/, std::optional<uint64_t> /*length*/) {
    return Misfit();
  }
  virtual net::Task<Delivered> WriteRelay(std::string_view /*data*/) { return Misfit(); }
  // With an error the body is not whole, and the caller is made to see that.
  virtual net::Task<Delivered> EndRelay(const Error* /*error*/) { return Misfit(); }

 private:
  static net::Task<Delivered> Misfit() { co_return false; }
};

}  // namespace portolan::core
