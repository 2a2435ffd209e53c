#pragma once

// One connection of the server and the coroutine that serves it. Internal to server/http.
//
// An idle connection holds only this object, its socket and one small frame. What a request needs (Exchange)
// is borrowed from the server when the first byte arrives and given back when no request is left.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "server/http/body.h"
#include "server/http/body_reader.h"
#include "server/http/handler.h"
#include "server/http/response_writer.h"
#include "server/http/server.h"
#include "server/net/cancel.h"
#include "server/net/socket.h"

namespace portolan::http {

struct Exchange {
  explicit Exchange(Server& server);

  std::string input;   // received and not yet used; the head's views point into it
  size_t scanned = 0;  // see ParseRequestHead
  size_t used = 0;     // bytes of `input` that belong to the request under way; 0: its head is not parsed yet
  bool boundary_known = false;  // the end of its body is known, so that another request may follow
  std::string surplus;          // read past the end of a chunked body
  Request request;
  BodyMode body_mode = BodyMode::kWhole;
  BodyCollector body;
  ByteBudget::Lease held;            // for a body that is not small
  std::optional<BodyReader> reader;  // kStreamed, while the handler has the request
  std::optional<net::CancelScope> scope;
  ResponseWriter writer;
};

class Connection {
 public:
  Connection(Server& server, std::unique_ptr<net::Socket> socket, std::shared_ptr<net::TlsContext> tls);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Serves until the connection ends, then destroys it.
  static net::Task<void> Run(std::unique_ptr<Connection> self);

  // Ends the wait for the next request, or for the rest of one.
  void CloseIdle();
  // Cancels the request under way and every other wait.
  void Shutdown(net::CancelReason reason);

 private:
  friend class Server;

  // What to do with a request once its head, or its body, has been looked at. kGone: the caller is.
  enum class Verdict : uint8_t { kGood, kRefuse, kGone };

  // How to close: at once, in good order after the last answer, or once the caller has read that and closed.
  enum class Ending : uint8_t { kDrop, kClose, kLinger };

  // Serves the requests in the input. True if the connection lives on.
  net::Task<bool> ServeInput();
  // Reads until a head is parsed. On kRefuse *refusal_ is set.
  net::Task<Verdict> ReadHead(ParseResult parsed);
  // Judges the head. It does not await, so that a refusal reads no body.
  Verdict ScreenHead();
  // Takes what has arrived of the body. nullopt if there is more to come.
  std::optional<Verdict> TakeBody(std::string_view* input);
  net::Task<Verdict> ReadBody();
  Verdict Inflate();
  // What is done before and after the handler.
  void BeginHandling();
  void EndHandling();
  // Hands the body to the handler as it comes.
  void StreamBody();
  // After the handler: finds out where the next request begins.
  void EndStreamedBody();
  // Answers for a handler that gave no answer.
  net::Task<void> SendUnanswered();
  // Sends *refusal_.
  net::Task<void> SendRefusal();
  // Reads and drops until the caller closes.
  net::Task<void> Linger();

  Verdict Refuse(int status, std::string_view code, std::string_view message,
                 std::optional<TimeLimit> limit = {});
  // A head that is not good HTTP.
  Verdict RefuseParsed(const ParseResult& parsed);
  Verdict RefuseSize();
  // Whether a body of this length, which is the first that is known of it, may come at all.
  bool MayCome(uint64_t length) const { return length <= server_.large_body_ || MayComeLarge(length); }
  bool MayComeLarge(uint64_t length) const;
  Verdict RefuseLength(uint64_t length);
  // Counts what is held of the body. False if there is no room.
  bool CountBody();
  Verdict RefuseForRoom();
  // `clock`: the limit that the read was given.
  Verdict OnReadFailure(const net::IoResult& result, std::string_view clock, std::chrono::milliseconds limit);
  // Skips the body if it has arrived whole with its head.
  void SkipBufferedBody();
  // Drops the request from the input. False if nothing is left of that.
  bool Advance();
  void OnPeerClosed();
  net::Wait Until(std::chrono::milliseconds timeout);
  net::Task<bool> SendContinue();

  Server& server_;
  std::unique_ptr<net::Socket> socket_;
  std::shared_ptr<net::TlsContext> tls_;
  std::string peer_;
  std::string client_subject_;
  Connection* previous_ = nullptr;  // in the server's list
  Connection* next_ = nullptr;
  net::CancelScope closing_;  // ends every wait outside the handler
  std::unique_ptr<Exchange> exchange_;
  std::unique_ptr<Answer> refusal_;
  bool handling_ = false;
  bool lingering_ = false;
  Ending ending_ = Ending::kDrop;
};

}  // namespace portolan::http
