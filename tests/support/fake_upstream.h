#pragma once

// A scripted HTTP/1.1 server for tests. It answers every request as the test says, byte by byte if need be,
// and remembers what it saw. Its threads and network code are its own; it shares nothing with the product.
//
//   FakeUpstream upstream([](const SeenRequest& request) { return RespondJson(200, R"({"ok":true})"); });
//   ... drive the product against upstream.url() ...
//   ASSERT_TRUE(upstream.WaitForRequests(1));
//   EXPECT_EQ(upstream.requests()[0].Header("authorization"), "Bearer k");

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/script.h"
#include "tests/support/test_certificates.h"

namespace portolan::test {

using TestClock = std::chrono::steady_clock;

struct SeenRequest {
  int connection = 0;  // from 1, in order of acceptance
  int number = 0;      // from 1, on its connection
  std::string method;
  std::string target;  // as sent
  std::string version;
  Headers headers;  // in order, names as sent
  std::string raw_head;
  std::string body;  // de-chunked

  // The value of the first header called `name`, whatever its case; "" if there is none.
  std::string Header(const std::string& name) const;
  int CountHeader(const std::string& name) const;
};

struct SeenConnection {
  int number = 0;
  TestClock::time_point accepted;
  // When the client's FIN or RST was seen. Not set while the client is there, nor if the script ended the
  // connection first.
  std::optional<TestClock::time_point> client_left;
  bool client_reset = false;
  bool ended = false;  // nothing happens on it any more
  size_t bytes_received = 0;
  size_t bytes_sent = 0;
  int requests = 0;
  bool tls_failed = false;  // the handshake failed
  bool tls_resumed = false;
  std::string server_name;  // SNI
  std::string partial;      // received but not (yet) a whole request
};

class FakeUpstream {
 public:
  using Handler = std::function<Script(const SeenRequest&)>;

  struct Options {
    std::optional<TestCertificate> tls = {};
    // Runs before a connection's first request is read.
    std::function<Script(int connection)> on_connect = {};
    // Runs when the head has come, before the body is read. The handler runs after it as usual, unless this
    // script ended the connection.
    Handler on_head = {};
    // Reads this many bytes of a request's body, then stops until `read_on` opens (back-pressure).
    size_t body_window = SIZE_MAX;
    Latch read_on = {};
    uint16_t port = 0;
  };

  // Listens on 127.0.0.1 at once. `handler` runs on the server's threads, several at a time.
  explicit FakeUpstream(Handler handler);
  FakeUpstream(Handler handler, Options options);
  // Ends every connection and joins every thread.
  ~FakeUpstream();
  FakeUpstream(const FakeUpstream&) = delete;
  FakeUpstream& operator=(const FakeUpstream&) = delete;

  // Stops listening and ends every connection. Later connections are refused: nobody else gets the port while
  // this object lives.
  void Stop();

  uint16_t port() const;
  std::string host_port() const;  // `127.0.0.1:PORT`
  std::string url() const;        // `http://127.0.0.1:PORT` or `https://localhost:PORT`

  std::vector<SeenRequest> requests() const;
  std::vector<SeenConnection> connections() const;
  SeenConnection connection(int number) const;

  // Each waits until something has happened; false after `timeout`, which means that the test has failed.
  using Timeout = std::chrono::seconds;
  bool WaitForRequests(size_t count, Timeout timeout = Timeout(120)) const;
  bool WaitForConnections(size_t count, Timeout timeout = Timeout(120)) const;
  bool WaitForClientToLeave(int connection, Timeout timeout = Timeout(120)) const;
  // Until the script or the client has ended every connection, so that none is left to be used again.
  bool WaitForConnectionsToEnd(Timeout timeout = Timeout(120)) const;
  bool WaitFor(const std::function<bool(const std::vector<SeenConnection>&)>& condition,
               Timeout timeout = Timeout(120)) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Answers the nth request with the nth script, and every later one with 500.
FakeUpstream::Handler InSequence(std::vector<Script> scripts);

}  // namespace portolan::test
