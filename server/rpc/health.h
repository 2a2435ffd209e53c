#pragma once

// grpc.health.v1 (proto/grpc/health/v1): what balancers and Kubernetes ask.

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
  // Of the server and of these services, all of which serve from the start.
  explicit Health(const std::vector<std::string>& services);

  // Adds Check and Watch. The health must outlive the rpcs.
  void AddTo(Acceptor& acceptor);
  // Of all that it knows. Watchers are told.
  void SetServing(bool serving);
  // Ends the watchers' rpcs with UNAVAILABLE, and those to come: they would keep a server from shutting down.
  void Stop();

 private:
  class Watcher;
  void Check(Arrival arrival);
  void Watch(Arrival arrival);
  // What Watch tells of a service: HealthCheckResponse.ServingStatus.
  int StatusOf(const std::string& service) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::map<std::string, bool> serving_ ABSL_GUARDED_BY(mutex_);
  std::set<Watcher*> watchers_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace portolan::rpc
