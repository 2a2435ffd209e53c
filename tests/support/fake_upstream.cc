#include "tests/support/fake_upstream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "tests/support/player.h"
#include "tests/support/upstream_log.h"
#include "tests/support/wire.h"

namespace portolan::test {
namespace {

[[noreturn]] void Give(const char* what) {
  std::perror(what);
  std::abort();
}

SSL_CTX* ServerContext(const TestCertificate& certificate) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_file(context, certificate.certificate_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, certificate.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    Give("fake upstream: certificate");
  }
  const unsigned char id[] = "fake";
  SSL_CTX_set_session_id_context(context, id, sizeof(id) - 1);
  return context;
}

// A socket bound to this port, or to one of the system's choice.
int BindOnLoopback(uint16_t* port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(*port);
  socklen_t size = sizeof(address);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    Give("fake upstream: bind");
  }
  *port = ntohs(address.sin_port);
  return fd;
}

bool SameName(const std::string& a, const std::string& b) { return strcasecmp(a.c_str(), b.c_str()) == 0; }

}  // namespace

std::string SeenRequest::Header(const std::string& name) const {
  for (const auto& [key, value] : headers) {
    if (SameName(key, name)) return value;
  }
  return "";
}

int SeenRequest::CountHeader(const std::string& name) const {
  int count = 0;
  for (const auto& [key, value] : headers) count += SameName(key, name) ? 1 : 0;
  return count;
}

struct FakeUpstream::State {
  Handler handler;
  Options options;
  SSL_CTX* tls = nullptr;
  int listen_fd = -1;
  uint16_t port = 0;
  // Bound to the port and not listening: while this lives, nobody else gets the port, and once the listener
  // is gone the system refuses connections.
  int port_fd = -1;
  Latch stop;
  std::thread acceptor;

  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  std::vector<SeenConnection> connections;
  std::vector<SeenRequest> requests;
  std::vector<std::thread> threads;

  ~State() {
    if (port_fd >= 0) close(port_fd);
    if (tls != nullptr) SSL_CTX_free(tls);
  }

  void Accept();
  void Serve(int fd, int number);

  template <typename Change>
  void Update(int number, Change change) {
    const std::lock_guard<std::mutex> lock(mutex);
    change(connections[static_cast<size_t>(number - 1)]);
    changed.notify_all();
  }
};

void FakeUpstream::State::Serve(int fd, int number) {
  Wire wire(fd, stop.fd());
  if (tls != nullptr) {
    const bool good = wire.Accept(tls);
    Update(number, [&](SeenConnection& seen) {
      seen.tls_failed = !good;
      seen.tls_resumed = wire.resumed();
      seen.server_name = wire.server_name();
      seen.ended = !good;
    });
    if (!good) return;
  }
  Player player(wire, options, [this, number](size_t received, size_t sent, const std::string& input) {
    Update(number, [&](SeenConnection& seen) {
      seen.bytes_received += received;
      seen.bytes_sent += sent;
      seen.partial = input;
    });
  });

  bool closed = false;
  WireEnd end = WireEnd::kOpen;
  if (options.on_connect) end = player.Play(options.on_connect(number), &closed);
  for (int count = 1; end == WireEnd::kOpen && !closed; ++count) {
    SeenRequest request;
    request.connection = number;
    request.number = count;
    end = player.ReadHead(&request);
    if (end != WireEnd::kOpen) break;
    if (options.on_head) end = player.Play(options.on_head(request), &closed);
    if (end != WireEnd::kOpen || closed) break;
    end = player.ReadBody(&request);
    if (end != WireEnd::kOpen) break;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      requests.push_back(request);
      SeenConnection& seen = connections[static_cast<size_t>(number - 1)];
      seen.requests = count;
      seen.partial.clear();
      changed.notify_all();
    }
    LogSeen(request.target, request.body);
    end = player.Play(handler(request), &closed);
  }
  const TestClock::time_point now = TestClock::now();
  Update(number, [&](SeenConnection& seen) {
    seen.ended = true;
    if (end == WireEnd::kPeerClosed || end == WireEnd::kPeerReset) seen.client_left = now;
    seen.client_reset = end == WireEnd::kPeerReset;
  });
}

