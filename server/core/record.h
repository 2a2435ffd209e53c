#pragma once

// What is known of a call when it is over: the source of its log line and its metrics. Holds no secret,
// prompt or answer.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/error.h"
#include "server/core/call.h"
#include "server/core/scan.h"
#include "server/middleware/settings.h"
#include "server/net/loop.h"

namespace portolan::core {

// When guardrails look at a call.
enum class HookPhase : uint8_t { kInput, kOutput };
// What a check came to.
enum class CheckVerdict : uint8_t { kPass, kFail, kError };

// What becomes known while the call runs.
struct CallOutcome {
  std::string_view provider;  // of the last attempt; empty: refused before one was chosen
  std::string_view model;     // as the provider saw it
  std::string_view target;    // where the attempt went: scheme, host and port of its base URL
  std::string_view option;    // the last target's path in the config; empty: the call had no config
  std::string finish_reason;
  std::string tried;            // how the attempts before the last one ended; see Error::tried
  std::string decisions;        // in short, if the caller asked for an explanation
  std::optional<Error> error;   // also one that came after the head of a stream
  std::string_view guardrails;  // those that did not pass: `input:denied no_secrets/default.regexMatch`
  std::string_view feedback;    // of guardrails: JSON objects, with commas between them
  std::string_view middleware;  // what they did but let it pass: `pii:replaced`, and found: `pii:email=2`
  int64_t middleware_ms = -1;   // that the call has waited for them; -1: none was asked
  std::string_view reshaped;    // `stream`: made of a whole answer; `whole`: put together from a stream
  bool stream = false;
  int status = 0;           // of HTTP, at both doors; 499: the caller went away
  int upstream_status = 0;  // 0: no answer
  int attempts = 0;
  int resends = 0;  // of these, sent anew by the gateway itself because a kept connection died at once
  TokenUsage usage;
  uint64_t request_bytes = 0;  // of the body
  uint64_t reply_bytes = 0;
  net::TimePoint upstream_started;
  net::TimePoint first_content;  // of a stream
};

struct CallRecord : CallOutcome {
  const OperationSpec* operation = nullptr;  // nullptr: no route matched
  Door door = Door::kHttp;
  std::string_view peer;
  std::string_view client_subject;
  std::string_view request_id;
  std::string_view trace_id;
  std::string_view method;  // HTTP's
  // For a request that was refused at the door: what it asked for, without the query, bounded.
  std::string_view path;
  std::string_view caller;       // the name of the caller's key
  std::string_view named_route;  // the operator's name for the call's route
  std::string_view upstream_request_id;
  net::TimePoint received;
  net::TimePoint finished;
};

// One thing that is told of a step of a call. Views live as long as the function that they are given to.
struct StepMember {
  StepMember(std::string_view k, std::string_view t) : key(k), text(t) {}
  StepMember(std::string_view k, const char* t) : key(k), text(t) {}
  template <std::signed_integral T>
  StepMember(std::string_view k, T n) : key(k), number(int64_t{n}) {}

  std::string_view key;
  std::string_view text;  // empty: there is nothing to tell, unless there is a number
  std::optional<int64_t> number;
};

// Told of what happens on one shard, on its thread. OnCallFinished comes once for every call, when it is
// over. Must not block.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  virtual void OnCallFinished(const CallRecord& record) = 0;
  // Whether the steps of a call that begins now are wanted. Cheap: it is asked for every call.
  virtual bool WantsSteps() const { return false; }
  // One step of a call that is under way (`target`, `wait` …).
  virtual void OnStep(std::string_view /*request_id*/, std::string_view /*step*/,
                      std::initializer_list<StepMember> /*members*/) {}
  virtual void OnCallStarted(Door door) = 0;
  virtual void OnCallEnded(Door door) = 0;
  // A check of a guardrail has looked at a call.
  virtual void OnCheck(HookPhase /*phase*/, std::string_view /*check*/, CheckVerdict /*verdict*/,
                       std::chrono::nanoseconds /*took*/) {}
  // A guardrail has denied a call. `guardrail`: its name in the operator's file; empty: it came with the
  // call.
  virtual void OnDenied(HookPhase /*phase*/, std::string_view /*guardrail*/) {}
  // A guardrail that asks the network has something to tell of a call that is over: as
  // CallOutcome::guardrails and CallOutcome::feedback, of which one may be empty.
  virtual void OnLateGuardrail(std::string_view /*request_id*/, std::string_view /*failed*/,
                               std::string_view /*feedback*/) {}
  // A streamed answer was held back for guardrails for so long.
  virtual void OnHeld(std::chrono::nanoseconds /*took*/) {}
  // A middleware was asked, or told, and that took so long.
  virtual void OnMiddleware(std::string_view /*name*/, middleware::Hook /*hook*/, bool /*failed*/,
                            std::chrono::nanoseconds /*took*/) {}
  // Why that failed, for people.
  virtual void OnMiddlewareFailed(std::string_view /*request_id*/, std::string_view /*name*/,
                                  middleware::Hook /*hook*/, std::string_view /*why*/) {}
  // A middleware beside calls was not asked, as too many questions are under way.
  virtual void OnMiddlewareDropped(std::string_view /*name*/, middleware::Hook /*hook*/) {}
  // A token for a provider was fetched, or could not be.
  virtual void OnTokenFetched(bool /*ok*/) {}
  virtual void OnStreamOpened() = 0;
  virtual void OnStreamClosed() = 0;
  virtual void OnConnectionOpened(Door door) = 0;
  virtual void OnConnectionClosed(Door door) = 0;
};

}  // namespace portolan::core
