// Calls an HTTP server for streams over and over, and says how many came whole and how fast they began.
//
//   bench_stream_load PORT PATH BODY_FILE CONNECTIONS SECONDS [HEADER...]
//
// Prints one JSON object: streams that ended well (status 200, last chunk seen), failures, server-sent events
// in all, microseconds to the first event (p50, p99). Each connection asks for its next stream when the last
// has ended.

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/load.h"

namespace portolan::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Connection {
  int fd = -1;
  std::string tail;  // the last bytes seen, so that marks cut in two are found
  bool head = false;
  bool good = false;
  bool first = false;
  Clock::time_point began;
};

struct Totals {
  long streams = 0;
  long failures = 0;
  long events = 0;
  std::vector<double> first_us;
};

bool Ask(Connection& connection, const std::string& request) {
  connection.tail.clear();
  connection.head = connection.good = connection.first = false;
  connection.began = Clock::now();
  return Send(connection.fd, request);
}

// Takes what was read; true at the end of the answer.
bool Take(Connection& connection, std::string_view data, Totals* totals) {
  const size_t kept = connection.tail.size();
  std::string& text = connection.tail.append(data);
  if (!connection.head) {
    const size_t end = text.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    connection.head = true;
    connection.good = text.starts_with("HTTP/1.1 200");
    text.erase(0, end + 4);
  } else {
    // Keeps what may be the beginning of a mark; marks that lie wholly in the tail have been counted.
    text.erase(0, kept > 8 ? kept - 8 : 0);
  }
  const size_t overlap = connection.first ? std::min<size_t>(kept, 8) : 0;
  for (size_t at = text.find("data:", overlap > 4 ? overlap - 4 : 0); at != std::string::npos;
       at = text.find("data:", at + 5)) {
    ++totals->events;
    if (!connection.first) {
      connection.first = true;
      totals->first_us.push_back(
          std::chrono::duration<double, std::micro>(Clock::now() - connection.began).count());
    }
  }
  const bool done = text == "0\r\n\r\n" || text.ends_with("\r\n0\r\n\r\n");
  if (text.size() > 8) text.erase(0, text.size() - 8);
  return done;
}

}  // namespace
}  // namespace portolan::bench

int main(int argc, char** argv) {
  using namespace portolan::bench;
  if (argc < 6) {
    std::fprintf(stderr, "usage: bench_stream_load PORT PATH BODY_FILE CONNECTIONS SECONDS [HEADER...]\n");
    return 2;
  }
  const int port = std::atoi(argv[1]);
  const std::string request = MakePost(port, argv[2], argv[3], std::span(argv + 6, argv + argc));
  std::vector<Connection> connections(static_cast<size_t>(std::atoi(argv[4])));
  const auto end = Clock::now() + std::chrono::duration<double>(std::atof(argv[5]));
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (size_t i = 0; i < connections.size(); ++i) {
    connections[i].fd = ConnectOrExit(port);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
    Ask(connections[i], request);
  }

  Totals totals;
  size_t open = connections.size();
  std::array<char, 65536> buffer;
  std::array<epoll_event, 256> ready;
  while (open > 0) {
    const int count = epoll_wait(epoll, ready.data(), ready.size(), 5000);
    if (count <= 0) break;  // whoever has not ended by now hangs
    for (int i = 0; i < count; ++i) {
      Connection& connection = connections[ready[static_cast<size_t>(i)].data.u64];
      const ssize_t got = recv(connection.fd, buffer.data(), buffer.size(), 0);
      bool stop = got <= 0;
      if (stop) ++totals.failures;
      if (!stop && Take(connection, {buffer.data(), static_cast<size_t>(got)}, &totals)) {
        ++(connection.good ? totals.streams : totals.failures);
        stop = Clock::now() >= end || !Ask(connection, request);
      }
      if (stop) {
        close(connection.fd);
        --open;
      }
    }
  }
  totals.failures += static_cast<long>(open);
  std::printf(R"({"requests":%ld,"failures":%ld,"events":%ld,"p50_us":%.1f,"p99_us":%.1f})"
              "\n",
              totals.streams, totals.failures, totals.events, Percentile(totals.first_us, 0.5),
              Percentile(totals.first_us, 0.99));
}
