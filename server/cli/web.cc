#include "server/cli/web.h"

#include <algorithm>
#include <memory>
#include <string>

#include "server/net/cancel.h"
#include "server/net/loop.h"
#include "server/net/task.h"
#include "server/net/tls.h"

namespace portolan::cli {
namespace {

net::Task<void> Send(net::Loop& loop, upstream::Client& client, const WebRequest& request,
                     upstream::Request* head, WebAnswer* answer, absl::Status* status) {
  const net::Wait wait{loop.UpdateNow() + request.timeout, nullptr};
  const upstream::Timeouts timeouts{request.timeout, request.timeout, request.timeout};
  std::unique_ptr<upstream::Exchange> exchange;
  upstream::Failure failure = co_await client.Send(*head, timeouts, wait, &exchange);
  if (failure.ok()) {
    answer->status = exchange->status();
    for (const HeaderView& header : exchange->headers())
      answer->headers.push_back({std::string(header.name), std::string(header.value)});
    failure = co_await exchange->ReadAll(request.max_answer, &answer->body, wait);
  }
  if (!failure.ok()) *status = absl::UnavailableError(failure.message);
  loop.Stop();
}

// Cancels a call once it is told to.
class Watch final : private net::Timer {
 public:
  Watch(net::Loop& loop, const std::function<bool()>& stopped) : net::Timer(loop), stopped_(stopped) {
    Again();
  }
  net::CancelScope& scope() { return scope_; }

 private:
  void Again() { Arm(timer_loop().UpdateNow() + std::chrono::milliseconds(50)); }
  void OnTimer() override {
    if (stopped_()) return scope_.Cancel(net::CancelReason::kAbandoned);
    Again();
  }

  const std::function<bool()>& stopped_;
  net::CancelScope scope_;
};

net::Task<void> SendStreamed(net::Loop& loop, upstream::Client& client, const WebRequest& request,
                             const upstream::Request* head, const std::function<bool()>* stopped,
                             WebAnswer* answer, const std::function<bool(std::string_view)>* take,
                             absl::Status* status) {
  Watch watch(loop, *stopped);
  const auto wait = [&] { return net::Wait{loop.UpdateNow() + request.timeout, &watch.scope()}; };
  const upstream::Timeouts timeouts{request.timeout, request.timeout, request.timeout};
  std::unique_ptr<upstream::Exchange> exchange;
  upstream::Failure failure = co_await client.Send(*head, timeouts, wait(), &exchange);
  if (failure.ok()) {
    answer->status = exchange->status();
    if (answer->status != 200) {
      failure = co_await exchange->ReadAll(request.max_answer, &answer->body, wait());
    } else {
      bool more = true;
      while (more && failure.ok()) {
        const upstream::Exchange::Piece piece = co_await exchange->Read(wait());
        failure = piece.failure;
        more = failure.ok() && (*take)(piece.data) && !piece.end;
      }
    }
  }
  if (!failure.ok()) *status = absl::UnavailableError(failure.message);
  if (watch.scope().cancelled()) *status = absl::CancelledError("stopped");
  loop.Stop();
}

// A call's client, and the call as it takes it.
struct Prepared {
  upstream::Origin origin;
  std::string target;
  std::string_view body;
  upstream::Request head;
  std::unique_ptr<upstream::Client> client;
};

absl::Status Prepare(const WebRequest& request, net::Loop& loop, Prepared* out) {
  std::string problem;
  if (!upstream::ParseRequestUrl(request.url, &out->origin, &out->target, &problem))
    return absl::InvalidArgumentError(Printable(request.url) + ": " + problem);
  upstream::ClientOptions options;
  // Reading the system's authorities takes longer than a plain call.
  if (!out->origin.tls) options.trust = net::TrustStore::New();
  auto client = upstream::NewClient(loop, options);
  if (!client.ok()) return client.status();
  out->client = *std::move(client);
  out->head.origin = &out->origin;
  out->head.method = request.method;
  out->head.path = out->target;
  for (const HeaderField& header : request.headers) out->head.headers.push_back({header.name, header.value});
  out->head.headers.push_back({"user-agent", "portolan/" PORTOLAN_VERSION});
  out->body = request.body;
  if (!out->body.empty()) out->head.body = {&out->body, 1};
  return absl::OkStatus();
}

}  // namespace

absl::Status Ask(const WebRequest& request, WebAnswer* answer) {
  net::Loop loop;
  Prepared call;
  absl::Status status = Prepare(request, loop, &call);
  if (!status.ok()) return status;
  loop.Spawn(Send(loop, *call.client, request, &call.head, answer, &status));
  loop.Run();
  return status;
}

absl::Status AskStreamed(const WebRequest& request, const std::function<bool()>& stopped, WebAnswer* answer,
                         const std::function<bool(std::string_view)>& take) {
  net::Loop loop;
  Prepared call;
  absl::Status status = Prepare(request, loop, &call);
  if (!status.ok()) return status;
  loop.Spawn(SendStreamed(loop, *call.client, request, &call.head, &stopped, answer, &take, &status));
  loop.Run();
  return status;
}

std::string Printable(std::string_view text, size_t most) {
  std::string line(text.substr(0, most));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
      ' ');
  if (text.size() > most) line += "...";
  return line;
}

}  // namespace portolan::cli
