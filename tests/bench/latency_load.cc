// One caller who asks several HTTP servers in turn, and what each took: so whatever else goes on beside falls
// on all of them alike.
//
//   bench_latency_load PATH BODY_FILE SECONDS PORT[,PORT...] [HEADER...]
//
// SECONDS are of each server. A turn is of half a second; latencies of its first 150 ms are left out: caches
// are cold, and the server before may still write its log. Prints one JSON object for each port, in order:
// requests, failures, microseconds to the whole answer (p50, p99). A server that fails gets no more requests.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

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

int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("bench_latency_load");
    std::exit(1);
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

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
  if (send(server.fd, server.request.data(), server.request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(server.request.size())) {
    return false;
  }
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

double Percentile(std::vector<double>& values, double part) {
  if (values.empty()) return 0;
  const size_t index =
      std::min(values.size() - 1, static_cast<size_t>(static_cast<double>(values.size()) * part));
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(index), values.end());
  return values[index];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: bench_latency_load PATH BODY_FILE SECONDS PORT[,PORT...] [HEADER...]\n");
    return 2;
  }
  std::ifstream file(argv[2]);
  const std::string body((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::string rest = "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size());
  for (int i = 5; i < argc; ++i) rest += "\r\n" + std::string(argv[i]);
  std::vector<Server> servers;
  const std::string ports = argv[4];
  for (size_t at = 0; at < ports.size(); at = std::min(ports.find(',', at), ports.size() - 1) + 1) {
    Server& server = servers.emplace_back();
    const int port = std::atoi(ports.c_str() + at);
    server.fd = Connect(port);
    server.request = "POST " + std::string(argv[1]) + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                     rest + "\r\n\r\n" + body;
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
