#include "server/upstream/connect.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "server/http/message.h"
#include "server/upstream/url.h"

namespace portolan::upstream {
namespace {

constexpr size_t kMaxAddresses = 6;          // tried for one connection
constexpr size_t kMaxTunnelHead = 16 << 10;  // a proxy's answer to CONNECT

net::ResolverOptions ResolverOptions(std::string servers) {
  net::ResolverOptions options;
  options.servers = std::move(servers);
  return options;
}

std::string TimedOut(const std::string& peer, const Step& step) {
  return "connect to " + peer + " timed out after " + ToText(step.limit());
}

bool IsInterruption(net::IoCode code) {
  return code == net::IoCode::kTimeout || code == net::IoCode::kCancelled;
}

Failure ConnectFailure(const net::IoResult& result, const std::string& peer, const Step& step) {
  if (IsInterruption(result.code)) {
    return step.Interrupted(result.code, FailureKind::kConnectTimeout, TimedOut(peer, step),
                            "connecting to " + peer);
  }
  if (result.code == net::IoCode::kRefused)
    return Fail(FailureKind::kConnectRefused, peer + " refused the connection");
  std::string reason(net::ToString(result.code));
  if (result.sys_errno != 0) reason = std::strerror(result.sys_errno);
  return Fail(FailureKind::kConnectFailed, "connect to " + peer + " failed: " + reason);
}

}  // namespace

Connector::Connector(net::Loop& loop, ProxySettings proxies, AddressPolicy policy, std::string dns_servers,
                     std::unique_ptr<net::TlsContext> tls)
    : loop_(loop),
      resolver_(loop, ResolverOptions(std::move(dns_servers))),
      proxies_(std::move(proxies)),
      policy_(std::move(policy)),
      tls_(std::move(tls)) {}

const Proxy* Connector::RequestProxy(const Origin& origin) const {
  return origin.tls || origin.untrusted ? nullptr : proxies_.For(origin);
}

net::Task<Failure> Connector::Connect(const Origin& origin, std::chrono::milliseconds limit, net::Wait wait,
                                      std::unique_ptr<net::Socket>* socket) {
  const Step step(loop_, wait, limit);
  std::unique_ptr<net::Socket> connected;
  Failure failure;
  const Proxy* const proxy = proxies_.For(origin);
  if (proxy != nullptr) {
    failure = co_await ConnectThrough(*proxy, origin, step, &connected);
  } else {
    Addresses addresses;
    failure = co_await Resolve(origin.host, origin.port, origin.untrusted, step, &addresses);
    if (failure.ok()) failure = co_await ConnectToAny(addresses, HostPort(origin), step, &connected);
  }
  if (failure.ok() && origin.tls) {
    failure = co_await StartTls(*connected, origin, step);
    if (!failure.ok() && proxy != nullptr)
      failure.message += " (through the proxy that " + proxy->variable + " names)";
  }
  if (failure.ok()) *socket = std::move(connected);
  co_return failure;
}

net::Task<Failure> Connector::LookUp(const Origin& origin, net::Wait wait) {
  const Step step(loop_, wait, Timeouts().connect);
  Addresses addresses;
  co_return co_await Resolve(origin.host, origin.port, origin.untrusted, step, &addresses);
}

net::Task<Failure> Connector::Resolve(std::string host, uint16_t port, bool check, const Step& step,
                                      Addresses* out) {
  auto resolved = co_await resolver_.Resolve(host, port, step.wait());
  const std::string peer = HostPort(host, port);
  if (!resolved.ok()) {
    const absl::StatusCode code = resolved.status().code();
    if (code == absl::StatusCode::kDeadlineExceeded || code == absl::StatusCode::kCancelled) {
      const bool timeout = code == absl::StatusCode::kDeadlineExceeded;
      co_return step.Interrupted(timeout ? net::IoCode::kTimeout : net::IoCode::kCancelled,
                                 FailureKind::kConnectTimeout, TimedOut(peer, step), "looking up " + host);
    }
    const bool missing = code == absl::StatusCode::kNotFound;
    co_return Fail(FailureKind::kDns,
                   missing ? "there is no host " + host : "the lookup of " + host + " failed");
  }
  *out = *std::move(resolved);
  if (out->empty()) co_return Fail(FailureKind::kDns, host + " has no address");
  if (check && policy_) {
    std::erase_if(*out, [&](const net::SocketAddress& address) { return !policy_(host, address); });
    // The address itself stays untold: the caller may be probing an inner network's names.
    if (out->empty())
      co_return Fail(FailureKind::kForbiddenAddress, "the address of " + peer + " is not allowed");
  }
  co_return Failure();
}

net::Task<Failure> Connector::ConnectToAny(const Addresses& addresses, std::string peer, const Step& step,
                                           std::unique_ptr<net::Socket>* socket) {
  const size_t count = std::min(addresses.size(), kMaxAddresses);
  Failure failure;
  for (size_t i = 0; i < count; ++i) {
    // An address that swallows packets gets its share of the time, not all of it.
    const net::TimePoint now = loop_.UpdateNow();
    const net::Duration share = (step.deadline() - now) / static_cast<int>(count - i);
    const net::IoResult result =
        co_await net::Socket::Connect(loop_, addresses[i], step.wait_until(now + share), socket);
    if (result.ok()) co_return Failure();
    failure = ConnectFailure(result, peer, step);
    const bool stop = result.code == net::IoCode::kCancelled ||
                      (result.code == net::IoCode::kTimeout && step.over(loop_.UpdateNow()));
    if (stop) break;
  }
  co_return failure;
}

net::Task<Failure> Connector::ConnectThrough(const Proxy& proxy, const Origin& origin, const Step& step,
                                             std::unique_ptr<net::Socket>* socket) {
  std::string target = HostPort(origin);
  if (origin.untrusted) {
    Addresses checked;
    Failure failure = co_await Resolve(origin.host, origin.port, true, step, &checked);
    if (!failure.ok()) co_return failure;
    target = checked.front().ToString();
  }
  const std::string peer = "proxy " + HostPort(proxy.host, proxy.port);
  Addresses addresses;
  Failure failure = co_await Resolve(proxy.host, proxy.port, false, step, &addresses);
  if (failure.ok()) failure = co_await ConnectToAny(addresses, peer, step, socket);
  const bool tunnel = origin.tls || origin.untrusted;
  if (failure.ok() && tunnel) failure = co_await OpenTunnel(**socket, proxy, std::move(target), step);
  if (!failure.ok()) failure.message += " (" + proxy.variable + " names this proxy)";
  co_return failure;
}

net::Task<Failure> Connector::OpenTunnel(net::Socket& socket, const Proxy& proxy, std::string target,
                                         const Step& step) {
  const std::string peer = "proxy " + HostPort(proxy.host, proxy.port);
  TextBuffer request;
  request.Append("CONNECT ", target, " HTTP/1.1\r\nhost: ", target, "\r\n");
  if (!proxy.authorization.empty())
    http::AppendHeader("proxy-authorization", proxy.authorization.Reveal(), &request);
  request.Append("\r\n");
  const std::string_view piece = request.view();
  net::IoResult result = co_await socket.Write({&piece, 1}, step.wait());
  std::string text;
  http::ResponseHead head;
  http::ParseResult parsed;
  size_t scanned = 0;
  while (result.ok()) {
    const std::span<char> scratch = loop_.scratch().first(kMaxTunnelHead);
    result = co_await socket.Read(scratch, step.wait());
    if (!result.ok()) break;
    text.append(scratch.data(), result.bytes);
    parsed = http::ParseResponseHead(text, &scanned, "CONNECT", &head);
    if (parsed.state != http::ParseState::kNeedMore || text.size() > kMaxTunnelHead) break;
  }
  if (IsInterruption(result.code)) {
    co_return step.Interrupted(result.code, FailureKind::kConnectTimeout, TimedOut(peer, step),
                               "waiting for a tunnel of " + peer);
  }
  if (!result.ok())
    co_return Fail(FailureKind::kProxy, peer + " closed the connection instead of opening a tunnel");
  if (parsed.state != http::ParseState::kDone)
    co_return Fail(FailureKind::kProxy, peer + " does not speak HTTP");
  if (head.status < 200 || head.status > 299) {
    co_return Fail(FailureKind::kProxy,
                   peer + " refused a tunnel to " + target + " with status " + std::to_string(head.status));
  }
  // The other end speaks only after us.
  if (parsed.consumed != text.size())
    co_return Fail(FailureKind::kProxy, peer + " sent bytes before the tunnel was used");
  co_return Failure();
}

net::Task<Failure> Connector::StartTls(net::Socket& socket, const Origin& origin, const Step& step) {
  const net::IoResult result = co_await socket.HandshakeClient(*tls_, origin.host, step.wait());
  if (result.ok()) co_return Failure();
  const std::string peer = HostPort(origin);
  if (IsInterruption(result.code)) {
    co_return step.Interrupted(result.code, FailureKind::kConnectTimeout,
                               "the TLS handshake with " + peer + " timed out after " + ToText(step.limit()),
                               "doing the TLS handshake with " + peer);
  }
  const bool tls = result.code == net::IoCode::kTls;
  co_return Fail(tls ? FailureKind::kTls : FailureKind::kConnectFailed,
                 "the TLS handshake with " + peer +
                     " failed: " + (tls ? socket.tls_error() : std::string(net::ToString(result.code))));
}

}  // namespace portolan::upstream
