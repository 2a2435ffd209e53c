#pragma once

#include <grpcpp/channel.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace portolan::rpc {

// Keeps gRPC's callback threads from dozing. gRPC 1.51 gives the callback API two threads (up to 16 on large
// machines) that each sleep for 100 ms after a second without an event. When all sleep at once the next call
// waits for up to that long. One event every half second is enough to keep one of them awake: each beat asks
// the server's own health service through a channel inside the process, some 100 microseconds of CPU.
class KeepAwake {
 public:
  explicit KeepAwake(std::shared_ptr<grpc::Channel> to_self);
  ~KeepAwake();  // waits for the thread

 private:
  void Run();
  void Beat();

  const std::shared_ptr<grpc::Channel> channel_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace portolan::rpc
