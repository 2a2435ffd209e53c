#include "server/core/relay.h"

#include <optional>
#include <utility>

#include "portolan/v1/relay.pb.h"
#include "providers/auth.h"
#include "server/base/json_text.h"
#include "server/core/hook_answer.h"
#include "server/core/upstream_answer.h"
#include "server/core/upstream_error.h"
#include "server/http/head_fields.h"

namespace portolan::core {
namespace {

Error TooLarge(size_t limit, std::string_view why) {
  Error error =
      Error::InvalidRequest("body_too_large", "the request's body is larger than the limit of " +
                                                  std::to_string(limit) + " bytes" + std::string(why));
  error.http_status = 413;
  return error;
}

// Why a body did not come.
Error BodyMissing(const CallState& call, net::Wait wait) {
  if (const std::optional<Error>& error = call.relayed->error()) return *error;
  if (call.in.scope->cancelled()) return CancelledError(call, "reading the request");
  return OutOfTime(call, wait.deadline, "reading the request");
}

// What the gateway reads of a body that is a JSON object. Anything else is for the provider to judge.
std::optional<Error> ReadJson(CallState& call, RequestFacts* facts) {
  if (call.payload.TakeJson(std::move(call.relayed->text()), Payload::Use::kText)) {
    call.relayed->text() = call.payload.Text();
    return std::nullopt;
  }
  call.relays_object = true;
  return ReadFacts(call, facts);
}

// Methods by which no model is run.
bool OnlyLooks(std::string_view method) { return method == "GET" || method == "HEAD" || method == "DELETE"; }

std::optional<uint64_t> LengthOf(const upstream::Exchange& exchange) {
  uint64_t length = 0;
  const auto text = FindHeader(exchange.headers(), "content-length");
  if (!text || !http::ParseContentLength(*text, &length)) return std::nullopt;
  return length;
}

// An error of the provider, whose body passes as it came.
net::Task<Attempted> FailRaw(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  std::string held;
  const Body body = co_await ReadBody(call, *exchange, call.config.max_error_bytes, &held);
  const providers::Target& target = call.route.target;
  Error error =
      target.provider->dialect->ReadError(exchange->status(), exchange->headers(), body.text, target);
  if (body.error) error.message += ", and what it said is lost: " + body.error->message;
  const std::string text(body.text);
  co_return Fail(call, std::move(error), std::move(exchange), text);
}

// `piece`: the first of the body, if it has been read.
net::Task<bool> CopyRaw(CallState& call, upstream::Exchange& exchange,
                        std::optional<upstream::Exchange::Piece> piece) {
  while (true) {
    if (!piece) piece = co_await exchange.Read(call.wait);
    if (!piece->failure.ok()) {
      Error error = ToError(call, piece->failure, call.wait);
      error.attempts = call.outcome.attempts;
      call.outcome.error = std::move(error);
      co_await call.sink.EndRelay(&*call.outcome.error);
      co_return !call.in.scope->cancelled();
    }
    call.outcome.reply_bytes += piece->data.size();
    if (!piece->data.empty()) {
      const bool written = co_await call.sink.WriteRelay(piece->data);
      if (!written) co_return false;
    }
    if (piece->end) break;
    piece.reset();
  }
  co_return co_await call.sink.EndRelay(nullptr);
}

}  // namespace

net::Task<std::optional<Error>> TakeRelayed(CallState& call, RequestFacts* facts) {
  if (call.in.message != nullptr) {
    const auto& head = static_cast<const v1::RelayRequestHead&>(*call.in.message);
    if (head.has_portolan()) facts->options = head.portolan();
  }
  if (call.in.body == nullptr) co_return std::nullopt;
  call.relayed =
      std::make_unique<RelayedBody>(*call.in.body, call.config.max_relay_body_bytes, call.config.held);
  const bool json = IsJsonMediaType(FindHeader(call.in.headers, "content-type").value_or(""));
  const size_t limit = json ? call.config.max_body_bytes : 0;
  const bool held = co_await call.relayed->Hold(limit, call.wait);
  if (!held) co_return BodyMissing(call, call.wait);
  if (!json) co_return std::nullopt;
  if (!call.relayed->whole()) co_return TooLarge(limit, "; JSON is held while it is relayed");
  call.outcome.request_bytes = call.relayed->text().size();
  RequestFacts of_body;
  if (auto error = ReadJson(call, &of_body)) co_return error;
  const std::optional<v1::CallOptions> given = std::move(facts->options);
  *facts = std::move(of_body);
  if (given) facts->options = given;
  co_return std::nullopt;
}

std::optional<Error> CheckRelayedModel(const CallState& call, const RequestFacts& facts) {
  const routing::Caller* caller = call.credentials.caller;
  if (caller == nullptr || !caller->models || !facts.model.empty() || OnlyLooks(call.in.method)) {
    return std::nullopt;
  }
  Error error = Error::InvalidRequest(
      "model_not_allowed",
      "this caller may use certain models only, and what is relayed does not say which it uses", "model");
  error.error_class = ErrorClass::kPolicy;
  error.http_status = 403;
  return error;
}

net::Task<std::optional<Error>> PrepareRelayed(CallState& call) {
  if (call.relays_object) {
    co_return call.payload.ToJson(call.route.edits, /*splice=*/true, &call.request_text, &call.request_body);
  }
  if (!call.route.edits.empty())
    call.route.ignored.push_back(std::string(call.route.index) + ".override_params");
  if (call.relayed == nullptr) co_return std::nullopt;
  if (call.route.target.provider->auth->signs_body() && !call.relayed->whole()) {
    const size_t limit = call.config.max_body_bytes;
    const bool held = co_await call.relayed->Hold(limit, call.attempt_wait);
    if (!held) co_return BodyMissing(call, call.attempt_wait);
    if (!call.relayed->whole()) {
      co_return TooLarge(limit,
                         ", which is held because " + call.route.target.provider->name + " wants it signed");
    }
  }
  if (!call.relayed->whole()) co_return std::nullopt;
  if (!call.relayed->text().empty()) call.request_body.push_back(call.relayed->text());
  co_return std::nullopt;
}

net::Task<Attempted> PassRaw(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  // By REST the head leaves with the first of the body. A body that fails before would leave the caller with
  // a closed connection; this way it hears why, and another attempt may follow.
  std::optional<upstream::Exchange::Piece> first;
  if (!call.sink.typed()) {
    first = co_await exchange->Read(call.wait);
    if (!first->failure.ok()) {
      Error error = ToError(call, first->failure, call.wait);
      co_return Fail(call, std::move(error), std::move(exchange));
    }
  }
  const int status = exchange->status() == 200 ? GuardedStatus(call) : exchange->status();
  ReplyHead head = MakeHead(call, status, exchange.get());
  head.content_type = FindHeader(exchange->headers(), "content-type").value_or("");
  call.outcome.status = head.status;
  const bool started = co_await call.sink.StartRelay(std::move(head), LengthOf(*exchange));
  bool delivered = false;
  if (started) delivered = co_await CopyRaw(call, *exchange, first);
  if (!delivered) call.outcome.status = 499;
  co_return Attempted::kAnswered;
}

net::Task<Attempted> ReplyRaw(CallState& call, std::unique_ptr<upstream::Exchange> exchange) {
  if (exchange->status() >= 400) return FailRaw(call, std::move(exchange));
  if (GuardsRaw(call, *exchange)) return ReplyGuardedRaw(call, std::move(exchange));
  return PassRaw(call, std::move(exchange));
}

}  // namespace portolan::core
