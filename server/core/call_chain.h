#pragma once

// The middleware of one call: which of them are asked, in their order, and what comes of it.
//
//   request  ──►  default_middleware ─► the caller's ─► the route's ─► the target's ─► guardrails ─► provider
//   answer   ◄──  default_middleware ◄─ the caller's ◄─ the route's ◄─ the target's ◄─ guardrails ◄─
//
// Requests are asked about where the call is routed and where an attempt begins. Answers are asked about
// where they leave: the chain stands before the front's sink (ChainSink), so that whatever answers a call, in
// whatever form, passes by. Internal to core/.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/error.h"
#include "server/core/call_state.h"
#include "server/core/chain_body.h"
#include "server/core/middleware_set.h"
#include "server/core/told_call.h"

namespace portolan::core {

class ChainSink;

// Belongs to one call; not thread-safe.
class CallChain {
 public:
  struct Link {
    MiddlewareEntry* entry;
    bool of_target = false;  // not of the whole call
  };

  // `out` is the front's sink, and must outlive this.
  CallChain(ReplySink& out, std::shared_ptr<const MiddlewareSet> set);
  ~CallChain();

  // What the call answers by, in place of the front's sink.
  ReplySink& sink();
  // The call, which outlives this. What it waits for ends when a middleware has ended the call.
  void Attach(CallState& call);

  // The call has its plan: chooses the middleware of the whole call, and learns what they want. An error if
  // one cannot be asked, and the call must not go on without it.
  net::Task<std::optional<Error>> Begin();
  // An attempt at `node` begins: adds those of the target.
  void BeginAttempt(const routing::RouteNode& node);

  // Outermost first.
  std::span<const Link> links() const { return links_; }
  // Those that are asked about the answer: those before the one that has given it, if it was one of them.
  std::span<const Link> answer_links() const { return links().first(std::min(cut_, links_.size())); }
  // Whether one of them is asked then.
  static bool Any(std::span<const Link> links, middleware::Hook hook);

  // What a middleware says, once time-outs, limits and failures are dealt with: one that may fail and did so
  // says kProceed.
  struct Said {
    middleware::Verdict verdict;
    std::optional<Error> error;  // the call, or the attempt, ends
  };
  // Asks about `body`, which may be null, and lets it be changed. `event` without call and body.
  net::Task<Said> Ask(MiddlewareEntry& entry, middleware::Hook hook, ChainBody* body, int status = 0,
                      bool streamed = false);
  // The same beside the call.
  void AskBeside(MiddlewareEntry& entry, middleware::Hook hook, ChainBody* body, int status = 0,
                 bool streamed = false);

  ToldCall Tell(const MiddlewareEntry& entry) const;
  // What becomes of a failure: an error, or nullopt if the call goes on. For the log as well.
  std::optional<Error> Failed(const MiddlewareEntry& entry);
  // The error of a denial.
  Error Denied(const MiddlewareEntry& entry, const middleware::Denial& denial);
  void NoteFindings(const MiddlewareEntry& entry, const std::vector<middleware::Finding>& findings);
  void NoteAction(const MiddlewareEntry& entry, std::string_view what);
  // The middleware of links()[place] has answered the call.
  void CutAt(size_t place) { cut_ = place; }

  // A middleware has ended the answer with this error, which the caller has been told.
  void End(Error error);

  // Ends what the call waits for.
  void Abandon() { scope_->Cancel(net::CancelReason::kAbandoned); }
  const std::shared_ptr<const MiddlewareSet>& set() const { return set_; }

  // Waits until nothing of the call is under way here.
  net::Task<void> Close();
  // The call is over: tells those who want to hear of it, and what the log is to say. *outcome views this.
  void Finish(CallOutcome* outcome);

  CallState& call() const { return *call_; }
  ReplySink& out() const { return out_; }

 private:
  // Cancels what the call waits for when the front's scope is cancelled, or the chain ends the call.
  class Scope final : public net::CancelScope, private net::CancelScope::Hook {
   public:
    void Follow(CancelScope* outer);

   private:
    void OnCancel(net::CancelReason reason) override { Cancel(reason); }
  };

  // Adds to the time that the call has waited for middleware.
  void NoteWait(std::chrono::nanoseconds took) {
    waited_ = waited_.value_or(std::chrono::nanoseconds(0)) + took;
  }
  void Add(std::string_view name, bool of_target);
  std::string_view RequestText() const;
  void TellEnd(const Link& link);

  ReplySink& out_;
  const std::shared_ptr<const MiddlewareSet> set_;
  CallState* call_ = nullptr;
  const std::unique_ptr<ChainSink> sink_;
  std::unique_ptr<Scope> scope_;
  std::vector<Link> links_;
  size_t cut_ = SIZE_MAX;
  middleware::Notes notes_;
  std::string log_;
  std::optional<std::chrono::nanoseconds> waited_;
  std::optional<Error> end_;
};

}  // namespace portolan::core
