#include "server/upstream/client.h"

#include <utility>

#include "server/upstream/connect.h"
#include "server/upstream/exchange.h"
#include "server/upstream/failure.h"
#include "server/upstream/pool.h"
#include "server/upstream/request_head.h"

namespace portolan::upstream {
namespace {

class HttpClient final : public Client {
 public:
  HttpClient(net::Loop& loop, const ClientOptions& options, ProxySettings proxies,
             std::unique_ptr<net::TlsContext> tls)
      : loop_(loop),
        connector_(loop, std::move(proxies), options.allow_address, options.dns_servers, std::move(tls)),
        pool_(loop, options.max_idle_per_origin, options.idle_keep_alive) {}

  net::Task<Failure> Send(const Request& request, const Timeouts& timeouts, net::Wait wait,
                          std::unique_ptr<Exchange>* exchange) override;

 private:
  // A call that is over already shall not cost a pooled connection.
  Failure CheckBudget(const net::Wait& wait) const;

  net::Loop& loop_;
  Connector connector_;
  BufferCache buffers_;
  Pool pool_;
};

Failure HttpClient::CheckBudget(const net::Wait& wait) const {
  const bool cancelled = wait.scope != nullptr && wait.scope->cancelled();
  if (!cancelled && loop_.now() < wait.deadline) return Failure();
  const Step step(loop_, wait, std::chrono::hours(1));
  return step.Interrupted(cancelled ? net::IoCode::kCancelled : net::IoCode::kTimeout, FailureKind::kDeadline,
                          {}, "starting the request");
}

net::Task<Failure> HttpClient::Send(const Request& request, const Timeouts& timeouts, net::Wait wait,
                                    std::unique_ptr<Exchange>* exchange) {
  exchange->reset();
  Failure failure = CheckBudget(wait);
  if (!failure.ok()) co_return failure;
  std::unique_ptr<Buffers> buffers = buffers_.Take();
  const Proxy* proxy = connector_.RequestProxy(request.origin);
  if (!WriteRequestHead(request, proxy, &buffers->request_head, &failure.message)) {
    failure.kind = FailureKind::kGarbage;
    co_return failure;
  }
  auto attempt = std::make_unique<HttpExchange>(loop_, pool_, buffers_, std::move(buffers),
                                                request.keep_encoding, timeouts);
  std::unique_ptr<Connection> connection = pool_.Take(request.origin);
  if (connection != nullptr) {
    failure = co_await attempt->Start(std::move(connection), request, wait);
    // The server closed the idle connection while the request was on its way: it has not been looked at.
    const bool stale = failure.kind == FailureKind::kReset && !attempt->answer_began();
    if (!stale) {
      if (failure.ok()) *exchange = std::move(attempt);
      co_return failure;
    }
  }
  std::unique_ptr<net::Socket> socket;
  failure = co_await connector_.Connect(request.origin, timeouts.connect, wait, &socket);
  if (!failure.ok()) co_return failure;
  failure = co_await attempt->Start(pool_.Adopt(request.origin, std::move(socket)), request, wait);
  if (failure.ok()) *exchange = std::move(attempt);
  co_return failure;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> NewClient(net::Loop& loop, ClientOptions options) {
  auto proxies = ProxySettings::From(options);
  if (!proxies.ok()) return proxies.status();
  auto tls = net::TlsContext::Client(options.ca_file);
  if (!tls.ok()) return tls.status();
  return std::make_unique<HttpClient>(loop, options, *std::move(proxies), *std::move(tls));
}

}  // namespace portolan::upstream
