#pragma once

// What the HTTP server asks of the gateway: one Handler per shard, called once for every request.

#include <optional>
#include <string>
#include <string_view>

#include "server/base/header.h"
#include "server/http/message.h"
#include "server/net/cancel.h"
#include "server/net/loop.h"
#include "server/net/task.h"

namespace portolan::http {

class ResponseWriter;

// A request, read whole. Valid until Handler::Handle returns; `body` may be moved out.
struct Request {
  RequestHead head;       // without content-encoding if the body came compressed
  std::string body;       // de-chunked, and inflated if it came as gzip
  std::string_view peer;  // `127.0.0.1:50712`
  std::string_view
      client_subject;       // of the caller's verified TLS certificate, `CN=billing,O=Example`; or empty
  net::TimePoint received;  // when the head was complete
  // Cancelled with kClientGone when the caller closes or resets its connection, with kShutdown by
  // Server::Shutdown().
  net::CancelScope* scope = nullptr;
};

// An answer that is all there.
struct Answer {
  int status = 200;
  std::string_view content_type = "application/json";  // empty: none
  HeaderBlock headers;
  std::string body;
};

// {"error":{"message":…,"type":…,"param":null,"code":…}}, what OpenAI's clients expect of an error.
Answer ErrorAnswer(int status, std::string_view code, std::string_view message);

class Handler {
 public:
  virtual ~Handler() = default;

  // A connection was accepted; it is gone.
  virtual void OnConnectionOpened() {}
  virtual void OnConnectionClosed() {}

  // Makes the answer to a request that the server refuses by itself: malformed, too large, too slow. `head`
  // is null if there is none that could be read. By default ErrorAnswer.
  virtual Answer Refuse(int status, std::string_view code, std::string_view message, const RequestHead* head,
                        std::string_view peer);

  // Called as soon as a head is there, before any of its body is read and before `100 Continue`. An answer
  // given here refuses the request; unless the body had arrived already, the connection is closed after it.
  virtual std::optional<Answer> Screen(const RequestHead& head, std::string_view peer);

  // Answers the request through `writer`, which outlives the task. Returning with no answer sends a 500,
  // returning in the middle of a stream aborts it.
  virtual net::Task<void> Handle(Request& request, ResponseWriter& writer) = 0;
};

}  // namespace portolan::http
