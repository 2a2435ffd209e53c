#pragma once

// Opens connections: DNS, the address policy, TCP to one address after the other, the tunnel through a proxy,
// TLS.

#include <memory>
#include <string>
#include <vector>

#include "server/net/resolver.h"
#include "server/net/tls.h"
#include "server/upstream/client.h"
#include "server/upstream/failure.h"
#include "server/upstream/proxy.h"

namespace portolan::upstream {

class Connector {
 public:
  // A null `policy` allows every address.
  Connector(net::Loop& loop, ProxySettings proxies, AddressPolicy policy, std::string dns_servers,
            std::unique_ptr<net::TlsContext> tls);

  // Connects to `origin` within `limit`; *socket is then ready for a request. `origin` must outlive the task.
  //
  // Through a proxy, https is tunnelled (CONNECT) to the origin's name. An untrusted origin is still resolved
  // and checked here, and is always tunnelled, even for http, to the address that was checked.
  net::Task<Failure> Connect(const Origin& origin, std::chrono::milliseconds limit, net::Wait wait,
                             std::unique_ptr<net::Socket>* socket);

  // Client::LookUp.
  net::Task<Failure> LookUp(const Origin& origin, net::Wait wait);

  // The proxy that must get this origin's requests in absolute form, as plain http goes without a tunnel;
  // null if none.
  const Proxy* RequestProxy(const Origin& origin) const;

 private:
  using Addresses = std::vector<net::SocketAddress>;

  net::Task<Failure> Resolve(std::string host, uint16_t port, bool check, const Step& step, Addresses* out);
  net::Task<Failure> ConnectToAny(const Addresses& addresses, std::string peer, const Step& step,
                                  std::unique_ptr<net::Socket>* socket);
  net::Task<Failure> ConnectThrough(const Proxy& proxy, const Origin& origin, const Step& step,
                                    std::unique_ptr<net::Socket>* socket);
  net::Task<Failure> OpenTunnel(net::Socket& socket, const Proxy& proxy, std::string target,
                                const Step& step);
  net::Task<Failure> StartTls(net::Socket& socket, const Origin& origin, const Step& step);

  net::Loop& loop_;
  net::Resolver resolver_;
  const ProxySettings proxies_;
  const AddressPolicy policy_;
  const std::unique_ptr<net::TlsContext> tls_;
};

}  // namespace portolan::upstream
