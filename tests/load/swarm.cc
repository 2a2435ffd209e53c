#include "tests/load/swarm.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>

namespace portolan::load {
namespace {

using Clock = std::chrono::steady_clock;

// Connections under way at a time: few enough for a listener that is not slow to accept.
constexpr size_t kAtATime = 3000;

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// One of 127.0.0.2 to 127.0.0.31, in turn: each has all the ports, and the system need not look long for one
// that no connection has had within the last minute.
void BindInTurn(int fd) {
  static uint32_t turn = 0;
  sockaddr_in from = Loopback(0);
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + turn++ % 30);
  const int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from);
}

uint16_t PortOf(const std::string& address) {
  return static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

// The string after `before`, up to the next quote; there are no escapes in it.
std::string_view Quoted(std::string_view text, std::string_view before) {
  const size_t at = text.find(before);
  if (at == std::string_view::npos) return {};
  const size_t begin = at + before.size();
  return text.substr(begin, text.find('"', begin) - begin);
}

void Watch(int epoll, int fd, void* who) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP;
  event.data.ptr = who;
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

}  // namespace

struct Swarm::Client {
  Stream stream;
  bool idle = false;
  int fd = -1;
  bool answered = false;
  bool over = false;
  std::string input;  // not yet understood
  std::string text;   // seen so far
};

Swarm::Swarm(std::string address) : address_(std::move(address)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

Swarm::~Swarm() {
  for (const auto& client : clients_) {
    if (client->fd >= 0) close(client->fd);
  }
  close(epoll_);
}

void Swarm::Add(Stream stream) {
  clients_.push_back(std::make_unique<Client>());
  clients_.back()->stream = std::move(stream);
}

void Swarm::AddIdle(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    Add({"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", {}});
    clients_.back()->idle = true;
  }
}

void Swarm::Connect(Client& client) {
  const sockaddr_in to = Loopback(PortOf(address_));
  client.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  BindInTurn(client.fd);
  if (connect(client.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 ||
      send(client.fd, client.stream.request.data(), client.stream.request.size(), MSG_NOSIGNAL) < 0) {
    Fail(client, std::strerror(errno));
    return;
  }
  ++connecting_;
  Watch(epoll_, client.fd, &client);
}

void Swarm::Fail(Client& client, const std::string& why) {
  client.over = true;
  if (failure_.empty()) failure_ = why;
}

void Swarm::Read(Client& client) {
  std::array<char, 16 << 10> piece;
  const ssize_t got = recv(client.fd, piece.data(), piece.size(), MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, client.fd, nullptr);
    if (!client.over) Fail(client, "closed in mid-stream after: " + client.text);
    return;
  }
  client.input.append(piece.data(), static_cast<size_t>(got));
  if (!client.answered) {
    client.answered = true;
    --connecting_;
    if (!client.input.starts_with("HTTP/1.1 200 ")) return Fail(client, client.input);
    if (client.idle) {
      client.over = true;
      client.input = {};
      ++idle_;
      return;
    }
  }
  // Whole events; the chunks' sizes stand between them and hold nothing that looks like one.
  for (size_t end = 0; (end = client.input.find("\n\n")) != std::string::npos;) {
    const std::string event = client.input.substr(0, end);
    client.input.erase(0, end + 2);
    if (event.ends_with("data: [DONE]")) {
      client.over = true;
      if (client.text != client.stream.text) return Fail(client, "not the right text: " + client.text);
      ++finished_;
      return;
    }
    if (event.find(R"({"error")") != std::string::npos) return Fail(client, event);
    const bool first = client.text.empty();
    client.text += Quoted(event, R"("content":")");
    if (first && !client.text.empty()) ++started_;
  }
}

bool Swarm::Run(const std::function<bool()>& done, int seconds) {
  const auto until = Clock::now() + std::chrono::seconds(seconds);
  std::array<epoll_event, 512> events;
  while (!done()) {
    if (!failure_.empty() || Clock::now() > until) return false;
    while (next_ < clients_.size() && connecting_ < kAtATime) Connect(*clients_[next_++]);
    const int count = epoll_wait(epoll_, events.data(), events.size(), 20);
    for (int i = 0; i < count; ++i) {
      Read(*static_cast<Client*>(events[static_cast<size_t>(i)].data.ptr));
    }
  }
  return true;
}

struct SteppingUpstream::Connection {
  int fd = -1;
  std::string input;
  std::string caller;  // empty: between requests
  int sent = 0;
};

SteppingUpstream::SteppingUpstream() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = Loopback(0);
  socklen_t length = sizeof address;
  bind(listener_, reinterpret_cast<sockaddr*>(&address), length);
  listen(listener_, 4096);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  Watch(epoll_, listener_, nullptr);
  thread_ = std::thread([this] { Run(); });
}

SteppingUpstream::~SteppingUpstream() {
  stop_ = true;
  thread_.join();
  for (const auto& connection : connections_) {
    if (connection->fd >= 0) close(connection->fd);
  }
  close(epoll_);
  close(listener_);
}

std::string SteppingUpstream::url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }

std::string SteppingUpstream::TextOf(const std::string& caller, int steps) {
  std::string text;
  for (int i = 0; i < steps; ++i) text += caller + "." + std::to_string(i) + " ";
  return text;
}

void SteppingUpstream::Run() {
  std::array<epoll_event, 512> events;
  while (!stop_) {
    const int count = epoll_wait(epoll_, events.data(), events.size(), 10);
    for (int i = 0; i < count; ++i) {
      auto* const connection = static_cast<Connection*>(events[static_cast<size_t>(i)].data.ptr);
      if (connection != nullptr) {
        std::array<char, 4096> piece;
        const ssize_t got = recv(connection->fd, piece.data(), piece.size(), MSG_DONTWAIT);
        if (got > 0) {
          connection->input.append(piece.data(), static_cast<size_t>(got));
        } else if (got == 0) {
          epoll_ctl(epoll_, EPOLL_CTL_DEL, connection->fd, nullptr);
          close(std::exchange(connection->fd, -1));
        }
        continue;
      }
      for (int fd = 0; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
        connections_.push_back(std::make_unique<Connection>());
        connections_.back()->fd = fd;
        Watch(epoll_, fd, connections_.back().get());
      }
    }
    for (const auto& connection : connections_) {
      if (connection->fd >= 0) Serve(*connection);
    }
  }
}

// Sends what the stream is behind.
void SteppingUpstream::Serve(Connection& connection) {
  std::string out;
  const auto add = [&out](const std::string& event) {
    char size[24];
    std::snprintf(size, sizeof size, "%zx\r\n", event.size());
    out += size + event + "\r\n";
  };
  if (connection.caller.empty()) {
    // The request is small and its message comes last.
    if (!connection.input.ends_with("\"}]}")) return;
    connection.caller = Quoted(connection.input, R"("content":")");
    connection.input.clear();
    connection.sent = 0;
    out = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  }
  const std::string before =
      R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,)";
  const bool finish = finish_;
  for (const int steps = steps_; connection.sent < steps; ++connection.sent) {
    add(before + R"("delta":{"content":")" + connection.caller + "." + std::to_string(connection.sent) +
        " \"}}]}\n\n");
  }
  if (finish) {
    add(before + R"("delta":{},"finish_reason":"stop"}]})" + "\n\ndata: [DONE]\n\n");
    out += "0\r\n\r\n";
    connection.caller.clear();
  }
  // Little enough for any socket's buffer.
  if (!out.empty()) send(connection.fd, out.data(), out.size(), MSG_NOSIGNAL);
}

}  // namespace portolan::load
