#pragma once

// Writes the answer to one request, either whole or as a stream.
//
//   co_await writer.Send(200, "application/json", headers.text(), body_pieces);
//
//   writer.Start(200, "text/event-stream", headers.text());
//   if (!co_await writer.Write(pieces)) co_return;   // the caller is gone
//   co_await writer.Finish();

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "server/base/text_buffer.h"
#include "server/http/write_watch.h"
#include "server/net/cancel.h"
#include "server/net/socket.h"
#include "server/net/task.h"

namespace portolan::http {

class BodyReader;
struct RequestHead;
class Server;

// Every task returns false if the caller is gone: it closed, reset, or read nothing for the server's write
// time-out. The request's scope is then cancelled, and further writes do nothing.
//
// `headers` are whole lines, each with its CR LF, without Content-Type, Date, Connection and the headers that
// frame the body; they are copied. The bytes of the pieces must stay valid until the task is done, the span
// need not. In answer to HEAD no body is sent, whatever is written.
class ResponseWriter {
 public:
  explicit ResponseWriter(Server& server);
  ResponseWriter(const ResponseWriter&) = delete;
  ResponseWriter& operator=(const ResponseWriter&) = delete;

  // Sends a whole answer, head and body together. REQUIRES: nothing was sent or started; status >= 200.
  net::Task<bool> Send(int status, std::string_view content_type, std::string_view headers,
                       std::span<const std::string_view> body);

  // Begins a stream, whose head is held back until the first Write. `length`: how many bytes it will have, if
  // that is known; no more are sent, and a stream of fewer counts as broken off. REQUIRES: as for Send.
  void Start(int status, std::string_view content_type, std::string_view headers,
             std::optional<uint64_t> length = std::nullopt);
  // Sends the pieces as one chunk, in one system call if the caller keeps up, and returns when the kernel has
  // taken them all. If they are empty, sends only the head if that is still held back. REQUIRES: Start was
  // called; one Write at a time.
  net::Task<bool> Write(std::span<const std::string_view> pieces);
  // Sends the last bytes, if any, and ends the stream.
  net::Task<bool> Finish(std::span<const std::string_view> pieces = {});
  // Breaks the stream off in such a way that the caller can tell it is not whole.
  void Abort();

  // Whether Send or Start was called.
  bool started() const { return state_ != State::kFresh; }
  // Whether Start was called, and neither Finish nor Abort.
  bool streaming() const { return state_ == State::kStreaming; }

 private:
  friend class Connection;
  enum class State : uint8_t { kFresh, kStreaming, kDone, kBroken };

  // Prepares for the next request. `keep_alive`: the connection may be kept after the answer.
  void Reset(net::Socket* socket, net::CancelScope* scope, const RequestHead* head, bool keep_alive);
  // The body of the request, if it is read while it is answered; else null. What is left of it when the head
  // leaves ends the connection.
  void SetBody(const BodyReader* body) { body_ = body; }
  // Whether the whole answer has left.
  bool done() const { return state_ == State::kDone; }
  bool keep_alive() const { return keep_alive_ && done(); }

  void BeginHead(int status, std::string_view content_type, std::string_view headers);
  void EndHead();
  // Writes pieces_.
  net::Task<bool> Flush();
  net::Task<bool> Refused();
  bool CallerGone() const;
  // Whether the stream has room for the pieces, which are counted.
  bool Fits(std::span<const std::string_view> pieces);
  // Sets pieces_ to the head if it is held back, the pieces as a chunk, and `tail`.
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
  const BodyReader* body_ = nullptr;
  std::optional<uint64_t> left_;  // of a stream whose length was given
  TextBuffer text_;               // the head while it is held back; the size line of a chunk
  std::vector<std::string_view> pieces_;
  WriteWatch watch_;
};

}  // namespace portolan::http
