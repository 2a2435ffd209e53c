#pragma once

// Middleware: what the operator lets look at calls, change, deny or answer them. This is the line between the
// chain of a call, which decides who is asked, when and what comes of it (core/), and those who answer: gRPC
// services (grpc/), webhooks (webhook/) and what is built in. docs/middleware.md is the users' side of it.

#include <google/protobuf/message.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/header.h"
#include "server/middleware/settings.h"
#include "server/net/loop.h"

namespace portolan::middleware {

// What one middleware wants to be told.
struct Wants {
  HookSet hooks;
  BodyForm form = BodyForm::kJson;
  bool read_only = false;
  bool request = false;  // with an answer also what was asked
};

// Notes that middleware leave for those behind them and for their own later hooks.
using Notes = std::map<std::string, std::string, std::less<>>;

// What every hook is told of the call. Views live until the hook has answered.
struct CallInfo {
  std::string_view request_id;
  std::string_view trace_id;
  std::string_view caller;    // the name of the caller's key
  std::string_view route;     // the operator's name for it
  std::string_view target;    // its path in the config
  std::string_view provider;  // empty before there is one, as are `target` and `attempt`
  std::string_view model;
  std::string_view operation;  // `chat`; of calls that are relayed `raw`
  std::string_view path;       // below the API's root: `/chat/completions`
  std::string_view metadata;   // one JSON object; empty: none
  std::span<const HeaderView> headers;
  std::optional<std::chrono::nanoseconds> remaining;  // nullopt: there is no limit
  const Notes* notes = nullptr;                       // never null when a hook is called
  uint32_t attempt = 0;
  bool streams = false;
};

// Tokens; negative: not reported.
struct Usage {
  int64_t input = -1;
  int64_t output = -1;
  int64_t cached_input = -1;
  int64_t reasoning = -1;
};

// What a body is. At most one of the two is set; neither: it is not wanted, or cannot be read.
struct BodyView {
  const google::protobuf::Message* typed = nullptr;  // a message of portolan.v1
  std::optional<std::string_view> json;              // or another text, of an answer that is none
};
struct Body {
  std::unique_ptr<google::protobuf::Message> typed;
  std::string json;
};

// A hook that is answered by a Verdict.
struct Event {
  Hook hook = Hook::kRequest;  // kRequest, kAttempt or kResponse
  const CallInfo& call;
  BodyView body;
  // Of an answer.
  int status = 0;
  Usage usage = {};
  bool streamed = false;               // it was a stream, put together
  std::string_view request_json = {};  // what was asked, where Wants::request is set
};

// The end of a call. Owns nothing, like CallInfo.
struct EndEvent {
  const CallInfo& call;
  int status = 0;
  std::string_view error_code;
  std::string_view error_class;
  Usage usage = {};
  std::string_view finish_reason;
  std::chrono::nanoseconds took{0};
  uint32_t attempts = 0;
};

// An error of the middleware's choice for the caller.
struct Denial {
  int http_status = 446;  // from 400 to 499
  std::string code = "middleware_denied";
  std::string message;
};

// Something found, for the log. Names are known to be short and to hold nothing but letters, digits, `.`, `_`
// and `-`.
struct Finding {
  std::string name;
  uint32_t count = 1;
};

struct Verdict {
  enum class Action : uint8_t {
    kProceed,
    kReplace,  // by `body`
    kDeny,     // with `denial`
    kAnswer,   // by `body`, without a provider; of requests only
    kHold,     // of chunks only: more is needed
    kDone,     // of chunks only: it goes on, and nothing more is asked
  };
  Action action = Action::kProceed;
  Body body = {};
  Denial denial = {};
  std::vector<std::pair<std::string, std::string>> notes = {};
  std::vector<Finding> findings = {};
};

// A verdict, or why there is none: for the log, so nothing of what was said, no address's path, no secret.
struct Outcome {
  std::optional<Verdict> verdict;
  std::string failure;
};

// One chunk of a stream, or its end.
struct ChunkNews {
  uint64_t sequence = 0;  // up to which the verdict speaks
  Outcome outcome;        // a failure ends the stream of the middleware
};

// The chunks of one answer, as one middleware is told them. On the shard's thread. Destroying it leaves the
// middleware alone, whether or not it was done.
class ChunkStream {
 public:
  virtual ~ChunkStream() = default;
  // Hands over the next chunk, or the end marker of a dialect. Copies what it needs, and does not wait.
  virtual void Send(uint64_t sequence, const BodyView& body) = 0;
  // Nothing follows. `error_code`: what broke the stream; empty: it is complete.
  virtual void End(uint64_t sequence, const Usage& usage, std::string_view error_code) = 0;
  // The next verdict or failure that has come; nullopt: there is none now. After a failure, or Done, there is
  // nothing more.
  virtual std::optional<ChunkNews> Take() = 0;
};

// One middleware, as one shard asks it. Everything on the shard's thread. Each task must be able to end early
// by its wait, and leaves nothing behind then.
class Service {
 public:
  virtual ~Service() = default;

  // What it wants; nullptr: that is not known, as it could not be asked yet.
  virtual const Wants* wants() const = 0;
  // Waits until that is known. Returns why it is not; empty: wants() tells.
  virtual net::Task<std::string> Learn(net::Wait wait) = 0;
  virtual net::Task<Outcome> Ask(const Event& event, net::Wait wait) = 0;
  // Begins a stream, of an answer with this status; never null. `on_news` is called on the shard's thread
  // when Take() has something, not from within a call of the stream.
  virtual std::unique_ptr<ChunkStream> Open(const CallInfo& call, int status,
                                            std::function<void()> on_news) = 0;
  // Tells of the end of a call. Returns why that failed; empty: it did not.
  virtual net::Task<std::string> Tell(const EndEvent& event, net::Wait wait) = 0;
};

}  // namespace portolan::middleware
