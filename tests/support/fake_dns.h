#pragma once

// A name server for tests, on UDP and 127.0.0.1. It answers A queries as it is told, and all others with no
// data.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/script.h"

namespace portolan::test {

class FakeDns {
 public:
  // Returns the IPv4 addresses of `name`, in lower case, which is asked for the nth time (from 1). None:
  // there is no such name. Runs on the server's thread.
  using Handler = std::function<std::vector<std::string>(const std::string& name, int nth)>;
  // `ttl` is that of the answers, in seconds. If `silent`, it never answers.
  explicit FakeDns(Handler handler, uint32_t ttl = 60, bool silent = false);
  ~FakeDns();
  FakeDns(const FakeDns&) = delete;
  FakeDns& operator=(const FakeDns&) = delete;

  std::string host_port() const;            // `127.0.0.1:PORT`
  int queries() const { return queries_; }  // how many A queries came

 private:
  void Serve();
  std::string Answer(const std::string& query);

  Handler handler_;
  uint32_t ttl_;
  bool silent_;
  int fd_;
  uint16_t port_ = 0;
  Latch stop_;
  std::atomic<int> queries_ = 0;
  std::thread thread_;
};

}  // namespace portolan::test
