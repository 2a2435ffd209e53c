#pragma once

// What the HTTP server asks of the gateway. One Handler per shard, called on the shard's thread, once for
// every request.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/error.h"
#include "server/base/header.h"
#include "server/http/body_source.h"
#include "server/http/message.h"
#include "server/net/cancel.h"
#include "server/net/loop.h"
#include "server/net/task.h"

namespace portolan::http {

class ResponseWriter;

// How the handler is given a request's body.
enum class BodyMode : uint8_t {
  kWhole,     // de-chunked, and inflated if it came as gzip; up to ServerOptions::max_body_bytes
  kStreamed,  // as it comes, de-chunked alone
};

// A request. Valid until Handler::Handle returns; `body` may be moved from.
struct Request {
  RequestHead head;              // without content-encoding if the body came compressed and was inflated
  std::string body;              // kWhole
  BodySource* stream = nullptr;  // kStreamed, unless there is no body
  std::string_view peer;         // `127.0.0.1:50712`
  // Of the caller's verified TLS certificate, `CN=billing,O=Example`; or empty.
  std::string_view client_subject;
  net::TimePoint received;  // when the head was complete
  // Cancelled with kClientGone when the caller closes or resets its connection, with kShutdown by
  // Server::Shutdown().
  net::CancelScope* scope = nullptr;
};

// A whole answer.
struct Answer {
  int status = 200;
  std::string_view content_type = "application/json";  // empty: none
  HeaderBlock headers;
  std::string body;
};

// {"error":{"message":…,"type":…,"param":null,"code":…}}, what OpenAI's clients expect of an error.
Answer ErrorAnswer(int status, std::string_view code, std::string_view message);

// Why the server refuses a request by itself: it is malformed, too large, or too slow.
struct Refusal {
  int status = 400;
  std::string_view code;
  std::string_view message;
  std::optional<TimeLimit> limit;  // that ran out
};

class Handler {
 public:
  virtual ~Handler() = default;

  // Told of each connection when it is accepted, and when it is gone.
  virtual void OnConnectionOpened() {}
  virtual void OnConnectionClosed() {}

  // Makes the answer to a request that the server refuses by itself. `head` is null if there is none that
  // could be read. By default ErrorAnswer.
  virtual Answer Refuse(const Refusal& refusal, const RequestHead* head, std::string_view peer);

  // Called as soon as a head has come, before its body is read and before `100 Continue`. Returning an answer
  // refuses the request; the connection is then closed, unless the body had already arrived. Otherwise *body,
  // kWhole at first, says what is to be done with the body.
  virtual std::optional<Answer> Screen(const RequestHead& head, std::string_view peer, BodyMode* body);

  // Answers the request through `writer`, which outlives the task. Returning without an answer sends a 500;
  // returning in the middle of a stream aborts it. What was not read of a streamed body is dropped, and the
  // connection closed.
  virtual net::Task<void> Handle(Request& request, ResponseWriter& writer) = 0;
};

}  // namespace portolan::http
