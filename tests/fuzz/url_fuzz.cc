// Hosts that callers name, from a hostile world. Properties: what is accepted is read the same when it is
// written again; a host is a name or a canonical address, so that no resolver takes it for another; nothing
// in it or in the path ends a line of a head.

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/base/host.h"
#include "server/base/ip.h"
#include "server/net/address.h"
#include "server/upstream/client.h"
#include "server/upstream/url.h"

namespace {

using namespace portolan;
using namespace portolan::upstream;

void Require(bool holds) {
  if (!holds) std::abort();
}

bool IsHostByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == ':';
}

void CheckHost(const std::string& host) {
  Require(!host.empty() && std::all_of(host.begin(), host.end(), IsHostByte));
  // The C library reads `127.1`, `0x7f.1` and `2130706433` as addresses; they must not come so far.
  in_addr v4;
  if (inet_aton(host.c_str(), &v4) != 0) {
    char canonical[INET_ADDRSTRLEN];
    Require(inet_ntop(AF_INET, &v4, canonical, sizeof canonical) == host);
    Require(ParseIp(host).has_value());
  }
  in6_addr v6;
  const bool is_v6 = inet_pton(AF_INET6, host.c_str(), &v6) == 1;
  Require(is_v6 == (host.find(':') != std::string::npos));
  if (is_v6) Require(ParseIp(host).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  Origin origin;
  std::string path;
  std::string problem;
  if (ParseUrl(text, &origin, &path, &problem)) {
    CheckHost(origin.host);
    Require(origin.port != 0);
    Require(path.empty() || (path.front() == '/' && path.back() != '/'));
    Require(std::all_of(path.begin(), path.end(),
                        [](char c) { return c > 0x20 && c < 0x7f && c != '?' && c != '#'; }));
    Origin again;
    std::string path_again;
    const std::string written = (origin.tls ? "https://" : "http://") + HostPort(origin) + path;
    Require(ParseUrl(written, &again, &path_again, &problem));
    Require(again == origin && path_again == path);
    Require(OriginHash()(again) == OriginHash()(origin));
    // What goes into the Host header names the same place.
    TextBuffer header;
    AppendHostHeader(origin, &header);
    const std::string shown = (origin.tls ? "https://" : "http://") + std::string(header.view());
    Require(ParseUrl(shown, &again, &path_again, &problem) && again == origin);
  } else {
    Require(!problem.empty());
  }
  // What is called as it stands goes to the host that it shows, without a byte that could end the line.
  std::string target;
  if (ParseRequestUrl(text, &origin, &target, &problem)) {
    CheckHost(origin.host);
    Require(target.front() == '/' && std::all_of(target.begin(), target.end(),
                                                 [](char c) { return c > 0x20 && c < 0x7f && c != '#'; }));
    Origin again;
    std::string target_again;
    const std::string written = (origin.tls ? "https://" : "http://") + HostPort(origin) + target;
    Require(ParseRequestUrl(written, &again, &target_again, &problem));
    Require(again == origin && target_again == target);
  } else {
    Require(!problem.empty());
  }
  std::string host;
  if (ParseHost(text, &host, &problem)) CheckHost(host);
  const auto network = IpNetwork::Parse(text);
  if (const auto ip = ParseIp(text)) {
    Require(network && network->Contains(*ip));
    const auto address = portolan::net::ParseAddress(HostPort(text, 80));
    Require(address.ok() && IpOf(*address) == ip);
    if (IsIpv4(*ip)) Require(IsLoopback(*ip) == (Ipv4Of(*ip) >> 24 == 127));
  }
  return 0;
}
