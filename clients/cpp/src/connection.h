#ifndef PORTOLAN_CLIENT_CONNECTION_H_
#define PORTOLAN_CLIENT_CONNECTION_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "portolan/client.h"

namespace portolan::internal {

class Connection;

// One call: its time, its metadata, and whatever cancels it.
class Call {
 public:
  Call(std::shared_ptr<Connection> connection, CallOptions options);

  // Why the call cannot be made at all.
  const std::optional<Error>& unsendable() const { return unsendable_; }
  // Goes on when there is a connection, or no hope of one within the time: the call is made all the same
  // then, as its error says why; it does not wait. `then` may be called before this returns, or in another
  // thread.
  void WhenConnected(std::function<void()> then);
  // In any thread, at any time.
  void Cancel();
  // Tells what came with the answer.
  void TellHeaders();
  Error ErrorOf(const grpc::Status& status) const { return Error::Of(status, context_); }
  grpc::ClientContext* context() { return &context_; }

 private:
  struct CancelCall {
    Call* call;
    void operator()() const { call->Cancel(); }
  };
  using Canceller = std::stop_callback<CancelCall>;

  void SetMetadata();
  void SetDeadline();

  std::shared_ptr<Connection> connection_;
  CallOptions options_;
  std::optional<Error> unsendable_;
  std::optional<std::chrono::system_clock::time_point> deadline_;
  grpc::ClientContext context_;
  // Of the question whether there is a gateway.
  grpc::ClientContext probe_;
  grpc::ByteBuffer probe_request_, probe_answer_;
  // The last, so that nothing is cancelled that is no more.
  std::optional<Canceller> by_caller_, by_client_;
};

// How many calls are under way whose answers go to callbacks. Thread-safe.
class Calls {
 public:
  void Enter();
  void Leave();
  // Until there is none.
  void Wait();

 private:
  std::mutex mutex_;
  std::condition_variable left_;
  int calls_ = 0;  // by mutex_
};

// The channel, and what all of a client's calls have in common. Thread-safe. gRPC forbids that its last owner
// goes in one of gRPC's threads: a call for a callback lets go of it before it leaves.
class Connection {
 public:
  Connection(const std::string& target, ClientOptions options);

  const ClientOptions& options() const { return options_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  // Of the client's end.
  std::stop_token closing() const { return closing_.get_token(); }

  using Probe = grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer>;
  Probe& probe() { return probe_; }

  const std::shared_ptr<Calls>& calls() const { return calls_; }
  // Cancels all calls, and waits until those for callbacks are over.
  void Close();

 private:
  ClientOptions options_;
  std::shared_ptr<grpc::Channel> channel_;
  Probe probe_;
  std::stop_source closing_;
  std::shared_ptr<Calls> calls_ = std::make_shared<Calls>();
};

}  // namespace portolan::internal

#endif  // PORTOLAN_CLIENT_CONNECTION_H_
