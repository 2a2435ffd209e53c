#include "server/http/response_writer.h"

#include "server/http/body_reader.h"
#include "server/http/message.h"
#include "server/http/server.h"

namespace portolan::http {
namespace {

// A writer that has served a large answer gives most of its memory back.
constexpr size_t kKeptText = 16 * 1024;
constexpr size_t kKeptPieces = 256;

size_t TotalSize(std::span<const std::string_view> pieces) {
  size_t size = 0;
  for (std::string_view piece : pieces) size += piece.size();
  return size;
}

}  // namespace

ResponseWriter::ResponseWriter(Server& server)
    : server_(server), watch_(server.loop_, server.options_.write_timeout) {}

void ResponseWriter::Reset(net::Socket* socket, net::CancelScope* scope, const RequestHead* head,
                           bool keep_alive) {
  socket_ = socket;
  scope_ = scope;
  state_ = State::kFresh;
  head_request_ = head != nullptr && head->method == "HEAD";
  http10_ = head != nullptr && head->minor_version == 0;
  keep_alive_ = keep_alive;
  chunked_ = false;
  bodiless_ = false;
  left_.reset();
  if (text_.capacity() > kKeptText) text_ = TextBuffer();
  if (pieces_.capacity() > kKeptPieces) std::vector<std::string_view>().swap(pieces_);
}

void ResponseWriter::BeginHead(int status, std::string_view content_type, std::string_view headers) {
  bodiless_ = head_request_ || status == 204 || status == 304;
  keep_alive_ = keep_alive_ && !server_.draining();
  if (body_ != nullptr && !body_->complete()) keep_alive_ = false;
  text_.clear();
  AppendStatusLine(status, &text_);
  if (content_type.empty()) {
    text_.Append(server_.DateLine(), headers);
  } else {
    text_.Append(server_.DateLine(), "content-type: ", content_type, "\r\n", headers);
  }
}

void ResponseWriter::EndHead() {
  if (!keep_alive_) {
    text_.Append("connection: close\r\n\r\n");
  } else if (http10_) {
    text_.Append("connection: keep-alive\r\n\r\n");
  } else {
    text_.Append("\r\n");
  }
}

net::Task<bool> ResponseWriter::Send(int status, std::string_view content_type, std::string_view headers,
                                     std::span<const std::string_view> body) {
  if (state_ != State::kFresh) return Refused();
  BeginHead(status, content_type, headers);
  if (status != 204 && status != 304) {
    text_.Append("content-length: ", Digits(TotalSize(body)), "\r\n");
  }
  EndHead();
  pieces_.clear();
  pieces_.push_back(text_.view());
  if (!bodiless_) pieces_.insert(pieces_.end(), body.begin(), body.end());
  state_ = State::kDone;
  return Flush();
}

void ResponseWriter::Start(int status, std::string_view content_type, std::string_view headers,
                           std::optional<uint64_t> length) {
  if (state_ != State::kFresh) return;
  left_ = length;
  // HTTP/1.0 knows no chunks: there the end of the connection ends the body.
  chunked_ = !length && !http10_;
  if (!length && !chunked_) keep_alive_ = false;
  BeginHead(status, content_type, headers);
  if (length && status != 204) {
    text_.Append("content-length: ", Digits(*length), "\r\n");
  } else if (chunked_ && status != 204 && status != 304) {
    text_.Append("transfer-encoding: chunked\r\n");
  }
  EndHead();
  state_ = State::kStreaming;
}

void ResponseWriter::Frame(std::span<const std::string_view> pieces, std::string_view tail,
                           std::string_view tail_if_empty) {
  const size_t size = bodiless_ ? 0 : TotalSize(pieces);
  const bool chunk = chunked_ && !bodiless_;
  if (chunk && size > 0) {
    text_.Append(Digits(size, 16), "\r\n");
  }
  pieces_.clear();
  pieces_.push_back(text_.view());
  if (size > 0) pieces_.insert(pieces_.end(), pieces.begin(), pieces.end());
  if (chunk) pieces_.push_back(size > 0 ? tail : tail_if_empty);
}

bool ResponseWriter::Fits(std::span<const std::string_view> pieces) {
  if (!left_ || bodiless_) return true;
  const size_t size = TotalSize(pieces);
  if (size > *left_) return false;
  *left_ -= size;
  return true;
}

net::Task<bool> ResponseWriter::Write(std::span<const std::string_view> pieces) {
  if (state_ != State::kStreaming || CallerGone() || !Fits(pieces)) return Refused();
  Frame(pieces, "\r\n", "");
  return Flush();
}

net::Task<bool> ResponseWriter::Finish(std::span<const std::string_view> pieces) {
  // If the caller was taken to be gone but reads on after all, what it gets must not look whole.
  const bool whole = Fits(pieces) && (left_.value_or(0) == 0 || bodiless_);
  if (CallerGone() || !whole) Abort();
  if (state_ != State::kStreaming) return Refused();
  Frame(pieces, "\r\n0\r\n\r\n", "0\r\n\r\n");
  state_ = State::kDone;
  return Flush();
}

void ResponseWriter::Abort() {
  if (state_ != State::kStreaming) return;
  state_ = State::kBroken;
  // In chunked framing the missing last chunk tells the caller. Otherwise only a reset does: an orderly end
  // would look like the end of the body.
  if (!chunked_) socket_->ResetOnClose();
}

net::Task<bool> ResponseWriter::Refused() { co_return false; }

bool ResponseWriter::CallerGone() const { return scope_->reason() == net::CancelReason::kClientGone; }

net::Task<bool> ResponseWriter::Flush() {
  const net::Wait wait{net::kNever, watch_.Begin(socket_->fd(), scope_)};
  const net::IoResult written = co_await socket_->Write(pieces_, wait);
  watch_.End();
  text_.clear();
  if (written.ok()) co_return true;
  Abort();
  state_ = State::kBroken;
  // The kernel need not keep what such a caller does not read.
  if (watch_.stalled()) socket_->ResetOnClose();
  scope_->Cancel(net::CancelReason::kClientGone);
  co_return false;
}

}  // namespace portolan::http
