#pragma once

// What a gRPC middleware wants, as it says itself and the config file corrects it.

#include <grpcpp/support/status.h>

#include <memory>
#include <string>
#include <vector>

#include "server/middleware/grpc/connection.h"
#include "server/middleware/grpc/unary_call.h"
#include "server/middleware/middleware.h"
#include "server/net/loop.h"
#include "server/net/suspension.h"
#include "server/net/task.h"

namespace portolan::middleware {

// On the shard's thread, but for the constructor.
class Description {
 public:
  // Asks at once.
  explicit Description(Connection& connection);
  Description(const Description&) = delete;
  Description& operator=(const Description&) = delete;

  // nullptr: not known. Where it points stays; what is there changes when the service has been asked anew.
  const Wants* wants() const { return known_ ? &wants_ : nullptr; }
  // As Service::Learn.
  net::Task<std::string> Learn(net::Wait wait);
  // Tells what an rpc has come to. UNAVAILABLE: the service may be another one when it is back.
  void Heed(const grpc::Status& status);

 private:
  // One who waits in Learn().
  struct Learner {
    Learner(net::Loop& loop, net::Wait wait, std::vector<Learner*>& all);
    Learner(const Learner&) = delete;
    Learner& operator=(const Learner&) = delete;
    ~Learner();

    net::Waiter waiter;
    std::string failure;
    std::vector<Learner*>& learners;
  };

  void Begin();
  void OnOver();

  Connection& connection_;
  Wants wants_;
  bool known_ = false;
  bool outdated_ = false;  // the rpc under way may have been answered by a service that is gone
  UnaryCall::Waiting call_;
  std::vector<Learner*> learners_;
};

}  // namespace portolan::middleware
