#pragma once

// Thousands of streams at a time, each followed to its end, by one thread and epoll; and an upstream that
// holds as many open.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace portolan::load {

// Clients of a REST door. Not thread-safe.
class Swarm {
 public:
  // A stream's request and what its text (all contents, one behind the other) has to be in the end.
  struct Stream {
    std::string request;
    std::string text;
  };

  explicit Swarm(std::string address);
  ~Swarm();
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;

  void Add(Stream stream);
  // Connections that have had one answer and stay.
  void AddIdle(size_t count);
  // Lets the clients work until `done` says so; false after `seconds`.
  bool Run(const std::function<bool()>& done, int seconds);

  size_t started() const { return started_; }              // streams that have shown a first text
  size_t finished() const { return finished_; }            // streams complete, with the right text
  size_t idle() const { return idle_; }                    // connections that have had their answer
  const std::string& failure() const { return failure_; }  // of the first that is not

 private:
  struct Client;
  void Connect(Client& client);
  void Read(Client& client);
  void Fail(Client& client, const std::string& why);

  const std::string address_;
  const int epoll_;
  std::vector<std::unique_ptr<Client>> clients_;
  size_t next_ = 0;        // of clients_, to be connected
  size_t connecting_ = 0;  // connected and not yet answered
  size_t started_ = 0;
  size_t finished_ = 0;
  size_t idle_ = 0;
  std::string failure_;
};

// Answers every chat request with a stream of numbered texts, all streams in step: `CALLER.0 `, `CALLER.1 ` …
// where CALLER is what the last message says.
class SteppingUpstream {
 public:
  SteppingUpstream();
  ~SteppingUpstream();
  SteppingUpstream(const SteppingUpstream&) = delete;
  SteppingUpstream& operator=(const SteppingUpstream&) = delete;

  std::string url() const;
  // Every stream gets one more text.
  void Step() { ++steps_; }
  // Every stream ends.
  void Finish() { finish_ = true; }
  static std::string TextOf(const std::string& caller, int steps);

 private:
  struct Connection;
  void Run();
  void Serve(Connection& connection);

  int listener_ = -1;
  int epoll_ = -1;
  uint16_t port_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::atomic<int> steps_{1};
  std::atomic<bool> finish_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace portolan::load
