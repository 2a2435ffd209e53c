#pragma once

// An http::Server on a thread of its own with a handler whose paths do what the tests need.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "server/http/handler.h"
#include "server/http/response_writer.h"
#include "server/http/server.h"
#include "server/net/listener.h"
#include "server/net/loop.h"
#include "tests/support/eventually.h"

namespace portolan::testing {

// Words that the handler says and the test waits for.
class Words {
 public:
  void Say(std::string word);
  // The next word, or "" after `limit`.
  std::string Next(std::chrono::milliseconds limit = test::kPatience);

 private:
  std::mutex mutex_;
  std::condition_variable said_;
  std::deque<std::string> words_;
};

// /echo         answers with the body; x-method, x-path, x-peer, x-encoding, x-subject tell about the request
// /upload       reads the body as it comes and answers with it, cut short by `?N` after N bytes; x-length
// tells
//               the length that it announced
// /hold         says `held`, waits until its scope is cancelled, says the reason
// /hold-stream  starts a stream, then as /hold
// /stream?N     a stream of N chunks `chunk 0\n` …
// /endless      writes blocks of 64 KiB until a write fails, then says `gone`
// /big?N        a body of N bytes
// /silent       does not answer
// /abort        starts a stream, writes once, aborts
// /unfinished   starts a stream, writes once, returns
// /screened     is refused by Screen with 404
class TestHandler : public http::Handler {
 public:
  TestHandler(net::Loop& loop, Words& words) : loop_(loop), words_(words) {}
  std::optional<http::Answer> Screen(const http::RequestHead& head, std::string_view peer,
                                     http::BodyMode* body) override;
  net::Task<void> Handle(http::Request& request, http::ResponseWriter& writer) override;

 private:
  net::Task<void> Echo(http::Request& request, http::ResponseWriter& writer);
  net::Task<void> Upload(http::Request& request, http::ResponseWriter& writer);
  net::Task<void> Hold(http::Request& request, http::ResponseWriter& writer, bool stream);
  net::Task<void> Stream(http::Request& request, http::ResponseWriter& writer);
  net::Task<void> Endless(http::ResponseWriter& writer);
  net::Task<void> WriteOnce(http::ResponseWriter& writer, bool abort);

  net::Loop& loop_;
  Words& words_;
};

class ServerThread {
 public:
  explicit ServerThread(http::ServerOptions options = {}, std::shared_ptr<net::TlsContext> tls = nullptr);
  ~ServerThread();

  uint16_t port() const { return port_; }
  Words& words() { return words_; }
  // Runs `function` on the loop's thread and waits for it.
  void Do(const std::function<void(http::Server&)>& function);
  size_t open_connections();
  size_t active_requests();
  // Waits until `condition` holds, which is looked at on the loop's thread. What a caller has had is not yet
  // over for the server: it may still be writing.
  ::testing::AssertionResult Await(const std::function<bool(http::Server&)>& condition);

 private:
  net::Loop loop_;
  Words words_;
  TestHandler handler_{loop_, words_};
  std::unique_ptr<http::Server> server_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace portolan::testing
