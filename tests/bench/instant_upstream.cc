// A provider that answers at once: what it costs is the same whoever calls, so that proxies in front of it
// can be compared. A bare epoll server of its own, sharing no code with the gateway.
//
//   bench_instant_upstream PORT [GAP_US]
//
// Answers chat in the words of OpenAI, Anthropic, Gemini, Bedrock, Cohere and Ollama, whichever the path
// belongs to; unary or, where the body or the path asks for a stream, 100 events, each sent by itself and
// GAP_US microseconds apart (or as many as the request's user says, see GapAskedFor), so that they do not run
// together. Request bodies are read by their content-length and otherwise ignored. It trusts its callers:
// this is no server for anything else.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/bench/canned_answers.h"

namespace {

using Nanoseconds = long long;

Nanoseconds Now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

// How one kind of provider answers.
struct Dialect {
  std::string_view path;         // a request's line that holds it belongs here
  std::string_view stream_path;  // and one that holds this asks for a stream; empty: the body says so
  std::string answer;
  std::vector<std::string> events;
};

struct Connection {
  int fd = -1;
  std::string input;
  size_t body_left = 0;
  bool in_body = false;
  const Dialect* dialect = nullptr;
  bool stream = false;
  bool flag_seen = false;
  Nanoseconds gap = 0;                               // between its events
  const std::vector<std::string>* events = nullptr;  // being sent
  size_t next_event = 0;
};

struct Due {
  Nanoseconds at;
  int fd;
  bool operator>(const Due& other) const { return at > other.at; }
};

// How far apart a caller wants the events: `"user":"MICROSECONDS us apart"` in the body.
Nanoseconds GapAskedFor(std::string_view body, Nanoseconds otherwise) {
  constexpr std::string_view kMark = "\"user\":\"";
  const size_t at = body.find(kMark);
  if (at == std::string_view::npos) return otherwise;
  return std::strtoll(body.data() + at + kMark.size(), nullptr, 10) * 1000;
}

std::string Unary(std::string_view body) {
  return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: "
         "req_8f2b6c1d\r\ncontent-length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::vector<std::string> Chunked(std::vector<std::string> events,
                                 std::string_view type = "text/event-stream; charset=utf-8") {
  for (std::string& event : events) {
    std::array<char, 16> size;
    std::snprintf(size.data(), size.size(), "%zx\r\n", event.size());
    event = size.data() + event + "\r\n";
  }
  events.front().insert(0, "HTTP/1.1 200 OK\r\ncontent-type: " + std::string(type) +
                               "\r\nx-request-id: req_8f2b6c1d\r\ntransfer-encoding: chunked\r\n\r\n");
  events.back() += "0\r\n\r\n";
  return events;
}

void SendAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) continue;
    if (sent <= 0) return;
    text.remove_prefix(static_cast<size_t>(sent));
  }
}

