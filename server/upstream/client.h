#pragma once

// The HTTP/1.1 client of one shard: pooled keep-alive connections over TCP or TLS, a DNS cache, time-outs,
// proxies. Not thread-safe: everything here is for the shard's thread.

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
#include "server/http/body_source.h"
#include "server/http/message.h"
#include "server/net/loop.h"
#include "server/net/socket.h"
#include "server/net/tls.h"

namespace portolan::upstream {

// Where a connection goes. Calls share connections only if their origins are equal.
struct Origin {
  bool tls = false;
  std::string host;  // DNS name or IP literal (IPv6 without brackets)
  uint16_t port = 0;
  // The host was named in a request. Every address that it resolves to must pass the client's AddressPolicy,
  // and the connection goes to an address that was checked.
  bool untrusted = false;

  bool operator==(const Origin&) const = default;
};

// Parses `http[s]://host[:port]/base/path`; *path gets the path without a trailing slash. False, with the
// reason in *problem, for other schemes, user info, queries, fragments, and hosts that are neither DNS names
// nor IP literals.
bool ParseUrl(std::string_view url, Origin* origin, std::string* path, std::string* problem);

// The same, of a URL that is called as it stands: *target gets its path and query, at least `/`; a fragment
// is left out. False also for characters that a URL has percent-encoded.
bool ParseRequestUrl(std::string_view url, Origin* origin, std::string* target, std::string* problem);

// Whether a connection to `host` may go to `address`. Asked for untrusted origins only. Must be thread-safe.
using AddressPolicy = std::function<bool(const std::string& host, const net::SocketAddress& address)>;

struct Timeouts {
  std::chrono::milliseconds connect{5'000};  // DNS, TCP and TLS of a new connection
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
  kProxy,    // the forward proxy refused to connect
  kReset,    // reset or closed before the answer was complete
  kGarbage,  // not HTTP
  kFirstByteTimeout,
  kIdleTimeout,
  kDeadline,   // the Wait's deadline: the call's budget
  kCancelled,  // the Wait's scope
  kSource,     // Request::source failed: its error() says why
};

struct Failure {
  FailureKind kind = FailureKind::kNone;
  std::string message;        // for a person: host and reason, never a header or a body
  bool request_sent = false;  // some of the request may have reached the server
  // The request was sent twice, first on a kept connection, which died at once, then on a fresh one. Set also
  // where nothing failed.
  bool resent = false;
  bool kept = false;  // the connection had served calls before. Also said where nothing failed.
  bool ok() const { return kind == FailureKind::kNone; }
};

// What to send. Owns nothing: Client::Send says how long the views and pointers must stay valid.
struct Request {
  const Origin* origin = nullptr;
  std::string_view method;
  // What comes before `path`: empty, or begins with `/` and does not end with one.
  std::string_view base_path;
  std::string_view path;  // with query
  // In the order to send. Must not hold Host, Content-Length and Connection, which the client writes.
  absl::InlinedVector<HeaderView, 12> headers;
  std::span<const std::string_view> body;  // sent as a gather list
  // A body that is sent while it comes, in place of `body`; null: none. It is asked for nothing before there
  // is a connection, which is a new one: what has been read of it cannot be sent again over another.
  http::BodySource* source = nullptr;
  // Leaves a compressed body as it came. Otherwise gzip is inflated, without content-encoding and
  // content-length in the answer's headers, and reading a body in another encoding fails with kGarbage.
  bool keep_encoding = false;
};

// One request under way, whose answer's head has come; the body is read piece by piece. Destroying the
// exchange before the body has been read to its end closes the connection, which makes the provider stop.
// Otherwise the connection goes back to the pool.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual int status() const = 0;
  virtual std::span<const HeaderView> headers() const = 0;  // valid as long as this

  struct Piece {
    std::string_view data;  // valid until the next Read; empty at the end
    bool end = false;       // the body is complete; may come with data
    Failure failure;
  };
  // The next bytes of the body, de-chunked: what one read of the socket gave, at least one byte unless `end`
  // is set or it failed. A body shorter than its content-length, or without its last chunk, fails with
  // kReset. After kDeadline reading may go on.
  virtual net::Task<Piece> Read(net::Wait wait) = 0;

  // For a stream whose first content has come: from now on, pieces that come within net::kPollInterval of
  // each other are read together. See net::Socket::AllowPolling().
  virtual void AllowPolling() = 0;

  // The whole body, without an await, if it came with the head and none of it has been read; valid as long as
  // Read's data is.
  virtual std::optional<std::string_view> TakeWhole() = 0;

  // Reads to the end and appends to *body. Fails with kGarbage if the body is larger than `limit` bytes.
  virtual net::Task<Failure> ReadAll(size_t limit, std::string* body, net::Wait wait) = 0;
};

class Client {
 public:
  virtual ~Client() = default;

  // Sends `request` and waits for the head of the answer; heads with a 1xx status are skipped. On failure
  // *exchange is null.
  //
  // If a kept connection dies within ClientOptions::resend_window of the last byte written, with nothing
  // received, the server has closed it while the request was on its way: the request is sent once more, on a
  // fresh connection. After that time the server may have acted on it, and sending it again is for the caller
  // to decide.
  //
  // A body from a source is read no further once the server has begun to answer.
  //
  // `request` is read before Send returns, and may be gone when the task is awaited; the text of the method,
  // the bytes of the body and its source must stay valid until the task is done.
  virtual net::Task<Failure> Send(const Request& request, const Timeouts& timeouts, net::Wait wait,
                                  std::unique_ptr<Exchange>* exchange) = 0;

  // Whether the origin's host has an address, and of an untrusted one: an address that a connection may go
  // to. Nothing is sent to it. `origin` must stay valid until the task is done.
  virtual net::Task<Failure> LookUp(const Origin& origin, net::Wait wait) = 0;
};

struct ClientOptions {
  size_t max_idle_per_origin = 512;
  std::chrono::seconds idle_keep_alive{60};
  std::chrono::milliseconds resend_window{200};  // see Client::Send
  std::string ca_file;                           // certificate authorities besides the system's
  // The authorities to trust, shared with other clients; null: the client reads the system's and `ca_file`.
  std::shared_ptr<const net::TrustStore> trust = {};
  std::string https_proxy;  // `http://[user:password@]host:port`; empty: none
  std::string http_proxy;
  std::string https_proxy_variable = "https_proxy";  // the variables that hold them, for messages
  std::string http_proxy_variable = "http_proxy";
  std::string no_proxy;         // NO_PROXY: comma list of hosts, `.suffix`, CIDR, `*`
  AddressPolicy allow_address;  // see MakeAddressPolicy; null allows every address
  std::string dns_servers;      // `ADDRESS:PORT,...` instead of those in /etc/resolv.conf
};

// The client lives on the thread of `loop`, which must outlive it. Fails if a proxy or `ca_file` is bad.
absl::StatusOr<std::unique_ptr<Client>> NewClient(net::Loop& loop, ClientOptions options);

}  // namespace portolan::upstream
