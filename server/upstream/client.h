#pragma once

// HTTP/1.1 client of one shard: pooled keep-alive connections over TCP or TLS, DNS cache, time-outs, proxies.
// Everything belongs to the shard's thread.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "server/base/header.h"
#include "server/http/message.h"
#include "server/net/loop.h"
#include "server/net/socket.h"
#include "server/net/tls.h"

namespace portolan::upstream {

// Where a connection goes. Connections are shared between calls with equal origins only.
struct Origin {
  bool tls = false;
  std::string host;  // DNS name or IP literal (IPv6 without brackets)
  uint16_t port = 0;
  // The host came from a request: every address it resolves to must pass the client's AddressPolicy, and the
  // connection goes to an address that was checked.
  bool untrusted = false;

  bool operator==(const Origin&) const = default;
};

// Parses `https://host[:port]/base/path`; the path goes to *path without a trailing slash. Refuses user info,
// queries, fragments, other schemes, hosts with characters outside DNS names and IP literals.
bool ParseUrl(std::string_view url, Origin* origin, std::string* path, std::string* problem);

// May a connection go to this address? Decides for untrusted origins only. Thread-safe.
using AddressPolicy = std::function<bool(const std::string& host, const net::SocketAddress& address)>;

struct Timeouts {
  std::chrono::milliseconds connect{5'000};  // DNS, TCP and TLS, each new connection
  std::chrono::milliseconds first_byte{600'000};
  std::chrono::milliseconds idle{300'000};  // between reads of the body
};

enum class FailureKind : uint8_t {
  kNone,
  kDns,
  kForbiddenAddress,  // AddressPolicy said no
  kConnectRefused,
  kConnectFailed,
  kConnectTimeout,
  kTls,
  kProxy,    // the forward proxy refused
  kReset,    // reset or closed before the answer was complete
  kGarbage,  // not HTTP
  kFirstByteTimeout,
  kIdleTimeout,
  kDeadline,   // the Wait's deadline: the call's budget
  kCancelled,  // the Wait's scope
};

struct Failure {
  FailureKind kind = FailureKind::kNone;
  std::string message;        // for a person: host and reason, nothing of headers or bodies
  bool request_sent = false;  // some of the request may have reached the server
  // The request was sent twice: on a kept connection, which died at once, and on a fresh one. Also said where
  // nothing failed.
  bool resent = false;
  bool ok() const { return kind == FailureKind::kNone; }
};

// What to send. Views and pointers only: see Client::Send for how long they must stay valid.
struct Request {
  const Origin* origin = nullptr;
  std::string_view method;
  std::string_view
      base_path;          // what comes before `path`: empty, or begins with `/` and does not end with one
  std::string_view path;  // with query
  // In the order to send. Host, Content-Length, Connection are the client's business and must not be in it.
  absl::InlinedVector<HeaderView, 12> headers;
  std::span<const std::string_view> body;  // sent as a gather list
  // Give a compressed body as it came. Otherwise gzip is inflated (content-encoding and content-length vanish
  // from the answer's headers), and reading a body in another encoding fails with kGarbage.
  bool keep_encoding = false;
};

// One request under way: the answer's head is there, its body is read piece by piece. Destroying it before
// the body is read to its end closes the connection (which aborts the provider's work); after that the
// connection is pooled.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual int status() const = 0;
  virtual std::span<const HeaderView> headers() const = 0;  // valid as long as the exchange

  struct Piece {
    std::string_view data;  // valid until the next Read; empty at the end
    bool end = false;       // the body is complete; true may come with data
    Failure failure;
  };
  // The next bytes of the body, de-chunked: whatever one read of the socket gave, at least one byte unless
  // `end` or a failure. A body with less than its content-length, or without its last chunk, is a kReset
  // failure. After kDeadline it may be read on.
  virtual net::Task<Piece> Read(net::Wait wait) = 0;

  // For a stream whose first content has come: from now on pieces that come within net::kPollInterval of each
  // other are read together. See net::Socket::AllowPolling().
  virtual void AllowPolling() = 0;

  // The whole body, if it came with the head and nothing of it has been read: what Read would give, without
  // an await.
  virtual std::optional<std::string_view> TakeWhole() = 0;

  // Reads to the end and appends to *body. Fails with kGarbage when the body exceeds `limit`.
  virtual net::Task<Failure> ReadAll(size_t limit, std::string* body, net::Wait wait) = 0;
};

class Client {
 public:
  virtual ~Client() = default;

  // Sends `request` and waits for the head of the answer (1xx heads are passed over). A kept connection that
  // dies within ClientOptions::resend_window of the last byte written, with nothing received, was closed by
  // the server while the request was on its way: the request is sent once more, on a fresh connection. Later
  // than that it may have been worked on, and sending it again is for the caller to decide. On failure
  // *exchange is null. `request` is read before Send returns, and may be gone when the task is awaited; the
  // method's text and the bytes of the body must stay valid until the task is done.
  virtual net::Task<Failure> Send(const Request& request, const Timeouts& timeouts, net::Wait wait,
                                  std::unique_ptr<Exchange>* exchange) = 0;
};

struct ClientOptions {
  size_t max_idle_per_origin = 512;
  std::chrono::seconds idle_keep_alive{60};
  std::chrono::milliseconds resend_window{200};  // see Client::Send
  std::string ca_file;                           // more certificate authorities
  // The authorities to trust, shared by several clients; null: the client reads the system's and `ca_file`.
  std::shared_ptr<const net::TrustStore> trust = {};
  std::string https_proxy;  // HTTPS_PROXY, HTTP_PROXY: `http://[user:password@]host:port`
  std::string http_proxy;
  std::string https_proxy_variable = "https_proxy";  // where they come from, for messages
  std::string http_proxy_variable = "http_proxy";
  std::string no_proxy;         // NO_PROXY: comma list of hosts, `.suffix`, CIDR, `*`
  AddressPolicy allow_address;  // see MakeAddressPolicy; null allows every address
  std::string dns_servers;      // `ADDRESS:PORT,...` instead of those in /etc/resolv.conf
};

absl::StatusOr<std::unique_ptr<Client>> NewClient(net::Loop& loop, ClientOptions options);

}  // namespace portolan::upstream
