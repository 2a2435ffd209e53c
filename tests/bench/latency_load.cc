// One caller who asks several HTTP servers in turn, and what each took: so whatever else goes on beside falls
// on all of them alike.
//
//   bench_latency_load PATH BODY_FILE SECONDS PORT[,PORT...] [HEADER...]
//
// SECONDS are of each server. A turn is of half a second; latencies of its first 150 ms are left out: caches
// are cold, and the server before may still write its log. Prints one JSON object for each port, in order:
// requests, failures, microseconds to the whole answer (p50, p99). A server that fails gets no more requests.

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstdint>
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
constexpr std::chrono::milliseconds kTurn{500};
constexpr std::chrono::milliseconds kNotCounted{150};

struct Server {
  int fd = -1;
  std::string request;
  long requests = 0;
  long failures = 0;
  std::vector<double> took_us;
};

// Bytes of the answer that begins with `text`: 0 while its head has not ended, more than anybody sends if it
// is not a good one.
size_t AnswerSize(std::string_view text) {
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  std::string head(text.substr(0, end));
  std::ranges::transform(head, head.begin(), [](unsigned char c) { return std::tolower(c); });
  constexpr std::string_view kLength = "\r\ncontent-length: ";
  const size_t at = head.find(kLength);
  if (!head.starts_with("http/1.1 200") || at == std::string::npos) return SIZE_MAX;
  return end + 4 + static_cast<size_t>(std::atol(head.c_str() + at + kLength.size()));
}

// False if the request was not taken, or no good answer came whole.
bool Call(const Server& server) {
  if (!Send(server.fd, server.request)) return false;
  std::array<char, 65536> buffer;
  size_t have = 0;
  size_t size = 0;
  while (size == 0 || have < size) {
    const ssize_t got = recv(server.fd, buffer.data() + have, buffer.size() - have, 0);
    if (got <= 0) return false;
    have += static_cast<size_t>(got);
    if (size == 0) size = AnswerSize({buffer.data(), have});
    if (size > buffer.size()) return false;
  }
  return have == size;
}

void TakeTurn(Server& server) {
  const auto began = Clock::now();
  for (auto start = began; server.failures == 0 && start < began + kTurn;) {
    const bool good = Call(server);
    const auto end = Clock::now();
    ++(good ? server.requests : server.failures);
    if (good && start >= began + kNotCounted) {
      server.took_us.push_back(std::chrono::duration<double, std::micro>(end - start).count());
    }
    start = end;
  }
}

}  // namespace
}  // namespace portolan::bench

int main(int argc, char** argv) {
  using namespace portolan::bench;
  if (argc < 5) {
    std::fprintf(stderr, "usage: bench_latency_load PATH BODY_FILE SECONDS PORT[,PORT...] [HEADER...]\n");
    return 2;
  }
  std::vector<Server> servers;
  const std::string ports = argv[4];
  for (size_t at = 0; at < ports.size(); at = std::min(ports.find(',', at), ports.size() - 1) + 1) {
    Server& server = servers.emplace_back();
    const int port = std::atoi(ports.c_str() + at);
    server.fd = ConnectOrExit(port);
    server.request = MakePost(port, argv[1], argv[2], std::span(argv + 5, argv + argc));
  }
  const auto turns =
      static_cast<int>(std::ceil(std::atof(argv[3]) / std::chrono::duration<double>(kTurn).count()));
  for (int turn = 0; turn < turns; ++turn) {
    for (Server& server : servers) TakeTurn(server);
  }
  for (Server& server : servers) {
    std::printf(R"({"requests":%ld,"failures":%ld,"p50_us":%.1f,"p99_us":%.1f})"
                "\n",
                server.requests, server.failures, Percentile(server.took_us, 0.5),
                Percentile(server.took_us, 0.99));
  }
}