class Upstream {
 public:
  Upstream(int listener, Nanoseconds gap) : listener_(listener), gap_(gap) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = listener;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, listener, &event);
  }

  [[noreturn]] void Run() {
    std::array<epoll_event, 256> ready;
    while (true) {
      timespec timeout{};
      const Nanoseconds wait = due_.empty() ? 0 : std::max(0LL, due_.top().at - Now());
      timeout.tv_nsec = static_cast<long>(wait);
      const int count =
          epoll_pwait2(epoll_, ready.data(), ready.size(), due_.empty() ? nullptr : &timeout, nullptr);
      for (int i = 0; i < count; ++i) {
        const int fd = ready[static_cast<size_t>(i)].data.fd;
        if (fd == listener_) {
          Accept();
        } else {
          Read(fd);
        }
      }
      for (const Nanoseconds now = Now(); !due_.empty() && due_.top().at <= now;) {
        const auto found = connections_.find(due_.top().fd);
        due_.pop();
        if (found != connections_.end()) SendEvent(found->second);
      }
    }
  }

 private:
  void Accept() {
    int fd;
    while ((fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      epoll_event event{};
      event.events = EPOLLIN | EPOLLET;
      event.data.fd = fd;
      epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
      connections_[fd].fd = fd;
    }
  }

  void Read(int fd) {
    const auto found = connections_.find(fd);
    if (found == connections_.end()) return;
    Connection& connection = found->second;
    while (true) {
      const ssize_t got = recv(fd, buffer_.data(), buffer_.size(), 0);
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) {
        close(fd);
        connections_.erase(found);
        return;
      }
      Take(connection, {buffer_.data(), static_cast<size_t>(got)});
      if (static_cast<size_t>(got) < buffer_.size()) return;
    }
  }

  void Take(Connection& connection, std::string_view data) {
    if (!connection.in_body) {
      connection.input += data;
      const size_t end = connection.input.find("\r\n\r\n");
      if (end == std::string::npos) return;
      BeginBody(connection, std::string_view(connection.input).substr(0, end));
      const std::string rest = connection.input.substr(end + 4);
      connection.input.clear();
      TakeBody(connection, rest);
    } else {
      TakeBody(connection, data);
    }
  }

  void BeginBody(Connection& connection, std::string_view head) const {
    connection.in_body = true;
    connection.flag_seen = false;
    const std::string_view line = head.substr(0, head.find('\r'));
    connection.dialect = &*std::find_if(dialects_.begin(), dialects_.end() - 1, [&](const Dialect& dialect) {
      return line.find(dialect.path) != std::string_view::npos;
    });
    const std::string_view stream_path = connection.dialect->stream_path;
    connection.stream = !stream_path.empty() && line.find(stream_path) != std::string_view::npos;
    connection.gap = gap_;
    connection.body_left = 0;
    for (const std::string_view name : {"\r\ncontent-length:", "\r\nContent-Length:"}) {
      const size_t at = head.find(name);
      if (at != std::string_view::npos)
        connection.body_left = std::strtoull(head.data() + at + name.size(), nullptr, 10);
    }
  }

  void TakeBody(Connection& connection, std::string_view data) {
    // The flag is looked for at the beginning of a body only: a large one shall cost nothing here.
    if (connection.body_left > 0 && !connection.flag_seen) {
      const std::string_view head = data.substr(0, 4096);
      connection.flag_seen = true;
      connection.stream = connection.stream || head.find("\"stream\":true") != std::string_view::npos ||
                          head.find("\"stream\": true") != std::string_view::npos;
      if (connection.stream) connection.gap = GapAskedFor(head, gap_);
    }
    connection.body_left -= std::min(connection.body_left, data.size());
    if (connection.body_left > 0) return;
    connection.in_body = false;
    if (connection.stream) {
      connection.events = &connection.dialect->events;
      connection.next_event = 0;
      SendEvent(connection);
    } else {
      SendAll(connection.fd, connection.dialect->answer);
    }
  }

  void SendEvent(Connection& connection) {
    if (connection.events == nullptr) return;
    SendAll(connection.fd, (*connection.events)[connection.next_event]);
    if (++connection.next_event < connection.events->size()) {
      due_.push({Now() + connection.gap, connection.fd});
    } else {
      connection.events = nullptr;
    }
  }

  const int listener_;
  const Nanoseconds gap_;
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::array<char, 65536> buffer_;
  std::unordered_map<int, Connection> connections_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  // OpenAI's is the last: what belongs to nobody else.
  const std::vector<Dialect> dialects_ = {
      {"/messages", "", Unary(bench::kAnthropicAnswer), Chunked(bench::AnthropicEvents())},
      {"enerateContent", ":stream", Unary(bench::kGeminiAnswer), Chunked(bench::GeminiEvents())},
      {"/converse", "/converse-stream", Unary(bench::kBedrockAnswer),
       Chunked(bench::BedrockEvents(), "application/vnd.amazon.eventstream")},
      {"/v2/chat", "", Unary(bench::kCohereAnswer), Chunked(bench::CohereEvents())},
      {"/api/chat", "", Unary(bench::kOllamaAnswer), Chunked(bench::OllamaEvents(), "application/x-ndjson")},
      {"", "", Unary(bench::kOpenAiAnswer), Chunked(bench::OpenAiEvents())},
  };
};

int Listen(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 1024) != 0) {
    std::perror("bench_instant_upstream");
    std::exit(1);
  }
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_instant_upstream PORT [GAP_US]\n");
    return 2;
  }
  // Timers are otherwise late by 50 microseconds.
  prctl(PR_SET_TIMERSLACK, 1);
  const long gap_us = argc > 2 ? std::atol(argv[2]) : 0;
  Upstream(Listen(std::atoi(argv[1])), gap_us * 1000LL).Run();
}
