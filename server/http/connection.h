#pragma once

// One connection of the server and the coroutine that serves it. Internal to server/http.
//
// An idle connection holds this object, its socket and one small frame. What a request needs (Exchange) is
// borrowed from the server when its first byte arrives and given back when nothing is left to do.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "server/http/body.h"
#include "server/http/handler.h"
#include "server/http/response_writer.h"
#include "server/http/server.h"
#include "server/net/cancel.h"
#include "server/net/socket.h"

namespace portolan::http {

struct Exchange {
  explicit Exchange(Server& server) : writer(server) {}

  std::string input;   // received and not yet used up; the head's views point in here
  size_t scanned = 0;  // see ParseRequestHead
  size_t used = 0;     // bytes of `input` that belong to the request under way; 0: its head is not parsed
  bool boundary_known = false;  // its body is passed, so that another request may follow
  std::string surplus;          // read behind the end of a chunked body
  Request request;
  BodyCollector body;
  std::optional<net::CancelScope> scope;
  ResponseWriter writer;
};

class Connection {
 public:
  Connection(Server& server, std::unique_ptr<net::Socket> socket, std::shared_ptr<net::TlsContext> tls);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Serves until the connection is done with, then destroys it.
  static net::Task<void> Run(std::unique_ptr<Connection> self);

  // Ends the wait for the next request, or of one that is not whole yet.
  void CloseIdle();
  // Cancels the request under way and what else this waits for.
  void Shutdown(net::CancelReason reason);

 private:
  friend class Server;

  // What is to happen with a request whose head, or body, has been looked at.
  enum class Verdict : uint8_t { kGood, kRefuse, kGone };

  // How to close: at once, after the last answer in good order, or after the caller has read it and closed.
  enum class Ending : uint8_t { kDrop, kClose, kLinger };

  // Serves the requests that are in the input. True: the connection lives on.
  net::Task<bool> ServeInput();
  // Reads until a head is parsed. On kRefuse *refusal_ is set.
  net::Task<Verdict> ReadHead(ParseResult parsed);
  // Judges the head; sync, so that a refusal costs no body.
  Verdict ScreenHead();
  // Takes what has arrived of the body. nullopt: there must be more.
  std::optional<Verdict> TakeBody(std::string_view* input);
  net::Task<Verdict> ReadBody();
  Verdict Inflate();
  // What comes before the handler and after it.
  void BeginHandling();
  void EndHandling();
  // For a handler that gave no answer.
  net::Task<void> SendUnanswered();
  // Sends *refusal_.
  net::Task<void> SendRefusal();
  // Reads and drops until the caller closes.
  net::Task<void> Linger();

  Verdict Refuse(int status, std::string_view code, std::string_view message);
  Verdict RefuseSize();
  Verdict OnReadFailure(const net::IoResult& result, const char* what);
  // Passes over the body if it has arrived whole with its head.
  void SkipBufferedBody();
  // Makes room for the next request. False: nothing is left of the input.
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
