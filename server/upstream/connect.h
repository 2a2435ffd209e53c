#pragma once

// Opens connections: DNS, the address policy, TCP to one address after the other, a proxy's tunnel, TLS.

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

  // Connects to `origin`, ready for a request, within `limit`. `origin` must outlive the task.
  //
  // Through a proxy, https goes by CONNECT to the origin's name. An untrusted origin is resolved and checked
  // here all the same, and the tunnel asked for leads to the address that was checked, for http too.
  net::Task<Failure> Connect(const Origin& origin, std::chrono::milliseconds limit, net::Wait wait,
                             std::unique_ptr<net::Socket>* socket);

  // The proxy that wants this origin's requests in absolute form (plain http without a tunnel), or null.
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
