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
        pool_(loop, options.max_idle_per_origin, options.idle_keep_alive),
        resend_window_(options.resend_window) {}

  net::Task<Failure> Send(const Request& request, const Timeouts& timeouts, net::Wait wait,
                          std::unique_ptr<Exchange>* exchange) override;
  net::Task<Failure> LookUp(const Origin& origin, net::Wait wait) override {
    return connector_.LookUp(origin, wait);
  }

 private:
  // A call that is over already shall not cost a pooled connection.
  Failure CheckBudget(const net::Wait& wait) const;
  net::Task<Failure> SendPooled(std::unique_ptr<HttpExchange> attempt, std::unique_ptr<Connection> connection,
                                net::Wait wait, std::unique_ptr<Exchange>* exchange);
  net::Task<Failure> SendFresh(std::unique_ptr<HttpExchange> attempt, Origin origin, net::Wait wait,
                               std::unique_ptr<Exchange>* exchange);

  net::Loop& loop_;
  Connector connector_;
  BufferCache buffers_;
  Pool pool_;
  const std::chrono::milliseconds resend_window_;
};

Failure HttpClient::CheckBudget(const net::Wait& wait) const {
  const bool cancelled = wait.scope != nullptr && wait.scope->cancelled();
  if (!cancelled && loop_.now() < wait.deadline) return Failure();
  const Step step(loop_, wait, std::chrono::hours(1));
  return step.Interrupted(cancelled ? net::IoCode::kCancelled : net::IoCode::kTimeout, FailureKind::kDeadline,
                          {}, "starting the request");
}

net::Task<Failure> Failed(Failure failure) { co_return failure; }

// Not a coroutine: what is only needed to put the request together is gone while the answer is waited for.
net::Task<Failure> HttpClient::Send(const Request& request, const Timeouts& timeouts, net::Wait wait,
                                    std::unique_ptr<Exchange>* exchange) {
  exchange->reset();
  Failure failure = CheckBudget(wait);
  if (!failure.ok()) return Failed(std::move(failure));
  std::unique_ptr<Buffers> buffers = buffers_.Take();
  const Proxy* proxy = connector_.RequestProxy(*request.origin);
  if (!WriteRequestHead(request, proxy, &buffers->request_head, &failure.message)) {
    buffers_.Give(std::move(buffers));
    failure.kind = FailureKind::kGarbage;
    return Failed(std::move(failure));
  }
  auto attempt =
      std::make_unique<HttpExchange>(loop_, pool_, buffers_, std::move(buffers), request, timeouts);
  std::unique_ptr<Connection> connection;
  if (request.source == nullptr) connection = pool_.Take(*request.origin);
  if (connection == nullptr) return SendFresh(std::move(attempt), *request.origin, wait, exchange);
  return SendPooled(std::move(attempt), std::move(connection), wait, exchange);
}

net::Task<Failure> HttpClient::SendPooled(std::unique_ptr<HttpExchange> attempt,
                                          std::unique_ptr<Connection> connection, net::Wait wait,
                                          std::unique_ptr<Exchange>* exchange) {
  Failure failure = co_await attempt->Start(std::move(connection), wait);
  failure.kept = true;
  if (failure.ok()) {
    *exchange = std::move(attempt);
    co_return failure;
  }
  const bool at_once = failure.kind == FailureKind::kReset && !attempt->answer_began() &&
                       attempt->silent_for() <= resend_window_;
  if (!at_once) co_return failure;
  const Origin origin = attempt->origin();
  attempt->Abort();
  failure = co_await SendFresh(std::move(attempt), origin, wait, exchange);
  failure.resent = true;
  co_return failure;
}

net::Task<Failure> HttpClient::SendFresh(std::unique_ptr<HttpExchange> attempt, Origin origin, net::Wait wait,
                                         std::unique_ptr<Exchange>* exchange) {
  std::unique_ptr<net::Socket> socket;
  Failure failure = co_await connector_.Connect(origin, attempt->timeouts().connect, wait, &socket);
  if (!failure.ok()) co_return failure;
  failure = co_await attempt->Start(pool_.Adopt(origin, std::move(socket)), wait);
  if (failure.ok()) *exchange = std::move(attempt);
  co_return failure;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> NewClient(net::Loop& loop, ClientOptions options) {
  auto proxies = ProxySettings::From(options);
  if (!proxies.ok()) return proxies.status();
  auto tls = options.trust != nullptr ? net::TlsContext::Client(*options.trust)
                                      : net::TlsContext::Client(options.ca_file);
  if (!tls.ok()) return tls.status();
  return std::make_unique<HttpClient>(loop, options, *std::move(proxies), *std::move(tls));
}

}  // namespace portolan::upstream
