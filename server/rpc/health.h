#pragma once

// grpc.health.v1 (proto/grpc/health/v1), which load balancers and Kubernetes ask.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/rpc/acceptor.h"

namespace portolan::rpc {

// Thread-safe.
class Health {
 public:
  // Tells the health of the server and of these services, all of which are serving at first.
  explicit Health(const std::vector<std::string>& services);

  // Adds the rpcs Check and Watch. This must outlive them.
  void AddTo(Acceptor& acceptor);
  // Sets the state of the server and every service, and tells watchers.
  void SetServing(bool serving);
  // Ends watchers' rpcs with UNAVAILABLE, and all later ones: they would keep the server from shutting down.
  void Stop();

 private:
  class Watcher;
  void Check(Arrival arrival);
  void Watch(Arrival arrival);
  // The HealthCheckResponse.ServingStatus of a service, as Watch tells it.
  int StatusOf(const std::string& service) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::map<std::string, bool> serving_ ABSL_GUARDED_BY(mutex_);
  std::set<Watcher*> watchers_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace portolan::rpc
