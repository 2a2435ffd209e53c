#pragma once

// The gRPC front over real loops, with a service that does what the request's `model` says:
//
//   echo          answers at once; `id` is the request id, headers from `reply_headers`
//   wait          waits until its scope is cancelled
//   silent        returns without an answer
//   error         answers `error`
//   stream        sends `chunks` chunks in batches of `batch`, then ends with OK
//   broken        sends one chunk, then ends with `error`
//   flood         sends chunks of 16 KB until a write fails
//   drip          sends a chunk every 10 ms until a write fails or 100 are sent
//   large         answers as many bytes as `max_tokens` says
//
// Every call leaves a note of what it saw.

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "server/base/error.h"
#include "server/core/service.h"
#include "server/rpc/rpc_server.h"

namespace portolan::rpc {

struct Note {
  std::map<std::string, std::string> headers;
  std::string peer;
  std::string request_id;
  bool streaming_rpc = false;
  net::TimePoint deadline = net::kNever;
  net::CancelReason reason = net::CancelReason::kNone;
  net::TimePoint over;  // when the service stopped waiting or writing
  int written = 0;      // batches
};

// What the services of all shards share; thread-safe.
class Script {
 public:
  Error error;
  std::vector<HeaderField> reply_headers;
  int chunks = 3;
  int batch = 1;
  size_t chunk_bytes = 0;  // of ballast in each chunk of `stream`

  void Entered() {
    Change([this] { ++entered_; });
  }
  void Progress() {
    Change([this] { ++progress_; });
  }
  void Left(Note note) {
    Change([&] {
      ++left_;
      last_ = std::move(note);
    });
  }

  // Waits until `n` calls have entered or left.
  void WaitEntered(int n);
  Note WaitLeft(int n = 1);  // the note of the last
  // Waits until a started batch of writes has not come to its end for a while.
  void WaitStalled();
  int left();

 private:
  template <typename F>
  void Change(F change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int entered_ = 0;
  int progress_ = 0;
  int left_ = 0;
  Note last_;
};

class FakeService : public core::Service {
 public:
  FakeService(net::Loop& loop, Script& script) : loop_(loop), script_(script) {}
  net::Task<void> Handle(core::Inbound inbound, core::ReplySink& sink) override;

 private:
  net::Task<void> Stream(core::Inbound& inbound, core::ReplySink& sink, std::string model, Note& note);

  net::Loop& loop_;
  Script& script_;
};

class FakeGateway {
 public:
  explicit FakeGateway(RpcOptions options = {}, int shards = 2);
  ~FakeGateway();

  std::unique_ptr<v1::ChatService::Stub> NewStub() const;
  std::shared_ptr<grpc::Channel> NewChannel() const;

  Script script;
  std::unique_ptr<RpcServer> server;

 private:
  struct Lane {
    net::Loop loop;
    std::unique_ptr<FakeService> service;
    std::thread thread;
  };
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<codec::Codec> codec_;
  std::vector<std::unique_ptr<core::OperationSpec>> operations_;
};

v1::ChatCompletionRequest Ask(std::string model);

// On a connection of its own.
grpc::Status CallUnary(FakeGateway& gateway, const v1::ChatCompletionRequest& request,
                       v1::ChatCompletion* reply);
// A unary call whose messages are bytes.
grpc::Status CallBytes(FakeGateway& gateway, const char* path, const std::string& request,
                       std::string* reply);
std::string Bytes(const grpc::ByteBuffer& buffer);
// The ids of all chunks to come.
std::vector<std::string> ReadAll(grpc::ClientReader<v1::ChatCompletionChunk>& reader);

}  // namespace portolan::rpc
