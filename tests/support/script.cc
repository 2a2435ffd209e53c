#include "tests/support/script.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdio>

namespace portolan::test {

struct Latch::State {
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  ~State() { close(fd); }
};

Latch::Latch() : state_(std::make_shared<State>()) {}

void Latch::Release() {
  const uint64_t one = 1;
  if (write(state_->fd, &one, sizeof(one)) < 0) perror("latch");
}

bool Latch::released() const {
  pollfd entry{state_->fd, POLLIN, 0};
  return poll(&entry, 1, 0) == 1;
}

bool Latch::Wait(int seconds) const {
  pollfd entry{state_->fd, POLLIN, 0};
  return poll(&entry, 1, seconds * 1000) == 1;
}

int Latch::fd() const { return state_->fd; }

Script& Script::Add(Step step) {
  steps_.push_back(std::move(step));
  return *this;
}

Script& Script::Send(std::string bytes) & {
  return Add({Step::Kind::kSend, std::move(bytes), 0, std::nullopt, 0});
}
Script& Script::Stream(Piece piece, size_t count) & {
  return Add({Step::Kind::kStream, {}, count, std::nullopt, 0, std::move(piece)});
}
Script& Script::Split(std::string bytes, size_t size) & {
  return Add({Step::Kind::kSplit, std::move(bytes), size, std::nullopt, 0});
}
Script& Script::Hold(Latch latch) & { return Add({Step::Kind::kHold, {}, 0, std::move(latch), 0}); }
Script& Script::Signal(Latch latch) & { return Add({Step::Kind::kSignal, {}, 0, std::move(latch), 0}); }
Script& Script::Stall() & { return Add({Step::Kind::kStall, {}, 0, std::nullopt, 0}); }
Script& Script::Close() & { return Add({Step::Kind::kClose, {}, 0, std::nullopt, 0}); }
Script& Script::CutOff() & { return Add({Step::Kind::kCutOff, {}, 0, std::nullopt, 0}); }
Script& Script::Reset() & { return Add({Step::Kind::kReset, {}, 0, std::nullopt, 0}); }
Script& Script::Tunnel(uint16_t port) & { return Add({Step::Kind::kTunnel, {}, 0, std::nullopt, port}); }

std::string Head(int status, const Headers& headers) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + (status < 400 ? " OK" : " Not OK") + "\r\n";
  for (const auto& [name, value] : headers) head += name + ": " + value + "\r\n";
  return head + "\r\n";
}

std::string Chunk(const std::string& data) {
  char size[24];
  std::snprintf(size, sizeof(size), "%zx\r\n", data.size());
  return size + data + "\r\n";
}

Script Respond(int status, const std::string& body, const Headers& headers) {
  Headers all = headers;
  all.emplace_back("Content-Length", std::to_string(body.size()));
  return Script().Send(Head(status, all) + body);
}

Script RespondJson(int status, const std::string& json) {
  return Respond(status, json, {{"Content-Type", "application/json"}});
}

Script RespondChunked(int status, const std::vector<std::string>& chunks, const Headers& headers) {
  Headers all = headers;
  all.emplace_back("Transfer-Encoding", "chunked");
  Script script;
  script.Send(Head(status, all));
  for (const std::string& chunk : chunks) script.Send(Chunk(chunk));
  script.Send(Chunk(""));
  return script;
}

Script RespondUntilClose(int status, const std::string& body, const Headers& headers) {
  Headers all = headers;
  all.emplace_back("Connection", "close");
  return Script().Send(Head(status, all) + body).Close();
}

Script RespondEvents(const std::vector<std::string>& events) {
  return RespondChunked(200, events, {{"Content-Type", "text/event-stream"}});
}

}  // namespace portolan::test