void FakeUpstream::State::Accept() {
  for (;;) {
    pollfd entries[2] = {{listen_fd, POLLIN, 0}, {stop.fd(), POLLIN, 0}};
    if (poll(entries, 2, -1) < 0) continue;
    if (entries[1].revents != 0) return;
    const int fd = accept4(listen_fd, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const std::lock_guard<std::mutex> lock(mutex);
    SeenConnection seen;
    seen.number = static_cast<int>(connections.size()) + 1;
    seen.accepted = TestClock::now();
    connections.push_back(seen);
    threads.emplace_back([this, fd, number = seen.number] { Serve(fd, number); });
    changed.notify_all();
  }
}

FakeUpstream::FakeUpstream(Handler handler) : FakeUpstream(std::move(handler), Options()) {}

FakeUpstream::FakeUpstream(Handler handler, Options options) : state_(std::make_shared<State>()) {
  state_->handler = std::move(handler);
  state_->options = std::move(options);
  state_->port = state_->options.port;
  if (state_->options.tls) state_->tls = ServerContext(*state_->options.tls);
  state_->port_fd = BindOnLoopback(&state_->port);
  state_->listen_fd = BindOnLoopback(&state_->port);
  if (listen(state_->listen_fd, 1024) != 0) Give("fake upstream: listen");
  state_->acceptor = std::thread([state = state_.get()] { state->Accept(); });
}

FakeUpstream::~FakeUpstream() { Stop(); }

void FakeUpstream::Stop() {
  if (state_->listen_fd < 0) return;
  state_->stop.Release();
  state_->acceptor.join();
  close(state_->listen_fd);
  state_->listen_fd = -1;
  // No thread is added once the acceptor is gone.
  for (std::thread& thread : state_->threads) thread.join();
}

uint16_t FakeUpstream::port() const { return state_->port; }

std::string FakeUpstream::host_port() const { return "127.0.0.1:" + std::to_string(state_->port); }

std::string FakeUpstream::url() const {
  return state_->tls == nullptr ? "http://" + host_port()
                                : "https://localhost:" + std::to_string(state_->port);
}

std::vector<SeenRequest> FakeUpstream::requests() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->requests;
}

std::vector<SeenConnection> FakeUpstream::connections() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->connections;
}

SeenConnection FakeUpstream::connection(int number) const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->connections.at(static_cast<size_t>(number - 1));
}

bool FakeUpstream::WaitForRequests(size_t count, Timeout timeout) const {
  std::unique_lock<std::mutex> lock(state_->mutex);
  return state_->changed.wait_for(lock, timeout, [&] { return state_->requests.size() >= count; });
}

bool FakeUpstream::WaitForConnections(size_t count, Timeout timeout) const {
  return WaitFor([count](const std::vector<SeenConnection>& seen) { return seen.size() >= count; }, timeout);
}

bool FakeUpstream::WaitForClientToLeave(int connection, Timeout timeout) const {
  const size_t at = static_cast<size_t>(connection - 1);
  return WaitFor(
      [at](const std::vector<SeenConnection>& seen) {
        return seen.size() > at && seen[at].client_left.has_value();
      },
      timeout);
}

bool FakeUpstream::WaitForConnectionsToEnd(Timeout timeout) const {
  return WaitFor(
      [](const std::vector<SeenConnection>& seen) {
        return std::all_of(seen.begin(), seen.end(), [](const SeenConnection& each) { return each.ended; });
      },
      timeout);
}

bool FakeUpstream::WaitFor(const std::function<bool(const std::vector<SeenConnection>&)>& condition,
                           Timeout timeout) const {
  std::unique_lock<std::mutex> lock(state_->mutex);
  return state_->changed.wait_for(lock, timeout, [&] { return condition(state_->connections); });
}

FakeUpstream::Handler InSequence(std::vector<Script> scripts) {
  auto next = std::make_shared<std::atomic<size_t>>(0);
  auto all = std::make_shared<const std::vector<Script>>(std::move(scripts));
  return [next, all](const SeenRequest&) {
    const size_t at = next->fetch_add(1);
    return at < all->size() ? (*all)[at] : Respond(500, "the test has no script for this request");
  };
}

}  // namespace portolan::test
