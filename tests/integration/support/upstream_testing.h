#pragma once

// Drives an upstream client from a test: the client lives on a loop with a thread of its own, the test starts
// calls and waits for what became of them.

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/net/loop.h"
#include "server/net/suspension.h"
#include "server/upstream/address_policy.h"
#include "server/upstream/client.h"
#include "tests/support/fake_upstream.h"

namespace portolan::upstream {

// How the body of the answer is read.
enum class How {
  kReadAll,
  kPieces,     // Read until the end
  kOnePiece,   // Read once, then drop the exchange
  kHeadOnly,   // drop the exchange at once
  kHoldAtHead  // wait for Call::ReadOn(), then kPieces
};

struct Want {
  std::string url;  // base URL and path
  std::string method = "POST";
  std::string path = "/v1/x";
  std::vector<HeaderField> headers = {};
  std::string body = "{}";
  How how = How::kReadAll;
  Timeouts timeouts = {};
  std::chrono::milliseconds budget{60'000};
  size_t limit = 256 << 20;
  bool untrusted = false;
  bool keep_encoding = false;
};

struct Answer {
  Failure failure;  // of Send, or of reading
  bool resent = false;
  bool head = false;
  int status = 0;
  std::vector<HeaderField> headers;
  std::string body;
  bool end = false;  // the body was read to its end
  std::vector<std::string> pieces;
  std::string after_end;  // what one more Read gave

  std::string Header(const std::string& name) const {
    for (const HeaderField& header : headers) {
      if (header.name == name) return header.value;
    }
    return "";
  }
};

class ClientThread;

// A call under way. Thread-safe.
class Call {
 public:
  Answer Wait();
  // Cancels it on the loop; returns when that has been done, with the time just before.
  test::TestClock::time_point Cancel(net::CancelReason reason = net::CancelReason::kClientGone);
  void ReadOn();
  // The head has come (or the call has failed).
  void WaitForHead();

 private:
  friend class ClientThread;
  struct State;
  std::shared_ptr<State> state_;
  ClientThread* thread_ = nullptr;
};

class ClientThread {
 public:
  explicit ClientThread(ClientOptions options = {});
  ~ClientThread();

  Call Start(Want want);
  Answer Do(Want want) { return Start(std::move(want)).Wait(); }
  Answer Get(const std::string& url) { return Do({.url = url, .method = "GET", .body = ""}); }
  // Runs `function` on the loop and waits for it.
  void OnLoop(std::function<void()> function);

 private:
  friend class Call;
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<Client> client_;
  std::thread thread_;
};

inline std::string Name(FailureKind kind) {
  static constexpr const char* kNames[] = {
      "none",     "dns",      "forbidden", "refused", "connect failed",     "connect timeout",
      "tls",      "proxy",    "reset",     "garbage", "first byte timeout", "idle timeout",
      "deadline", "cancelled"};
  return kNames[static_cast<size_t>(kind)];
}

// For EXPECT_EQ on kinds with readable failures: `reset: host:1 closed …`.
inline void PrintTo(const Failure& failure, std::ostream* out) {
  *out << Name(failure.kind) << ": " << failure.message;
}
inline void PrintTo(FailureKind kind, std::ostream* out) { *out << Name(kind); }

}  // namespace portolan::upstream
