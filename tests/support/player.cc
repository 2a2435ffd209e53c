#include "tests/support/player.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace portolan::test {
namespace {

constexpr size_t kSendPiece = 64 * 1024;

// Splits a head into the request's parts.
void ParseHead(const std::string& head, SeenRequest* request) {
  request->raw_head = head;
  size_t line_end = head.find("\r\n");
  const std::string line = head.substr(0, line_end);
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  request->method = line.substr(0, first);
  if (first != std::string::npos && last > first) request->target = line.substr(first + 1, last - first - 1);
  if (last != std::string::npos) request->version = line.substr(last + 1);
  while (line_end != std::string::npos) {
    const size_t start = line_end + 2;
    line_end = head.find("\r\n", start);
    const std::string field = head.substr(start, line_end == std::string::npos ? line_end : line_end - start);
    const size_t colon = field.find(':');
    if (field.empty() || colon == std::string::npos) continue;
    const size_t value = field.find_first_not_of(" \t", colon + 1);
    request->headers.emplace_back(field.substr(0, colon),
                                  value == std::string::npos ? "" : field.substr(value));
  }
}

}  // namespace

WireEnd Player::ReadHead(SeenRequest* request) {
  size_t end;
  while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
    const WireEnd result = More();
    if (result != WireEnd::kOpen) return result;
  }
  ParseHead(input_.substr(0, end + 2), request);
  input_.erase(0, end + 4);
  return WireEnd::kOpen;
}

WireEnd Player::ReadBody(SeenRequest* request) {
  if (strcasecmp(request->Header("Transfer-Encoding").c_str(), "chunked") == 0) return ReadChunks(request);
  const std::string length = request->Header("Content-Length");
  return length.empty() ? WireEnd::kOpen : Take(std::strtoull(length.c_str(), nullptr, 10), &request->body);
}

WireEnd Player::Play(const Script& script, bool* closed) {
  for (const Script::Step& step : script.steps()) {
    const WireEnd end = PlayStep(step, closed);
    if (end != WireEnd::kOpen || *closed) return end;
  }
  return WireEnd::kOpen;
}

WireEnd Player::PlayStep(const Script::Step& step, bool* closed) {
  using Kind = Script::Step::Kind;
  switch (step.kind) {
    case Kind::kSend:
      return SendBytes(step.bytes);
    case Kind::kStream:
      for (size_t i = 0; i < step.size; ++i) {
        const WireEnd end = SendBytes(step.piece(i));
        if (end != WireEnd::kOpen) return end;
      }
      return WireEnd::kOpen;
    case Kind::kSplit:
      return SendSplit(step.bytes, step.size);
    case Kind::kHold:
      return wire_.WaitFor(step.latch->fd());
    case Kind::kSignal:
      Latch(*step.latch).Release();
      return WireEnd::kOpen;
    case Kind::kStall:
      return wire_.WaitFor(-1);
    case Kind::kTunnel:
      *closed = true;
      return Relay(step.port);
    case Kind::kClose:
    case Kind::kCutOff:
      wire_.Close(step.kind == Kind::kClose);
      break;
    case Kind::kReset:
      wire_.Reset();
      break;
  }
  *closed = true;
  return WireEnd::kOpen;
}

WireEnd Player::SendBytes(const std::string& bytes) {
  // In bounded pieces, so that the count of sent bytes shows where back-pressure stopped it.
  for (size_t at = 0; at < bytes.size(); at += kSendPiece) {
    const std::string piece = bytes.substr(at, kSendPiece);
    const WireEnd end = wire_.Send(piece);
    if (end != WireEnd::kOpen) return end;
    count_(0, piece.size(), input_);
  }
  return WireEnd::kOpen;
}

WireEnd Player::SendSplit(const std::string& bytes, size_t size) {
  for (size_t at = 0; at < bytes.size(); at += size) {
    WireEnd end = SendBytes(bytes.substr(at, size));
    if (end == WireEnd::kOpen) end = wire_.Drain();
    if (end != WireEnd::kOpen) return end;
  }
  return WireEnd::kOpen;
}

WireEnd Player::More() {
  const size_t before = input_.size();
  const WireEnd end = wire_.Receive(&input_);
  count_(input_.size() - before, 0, input_);
  return end;
}

WireEnd Player::Take(size_t size, std::string* out) {
  while (out->size() < size) {
    if (!input_.empty()) {
      const size_t part = std::min(size - out->size(), input_.size());
      out->append(input_, 0, part);
      input_.erase(0, part);
      continue;
    }
    WireEnd end = WireEnd::kOpen;
    if (out->size() >= options_.body_window) end = wire_.WaitFor(options_.read_on.fd());
    if (end == WireEnd::kOpen) end = More();
    if (end != WireEnd::kOpen) return end;
  }
  return WireEnd::kOpen;
}

WireEnd Player::ReadChunks(SeenRequest* request) {
  for (;;) {
    size_t end;
    while ((end = input_.find("\r\n")) == std::string::npos) {
      const WireEnd result = More();
      if (result != WireEnd::kOpen) return result;
    }
    const size_t size = std::strtoull(input_.c_str(), nullptr, 16);
    input_.erase(0, end + 2);
    std::string chunk;
    const WireEnd result = Take(size + 2, &chunk);
    if (result != WireEnd::kOpen) return result;
    request->body.append(chunk, 0, size);
    if (size == 0) return WireEnd::kOpen;
  }
}

WireEnd Player::Relay(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    close(fd);
    wire_.Reset();
    return WireEnd::kOpen;
  }
  Wire far(fd, wire_.stop_fd());
  if (!input_.empty()) far.Send(input_);
  WireEnd end = WireEnd::kOpen;
  while (end == WireEnd::kOpen) {
    pollfd entries[3] = {{wire_.fd(), POLLIN, 0}, {fd, POLLIN, 0}, {wire_.stop_fd(), POLLIN, 0}};
    if (poll(entries, 3, -1) < 0 || entries[2].revents != 0) break;
    std::string bytes;
    Wire& from = entries[0].revents != 0 ? wire_ : far;
    Wire& to = entries[0].revents != 0 ? far : wire_;
    end = from.Receive(&bytes);
    if (end == WireEnd::kOpen) end = to.Send(bytes);
  }
  far.Close(false);
  wire_.Close(false);
  return WireEnd::kOpen;
}

}  // namespace portolan::test
