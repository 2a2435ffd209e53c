#include "tests/support/fake_dns.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace portolan::test {
namespace {

constexpr size_t kHeader = 12;
constexpr uint16_t kTypeA = 1;

void Put16(unsigned value, std::string* out) {
  *out += static_cast<char>(value >> 8 & 255);
  *out += static_cast<char>(value & 255);
}

// The name of the first question (RFC 1035 section 4.1.2); *end is where it ends.
std::string QuestionName(const std::string& query, size_t* end) {
  std::string name;
  size_t at = kHeader;
  while (at < query.size() && query[at] != 0) {
    const size_t length = static_cast<unsigned char>(query[at]);
    if (!name.empty()) name += '.';
    for (char c : query.substr(at + 1, length)) {
      name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    at += length + 1;
  }
  *end = at + 1;
  return name;
}

}  // namespace

FakeDns::FakeDns(Handler handler, uint32_t ttl, bool silent)
    : handler_(std::move(handler)),
      ttl_(ttl),
      silent_(silent),
      fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("fake dns");
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

FakeDns::~FakeDns() {
  stop_.Release();
  thread_.join();
  close(fd_);
}

std::string FakeDns::host_port() const { return "127.0.0.1:" + std::to_string(port_); }

void FakeDns::Serve() {
  for (;;) {
    pollfd entries[2] = {{fd_, POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
    if (poll(entries, 2, -1) < 0) continue;
    if (entries[1].revents != 0) return;
    char buffer[1500];
    sockaddr_in peer{};
    socklen_t size = sizeof(peer);
    const ssize_t count = recvfrom(fd_, buffer, sizeof(buffer), 0, reinterpret_cast<sockaddr*>(&peer), &size);
    if (count < static_cast<ssize_t>(kHeader + 5)) continue;
    const std::string answer = Answer(std::string(buffer, static_cast<size_t>(count)));
    if (silent_) continue;
    sendto(fd_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&peer), size);
  }
}

std::string FakeDns::Answer(const std::string& query) {
  size_t end = 0;
  const std::string name = QuestionName(query, &end);
  const unsigned type = static_cast<uint8_t>(query[end]) * 256u + static_cast<uint8_t>(query[end + 1]);
  const int nth = type == kTypeA ? ++queries_ : queries_.load();
  const std::vector<std::string> addresses = handler_(name, nth);
  const size_t count = type == kTypeA ? addresses.size() : 0;

  std::string answer = query.substr(0, 2);
  Put16(addresses.empty() ? 0x8183 : 0x8180, &answer);  // response, recursion available; NXDOMAIN or no error
  Put16(1, &answer);
  Put16(static_cast<unsigned>(count), &answer);
  Put16(0, &answer);
  Put16(0, &answer);
  answer += query.substr(kHeader, end + 4 - kHeader);
  for (size_t i = 0; i < count; ++i) {
    Put16(0xc00c, &answer);  // the name in the question
    Put16(kTypeA, &answer);
    Put16(1, &answer);
    Put16(ttl_ >> 16, &answer);
    Put16(ttl_ & 0xffff, &answer);
    Put16(4, &answer);
    in_addr address{};
    inet_pton(AF_INET, addresses[i].c_str(), &address);
    answer.append(reinterpret_cast<const char*>(&address), 4);
  }
  return answer;
}

}  // namespace portolan::test
