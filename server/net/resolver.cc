#include "server/net/resolver.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/text.h"
#include "server/net/dns_channel.h"
#include "server/net/suspension.h"

namespace portolan::net {
namespace {

using Addresses = absl::StatusOr<std::vector<SocketAddress>>;

constexpr size_t kMaxLookups = 1024;  // under way at one time

struct Entry {
  Addresses addresses;
  TimePoint expires;
};

// A query under way and those that wait for it.
struct Lookup {
  std::string host;
  bool done = false;
  Addresses result = absl::UnknownError("under way");
  std::vector<Waiter*> waiters;
};

// Makes a waiter a member of a lookup for as long as its frame lives.
class Registration {
 public:
  Registration(std::shared_ptr<Lookup> lookup, Waiter* waiter) : lookup_(std::move(lookup)), waiter_(waiter) {
    lookup_->waiters.push_back(waiter_);
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  ~Registration() { std::erase(lookup_->waiters, waiter_); }

 private:
  const std::shared_ptr<Lookup> lookup_;
  Waiter* const waiter_;
};

void SetPort(SocketAddress* address, uint16_t port) {
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  const in_port_t network_order = htons(port);
  std::memcpy(reinterpret_cast<char*>(&address->storage) + offsetof(sockaddr_in, sin_port), &network_order,
              sizeof(network_order));
}

Addresses WithPort(Addresses addresses, uint16_t port) {
  if (addresses.ok()) {
    for (SocketAddress& address : *addresses) SetPort(&address, port);
  }
  return addresses;
}

// Answers that need no lookup; false if `host` does.
bool AnswerAtOnce(const std::string& host, uint16_t port, std::vector<SocketAddress>* out) {
  SocketAddress literal;
  if (SocketAddress::Parse(host, port, &literal)) {
    out->push_back(literal);
    return true;
  }
  if (host != "localhost" && host != "localhost." && !host.ends_with(".localhost")) return false;
  for (const char* loopback : {"127.0.0.1", "::1"}) {
    SocketAddress::Parse(loopback, port, &literal);
    out->push_back(literal);
  }
  return true;
}

// The addresses of an answer; *ttl is the shortest.
std::vector<SocketAddress> Collect(const ares_addrinfo* info, std::chrono::seconds* ttl) {
  std::vector<SocketAddress> addresses;
  for (const ares_addrinfo_node* node = info->nodes; node != nullptr; node = node->ai_next) {
    if (node->ai_addrlen > sizeof(sockaddr_storage)) continue;
    SocketAddress address;
    std::memcpy(&address.storage, node->ai_addr, node->ai_addrlen);
    address.length = static_cast<socklen_t>(node->ai_addrlen);
    addresses.push_back(address);
    *ttl = std::min(*ttl, std::chrono::seconds(std::max(node->ai_ttl, 0)));
  }
  return addresses;
}

}  // namespace

struct Resolver::State {
  State(Loop& on_loop, const Options& with) : loop(on_loop), options(with) {}

  // Joins the lookup of `host` under way, or starts one. Null if there are too many.
  std::shared_ptr<Lookup> Join(const std::string& host);
  static void OnAnswer(void* argument, int status, int timeouts, ares_addrinfo* info);
  void Finish(Lookup* lookup, int status, const ares_addrinfo* info);
  void Keep(const std::string& host, const Addresses& addresses, std::chrono::seconds ttl);

  Loop& loop;
  const Options options;
  std::unordered_map<std::string, Entry> cache;
  struct Running {
    State* state;
    std::shared_ptr<Lookup> lookup;
  };
  std::unordered_map<std::string, std::unique_ptr<Running>> running;
  // Made when there is something to look up: it takes 80 KB and reads the system's configuration. Destroyed
  // first: calls back what is running.
  std::optional<DnsChannel> channel;
};

std::shared_ptr<Lookup> Resolver::State::Join(const std::string& host) {
  if (const auto found = running.find(host); found != running.end()) return found->second->lookup;
  if (running.size() >= kMaxLookups) return nullptr;
  auto lookup = std::make_shared<Lookup>();
  lookup->host = host;
  auto& entry = running[host] = std::make_unique<Running>(Running{.state = this, .lookup = lookup});
  if (!channel) channel.emplace(loop, options);
  channel->Lookup(host, &State::OnAnswer, entry.get());  // may finish it, and destroy the entry
  return lookup;
}

void Resolver::State::OnAnswer(void* argument, int status, int, ares_addrinfo* info) {
  const auto* entry = static_cast<Running*>(argument);
  State& state = *entry->state;
  const std::shared_ptr<Lookup> lookup = entry->lookup;
  state.Finish(lookup.get(), status, info);
  if (info != nullptr) ares_freeaddrinfo(info);
  state.running.erase(lookup->host);
}

void Resolver::State::Finish(Lookup* lookup, int status, const ares_addrinfo* info) {
  std::chrono::seconds ttl = options.max_ttl;
  if (status == ARES_SUCCESS && info != nullptr) lookup->result = Collect(info, &ttl);
  if (!lookup->result.ok() || lookup->result->empty()) {
    lookup->result = DnsError(status == ARES_SUCCESS ? ARES_ENODATA : status, lookup->host);
    ttl = absl::IsNotFound(lookup->result.status()) ? options.negative_ttl : std::chrono::seconds(0);
  }
  if (ttl.count() > 0) Keep(lookup->host, lookup->result, ttl);
  lookup->done = true;
  for (Waiter* waiter : lookup->waiters) waiter->Notify();
}

void Resolver::State::Keep(const std::string& host, const Addresses& addresses, std::chrono::seconds ttl) {
  if (cache.size() >= options.max_entries && !cache.contains(host)) {
    std::erase_if(cache, [now = loop.now()](const auto& item) { return item.second.expires <= now; });
    if (cache.size() >= options.max_entries) cache.erase(cache.begin());
  }
  cache.insert_or_assign(host, Entry{.addresses = addresses, .expires = loop.now() + ttl});
}

Resolver::Resolver(Loop& loop, Options options) : state_(std::make_unique<State>(loop, options)) {}
Resolver::~Resolver() = default;

Task<Addresses> Resolver::Resolve(std::string host, uint16_t port, Wait wait) {
  host = LowerCase(host);
  std::vector<SocketAddress> at_once;
  if (AnswerAtOnce(host, port, &at_once)) co_return at_once;
  if (const auto found = state_->cache.find(host); found != state_->cache.end()) {
    if (found->second.expires > state_->loop.now()) co_return WithPort(found->second.addresses, port);
    state_->cache.erase(found);
  }
  const std::shared_ptr<Lookup> lookup = state_->Join(host);
  if (lookup == nullptr) co_return absl::UnavailableError("too many host names are being looked up");
  if (!lookup->done) {
    Waiter waiter(state_->loop, wait);
    const Registration registered(lookup, &waiter);
    const WaitResult result = co_await waiter;
    if (result == WaitResult::kTimeout) {
      co_return absl::DeadlineExceededError(absl::StrCat("looking up ", host, " took too long"));
    }
    if (result == WaitResult::kCancelled) {
      co_return absl::CancelledError(absl::StrCat("the lookup of ", host, " was cancelled"));
    }
  }
  co_return WithPort(lookup->result, port);
}

}  // namespace portolan::net
