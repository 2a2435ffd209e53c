#pragma once

// A gateway as a process of its own, as an operator runs it.

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/temp_folder.h"

namespace portolan::load {

// What a process is given: open files at most, its environment besides ours, and which of stdin, stdout and
// stderr are closed.
struct Terms {
  size_t max_files = 0;  // 0: as many as we have
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::vector<int> closed = {};
};

class Process {
 public:
  // Starts `portolan serve` on ports of its own, unless the flags say where to listen. stdout and stderr go
  // to files.
  explicit Process(std::string binary);
  ~Process();  // kills what still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void Start(const std::vector<std::string>& flags, const Terms& terms = {});
  // Waits until /readyz says yes; false after test::kPatience.
  bool WaitUntilReady() const;
  bool Ready() const;  // asks now
  // Waits until the door for HTTP takes connections, TLS or not; false after test::kPatience.
  bool WaitUntilListening() const;
  size_t ResidentBytes() const;  // of its memory
  double CpuSeconds() const;     // used by all its threads so far, those that have ended too
  // What one of its descriptors is of: `/dev/null`, `socket:[4711]`; empty: it is closed.
  std::string Descriptor(int fd) const;
  // How many of its descriptors below this number are open: files, sockets and the like. One that is closed
  // meanwhile may count.
  size_t OpenDescriptors(size_t below) const;
  void Signal(int signal) const;
  // The exit status; -1 if it was killed or does not end within `seconds`.
  int Wait(int seconds);
  std::string Stdout() const;
  std::string Stderr() const;

  const std::string& http() const { return http_; }  // `127.0.0.1:PORT`
  const std::string& grpc() const { return grpc_; }
  const std::string& admin() const { return admin_; }

 private:
  const std::string binary_;
  const test::TempFolder folder_;
  const std::string http_;
  const std::string grpc_;
  const std::string admin_;
  pid_t pid_ = -1;
};

// A port that nobody listens on, and that the system gives to nobody who leaves the choice to it.
std::string FreeAddress();
// The gateway under test.
std::string Binary();

}  // namespace portolan::load
