#pragma once

// Writes the answer to one request: either whole, or as a stream.
//
//   co_await writer.Send(200, "application/json", headers.text(), body_pieces);
//
//   writer.Start(200, "text/event-stream", headers.text());
//   if (!co_await writer.Write(pieces)) co_return;   // the caller is gone
//   co_await writer.Finish();

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "server/base/text_buffer.h"
#include "server/http/write_watch.h"
#include "server/net/cancel.h"
#include "server/net/socket.h"
#include "server/net/task.h"

namespace portolan::http {

struct RequestHead;
class Server;

// Every task gives false when the caller is gone (it closed, reset, or read nothing for the server's write
// time-out); the request's scope is cancelled then, and further writes do nothing. `headers` are whole lines,
// each with its CR LF, without Content-Type, Date, Connection and what frames the body; they are copied. The
// bytes of the pieces must stay valid until the task is done, the span need not. To HEAD no body is sent,
// whatever is written.
class ResponseWriter {
 public:
  explicit ResponseWriter(Server& server);
  ResponseWriter(const ResponseWriter&) = delete;
  ResponseWriter& operator=(const ResponseWriter&) = delete;

  // A whole answer: head and body leave together. REQUIRES: nothing was sent or started; status >= 200.
  net::Task<bool> Send(int status, std::string_view content_type, std::string_view headers,
                       std::span<const std::string_view> body);

  // Begins a stream. Its head is held back and leaves with the first Write. REQUIRES: as Send.
  void Start(int status, std::string_view content_type, std::string_view headers);
  // The pieces leave as one chunk, in one system call if the caller keeps up; returns when the kernel has
  // taken them all. Without a byte in them: sends the head, if it is held back still. REQUIRES: Start, and
  // one Write at a time.
  net::Task<bool> Write(std::span<const std::string_view> pieces);
  // The last bytes, if any, and the end of the stream.
  net::Task<bool> Finish(std::span<const std::string_view> pieces = {});
  // Breaks the stream off so that the caller can tell that it is not whole.
  void Abort();

  // The head has been given, by Send or by Start.
  bool started() const { return state_ != State::kFresh; }
  // A Start without its Finish.
  bool streaming() const { return state_ == State::kStreaming; }

 private:
  friend class Connection;
  enum class State : uint8_t { kFresh, kStreaming, kDone, kBroken };

  // For the next request. `keep_alive` is what the connection would like.
  void Reset(net::Socket* socket, net::CancelScope* scope, const RequestHead* head, bool keep_alive);
  // The answer has left whole.
  bool done() const { return state_ == State::kDone; }
  bool keep_alive() const { return keep_alive_ && done(); }

  void BeginHead(int status, std::string_view content_type, std::string_view headers);
  void EndHead();
  // pieces_ are set: writes them.
  net::Task<bool> Flush();
  net::Task<bool> Refused();
  bool CallerGone() const;
  // Sets pieces_: what is held back, the pieces as a chunk, and `tail`.
  void Frame(std::span<const std::string_view> pieces, std::string_view tail, std::string_view tail_if_empty);

  Server& server_;
  net::Socket* socket_ = nullptr;
  net::CancelScope* scope_ = nullptr;
  State state_ = State::kFresh;
  bool head_request_ = false;
  bool http10_ = false;
  bool keep_alive_ = false;
  bool chunked_ = false;
  bool bodiless_ = false;
  TextBuffer text_;  // the head as long as it is held back, a chunk's size line
  std::vector<std::string_view> pieces_;
  WriteWatch watch_;
};

}  // namespace portolan::http
