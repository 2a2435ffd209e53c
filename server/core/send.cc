#include "server/core/send.h"

#include <memory>
#include <utility>
#include <variant>

#include "providers/classify.h"
#include "server/core/attempt.h"
#include "server/core/call_steps.h"
#include "server/core/token_source.h"
#include "server/core/upstream_error.h"

namespace portolan::core {
namespace {

upstream::Timeouts TimeoutsOf(const CallState& call) {
  upstream::Timeouts timeouts = call.snapshot->timeouts;
  const routing::TimeLimits& limits = call.route.limits;
  timeouts.connect = limits.connect.value_or(timeouts.connect);
  timeouts.first_byte = limits.first_byte.value_or(timeouts.first_byte);
  timeouts.idle = limits.idle.value_or(timeouts.idle);
  return timeouts;
}

net::Task<Attempted> AwaitAnswer(CallState& call, net::Task<upstream::Failure> sending) {
  ++call.outcome.attempts;
  // What sends is gone while the answer is given to the caller.
  const upstream::Failure failure = co_await net::Task<upstream::Failure>(std::move(sending));
  if (call.tells_steps) TellConnection(call, failure);
  if (failure.resent) {
    ++call.outcome.attempts;
    ++call.outcome.resends;
  }
  if (failure.kind == upstream::FailureKind::kForbiddenAddress) {
    --call.outcome.attempts;
    co_return FailHere(call, ToError(call, failure, call.attempt_wait));
  }
  if (!failure.ok()) co_return Fail(call, ToError(call, failure, call.attempt_wait));
  call.outcome.upstream_status = call.exchange->status();
  co_return co_await ReplyFromUpstream(call, std::move(call.exchange));
}

// Puts the request together; *sending sends it.
providers::Outcome Begin(CallState& call, upstream::UrlCache& urls, net::Task<upstream::Failure>* sending) {
  const bool streamed = call.relayed != nullptr && !call.relayed->whole();
  const upstream::Timeouts timeouts = TimeoutsOf(call);
  const AttemptRequest attempt{.target = call.route.target,
                               .form = *call.route.way.form,
                               .facts = call.facts,
                               .caller_headers = call.in.headers,
                               .forward_headers = call.route.forward_headers,
                               .body = call.request_body,
                               .source = streamed ? call.relayed.get() : nullptr,
                               .urls = urls,
                               .timeouts = timeouts,
                               .wait = call.attempt_wait,
                               .tokens = call.shard.tokens};
  call.attempt_started = call.shard.loop->now();
  return BeginAttempt(*call.shard.client, attempt, &call.exchange, sending);
}

// The target's auth cannot have its token. Nobody was called, but another attempt may help.
Attempted FailWithoutToken(CallState& call, const TokenFailure& failure) {
  Error error;
  error.message = failure.message;
  if (failure.http_status == 401) {
    providers::ClassifyStatus(failure.http_status, {}, call.route.target, &error);
    error.code = "token_refused";
  } else {
    error.error_class = ErrorClass::kProvider;
    error.http_status = failure.http_status;
    error.code = "token_unavailable";
    error.retryable = true;
    error.transport = true;
  }
  Fail(call, std::move(error));
  call.failure->error.upstream_url.clear();
  return Attempted::kFailed;
}

// Fetches what the target's auth lacks, and goes on.
net::Task<Attempted> FetchAndSend(CallState& call, upstream::UrlCache& urls, providers::Need need) {
  constexpr std::string_view kDoing = "fetching a token for the provider";
  // Once more if what was fetched has ended meanwhile.
  for (int rounds = 2; rounds > 0; --rounds) {
    const TokenSource::Result got =
        co_await call.shard.tokens->Get(std::move(need), call.in.request_id, call.attempt_wait);
    if (got.wait == net::WaitResult::kCancelled) co_return Fail(call, CancelledError(call, kDoing));
    if (got.wait == net::WaitResult::kTimeout) {
      co_return Fail(call, OutOfTime(call, call.attempt_wait.deadline, kDoing));
    }
    if (got.failure) co_return FailWithoutToken(call, *got.failure);
    net::Task<upstream::Failure> sending;
    providers::Outcome outcome = Begin(call, urls, &sending);
    if (auto* const error = std::get_if<Error>(&outcome)) co_return FailHere(call, std::move(*error));
    if (std::holds_alternative<providers::Done>(outcome)) {
      co_return co_await AwaitAnswer(call, std::move(sending));
    }
    need = std::get<providers::Need>(std::move(outcome));
  }
  co_return FailWithoutToken(call, {502, need.what + " ends as soon as it is there"});
}

}  // namespace

Attempted FailHere(CallState& call, Error error) {
  Fail(call, std::move(error));
  call.failure->denied = call.failure->error.hook_results != nullptr;
  call.failure->local = !call.failure->denied;
  call.failure->error.upstream_url.clear();
  return Attempted::kFailed;
}

net::Task<Attempted> FailedAttempt(CallState& call, Error error) {
  co_return FailHere(call, std::move(error));
}

net::Task<Attempted> Send(CallState& call, upstream::UrlCache& urls) {
  if (call.outcome.attempts == 0) call.outcome.upstream_started = call.shard.loop->now();
  net::Task<upstream::Failure> sending;
  providers::Outcome outcome = Begin(call, urls, &sending);
  if (std::holds_alternative<providers::Done>(outcome)) return AwaitAnswer(call, std::move(sending));
  if (auto* const failed = std::get_if<Error>(&outcome)) return FailedAttempt(call, std::move(*failed));
  return FetchAndSend(call, urls, std::get<providers::Need>(std::move(outcome)));
}

}  // namespace portolan::core
