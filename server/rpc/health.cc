#include "server/rpc/health.h"

#include <utility>

#include "grpc/health/v1/health.pb.h"
#include "server/rpc/immediate.h"

namespace portolan::rpc {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

HealthCheckResponse Response(int status) {
  HealthCheckResponse response;
  response.set_status(static_cast<HealthCheckResponse::ServingStatus>(status));
  return response;
}

grpc::Status NotARequest() {
  return {grpc::StatusCode::INVALID_ARGUMENT, "the request is not a valid grpc.health.v1.HealthCheckRequest"};
}

}  // namespace

// Is told the newest status there is whenever it has taken the last. All but OnClosed is called with the
// health's mutex held.
class Health::Watcher final : public Rpc {
 public:
  Watcher(Health& health, std::string service, Arrival arrival)
      : Rpc(std::move(arrival)), health_(health), service_(std::move(service)) {}

  void Begin() { Rpc::Watch(); }
  void Tell() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (message_ != nullptr || ended_) return;
    const int status = health_.StatusOf(service_);
    if (status == told_) return;
    told_ = status;
    message_ = ToBuffer(Response(status).SerializeAsString());
    StartWrite(message_.get(), /*more=*/false);
  }
  void End() {
    if (std::exchange(ended_, true)) return;
    if (message_ == nullptr) SendEnd();
  }

 private:
  void OnWritten(bool ok) override {
    const absl::MutexLock lock(&health_.mutex_);
    message_.reset();
    if (ended_) {
      SendEnd();
    } else if (ok) {
      Tell();
    }
  }
  void OnClosed(bool) override {
    {
      const absl::MutexLock lock(&health_.mutex_);
      health_.watchers_.erase(this);
      End();
    }
    Release();
  }
  void SendEnd() { StartFinish({grpc::StatusCode::UNAVAILABLE, "the gateway is shutting down"}); }

  Health& health_;
  const std::string service_;
  int told_ = -1;
  BufferPtr message_;  // being written
  bool ended_ = false;
};

Health::Health(const std::vector<std::string>& services) {
  serving_[""] = true;
  for (const std::string& service : services) serving_[service] = true;
}

void Health::AddTo(Acceptor& acceptor) {
  acceptor.Add("/grpc.health.v1.Health/Check", Kind::kUnary,
               [this](Arrival arrival) { Check(std::move(arrival)); });
  acceptor.Add("/grpc.health.v1.Health/Watch", Kind::kServerStream,
               [this](Arrival arrival) { Watch(std::move(arrival)); });
}

int Health::StatusOf(const std::string& service) const {
  const auto found = serving_.find(service);
  if (found == serving_.end()) return HealthCheckResponse::SERVICE_UNKNOWN;
  return found->second ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

void Health::Check(Arrival arrival) {
  HealthCheckRequest request;
  if (!ParseBuffer(arrival.payload.get(), &request)) return Refuse(std::move(arrival), NotARequest());
  int status = 0;
  {
    const absl::MutexLock lock(&mutex_);
    status = StatusOf(request.service());
  }
  if (status == HealthCheckResponse::SERVICE_UNKNOWN) {
    return Refuse(std::move(arrival), {grpc::StatusCode::NOT_FOUND, "there is no such service"});
  }
  Answer(std::move(arrival), Response(status));
}

void Health::Watch(Arrival arrival) {
  HealthCheckRequest request;
  if (!ParseBuffer(arrival.payload.get(), &request)) return Refuse(std::move(arrival), NotARequest());
  const absl::MutexLock lock(&mutex_);
  auto* const watcher = new Watcher(*this, request.service(), std::move(arrival));
  watchers_.insert(watcher);
  watcher->Begin();
  if (stopped_) {
    watcher->End();
  } else {
    watcher->Tell();
  }
}

void Health::SetServing(bool serving) {
  const absl::MutexLock lock(&mutex_);
  for (auto& [service, value] : serving_) value = serving;
  for (Watcher* watcher : watchers_) watcher->Tell();
}

void Health::Stop() {
  const absl::MutexLock lock(&mutex_);
  stopped_ = true;
  for (Watcher* watcher : watchers_) watcher->End();
}

}  // namespace portolan::rpc
