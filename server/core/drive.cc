// One call's attempts: what the engine says is done here, and told back to it.

#include <google/protobuf/message.h>

#include <algorithm>
#include <utility>

#include "providers/fit_body.h"
#include "server/base/url_origin.h"
#include "server/core/batches.h"
#include "server/core/call_state.h"
#include "server/core/call_steps.h"
#include "server/core/chain_request.h"
#include "server/core/hook_request.h"
#include "server/core/media_fetch.h"
#include "server/core/relay.h"
#include "server/core/request_facts.h"
#include "server/core/route_choice.h"
#include "server/core/send.h"
#include "server/core/translate.h"
#include "server/core/upstream_error.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;
using providers::Way;
using routing::Step;

// Bounds of what errors and the log tell of attempts: a plan may make hundreds.
constexpr size_t kMaxRecordedBytes = 512;
constexpr size_t kMaxTried = 10;
constexpr size_t kMaxTriedBytes = 2048;
constexpr size_t kMaxToldCode = 64;

bool WantsBlocks(const CallState& call) {
  if (call.operation.door().wants_blocks()) return true;
  if (call.sink.typed()) return true;
  if (call.headers.strict_given) return !call.headers.strict_open_ai_compliance;
  return !call.route.strict_open_ai_compliance;
}

// A text completion by the chat of a provider that speaks the hub's dialect.
bool IsTextByChat(const routing::Route& route) {
  return route.way.kind == Way::Kind::kMap && route.target.dialect->is_hub() &&
         route.way.form->mapping != nullptr;
}

// Whether to ask the upstream for a stream's usage although the caller did not: at the provider's own
// address, and where the operator says that the server takes it.
bool CountsStream(const CallState& call) {
  const providers::Target& target = call.route.target;
  return call.facts.stream && !call.facts.include_usage && call.operation.stream_options_field != nullptr &&
         call.snapshot->count_streams && !target.host_from_caller && call.route.takes_stream_options &&
         (call.route.way.kind == Way::Kind::kRelay || IsTextByChat(call.route));
}

// Whether the provider tells a stream's usage though it is not asked.
bool HearsUnasked(const CallState& call) {
  return call.facts.stream && !call.facts.include_usage && call.operation.stream_options_field != nullptr &&
         call.route.target.provider->usage_unasked && !UsageIsAskedFor(call);
}

// Forgets what belonged to an attempt that failed.
void ResetAttempt(CallState& call) {
  call.route = {};
  call.hooks = nullptr;
  call.hook_edits.clear();
  call.facts.request = nullptr;
  call.facts.operation = call.operation.name;
  call.failure.reset();
  call.request_body.clear();
  call.request_text.clear();
  call.dropped.clear();
  call.upstream_request_id.clear();
  call.outcome.usage = {};
  call.outcome.upstream_status = 0;
  call.outcome.error.reset();
}

// Everything that belongs to one attempt, made from the request as it came.
std::optional<Error> PrepareAttempt(CallState& call, const routing::RouteNode& node) {
  const std::optional<Error> error =
      routing::ResolveTarget(call.snapshot->routing, *call.route_request, *call.plan, node, &call.route);
  call.facts.model = call.route.model;
  if (call.route.target.provider != nullptr) call.outcome.provider = call.route.target.provider->name;
  call.outcome.model = call.route.model;
  if (call.has_config) call.outcome.option = call.route.index;
  // A server of the caller's or the operator's own may extend the API in ways that the gateway does not know.
  // What is wrong with the request comes before what is missing for its target.
  if (call.payload.unfit() != nullptr && !call.operation.relays && call.route.target.provider != nullptr &&
      !call.route.target.own_host) {
    return *call.payload.unfit();
  }
  if (error) return error;
  if (auto forbidden = CheckAttemptModel(call)) return forbidden;
  if (call.has_own_member) call.route.edits.push_back({codec::Edit::Kind::kRemove, "portolan", {}});
  call.hides_usage = (CountsStream(call) && AskForUsage(call)) || HearsUnasked(call);
  call.facts.content_blocks = WantsBlocks(call);
  call.outcome.target = OriginOf(call.route.target.base_url);
  call.attempt_wait = call.wait;
  if (call.route.attempt_timeout) {
    call.attempt_wait.deadline =
        std::min(call.wait.deadline, call.shard.loop->UpdateNow() + *call.route.attempt_timeout);
  }
  return std::nullopt;
}

// What the usual way to a provider has refused may be what another is for.
bool TakeOtherWay(CallState& call, const Error& error) {
  const providers::Provider& provider = *call.route.target.provider;
  const providers::OtherWay* const other = provider.OtherWayFor(call.operation.name, error.param);
  if (other == nullptr || IsOtherWay(call)) return false;
  providers::Target& target = call.route.target;
  target.dialect = other->dialect;
  providers::LeaveBase(other->form, &target.base_url);
  call.route.way = {Way::Kind::kMap, &other->form};
  call.facts.request = nullptr;
  call.request_body.clear();
  call.request_text.clear();
  call.dropped.clear();
  return true;
}

net::Task<Attempted> AttemptMapped(CallState& call, upstream::UrlCache& urls);

// The target does not take the request as it is.
net::Task<Attempted> Refused(CallState& call, upstream::UrlCache& urls, Error error) {
  if (TakeOtherWay(call, error)) return AttemptMapped(call, urls);
  return FailedAttempt(call, std::move(error));
}

// Not a coroutine: what is only needed to put the request together is gone while the answer is waited for.
net::Task<Attempted> FitAndSend(CallState& call, upstream::UrlCache& urls) {
  if (providers::MayApply(call.route.target.provider->rules, call.facts.model)) {
    if (auto error = FitToProvider(call)) return Refused(call, urls, *std::move(error));
  }
  if (call.tells_steps) TellRequest(call, /*goes_out=*/true);
  // Text from now on. What the messages took is used by the next call, while it is in the cache, rather than
  // held until this one is answered; another attempt makes them anew.
  // Only an answer that is to be mapped to another dialect than the hub's looks at the request again.
  if (call.facts.request == nullptr) {
    call.payload.ForgetMessages();
    call.arena.Clear();
  }
  return Send(call, urls);
}

// A request in the provider's own words that has more texts than it takes at once; nullptr for any other.
const Message* RelayedInParts(CallState& call) {
  if (call.payload.unfit() != nullptr) return nullptr;
  const Message* request = nullptr;
  // What cannot be edited is for the provider to refuse.
  if (HubRequest(call, &request)) return nullptr;
  return NeedsBatches(call, *request) ? request : nullptr;
}

net::Task<Attempted> SendWithMedia(CallState& call, upstream::UrlCache& urls,
                                   std::vector<providers::MediaReference> media) {
  std::optional<Error> error = co_await FetchMedia(call, std::move(media));
  if (!error) error = PutMedia(call, *call.route.way.form->body_media);
  if (error) co_return FailHere(call, *std::move(error));
  co_return co_await FitAndSend(call, urls);
}

// What the provider does not fetch itself, and stands in the provider's own words, which were the caller's.
net::Task<Attempted> SendInBytes(CallState& call, upstream::UrlCache& urls) {
  if (const providers::BodyMedia* const body = call.route.way.form->body_media) {
    std::vector<providers::MediaReference> media = MediaOfRequest(call, *body);
    if (!media.empty()) return SendWithMedia(call, urls, std::move(media));
  }
  return FitAndSend(call, urls);
}

net::Task<Attempted> AttemptRelayed(CallState& call, upstream::UrlCache& urls) {
  if (call.route.way.form->max_inputs != 0) {
    if (const Message* const request = RelayedInParts(call)) return AttemptInBatches(call, urls, *request);
  }
  if (call.operation.has_body) {
    auto error =
        call.payload.ToJson(call.route.edits, call.config.splice, &call.request_text, &call.request_body);
    if (error) return FailedAttempt(call, *std::move(error));
  }
  return SendInBytes(call, urls);
}

net::Task<Attempted> TranslateAndSend(CallState& call, upstream::UrlCache& urls, const Message& hub_request) {
  if (auto error = TranslateHub(call, hub_request)) return Refused(call, urls, *std::move(error));
  return SendInBytes(call, urls);
}

// What the provider does not fetch itself is fetched first.
net::Task<Attempted> AttemptWithMedia(CallState& call, upstream::UrlCache& urls, const Message& hub_request,
                                      std::vector<providers::MediaReference> media) {
  std::optional<Error> error = co_await FetchMedia(call, std::move(media));
  if (error) co_return FailHere(call, *std::move(error));
  call.facts.media = &call.media;
  co_return co_await TranslateAndSend(call, urls, hub_request);
}

// Each part is translated when its turn has come; what the usual way refuses, it refuses of the first.
net::Task<Attempted> AttemptInParts(CallState& call, upstream::UrlCache& urls, const Message& hub_request) {
  const Attempted attempted = co_await AttemptInBatches(call, urls, hub_request);
  if (attempted == Attempted::kAnswered || !call.failure->local) co_return attempted;
  const Error error = call.failure->error;
  if (!TakeOtherWay(call, error)) co_return attempted;
  call.failure.reset();
  co_return co_await AttemptMapped(call, urls);
}

// A call that is mapped to another dialect.
net::Task<Attempted> AttemptMapped(CallState& call, upstream::UrlCache& urls) {
  const providers::Form& form = *call.route.way.form;
  if (form.mapping == nullptr) {
    if (auto error = TranslateToHub(call)) return FailedAttempt(call, *std::move(error));
    return FitAndSend(call, urls);
  }
  const Message* request = nullptr;
  if (auto error = HubRequest(call, &request)) return FailedAttempt(call, *std::move(error));
  if (form.fetches_media) {
    std::vector<providers::MediaReference> media = form.mapping->MediaOf(*request);
    if (!media.empty()) return AttemptWithMedia(call, urls, *request, std::move(media));
  }
  if (form.max_inputs > 0 && NeedsBatches(call, *request)) return AttemptInParts(call, urls, *request);
  return TranslateAndSend(call, urls, *request);
}

net::Task<Attempted> AttemptRaw(CallState& call, upstream::UrlCache& urls) {
  std::optional<Error> error = co_await PrepareRelayed(call);
  if (error) co_return FailHere(call, *std::move(error));
  if (call.tells_steps) TellRequest(call, /*goes_out=*/true);
  co_return co_await Send(call, urls);
}

net::Task<Attempted> AttemptLocal(CallState& call) {
  const Message* request = nullptr;
  if (auto error = HubRequest(call, &request)) co_return FailHere(call, *std::move(error));
  if (call.tells_steps) TellRequest(call, /*goes_out=*/false);
  co_return co_await ReplyFromLocal(call, *request);
}

// Of an attempt that is prepared. Inlined, as it has two callers and one of them is most calls.
net::Task<Attempted> MakeAttempt(CallState& call, upstream::UrlCache& urls) {
  switch (call.route.way.kind) {
    case Way::Kind::kInside:
      return AttemptLocal(call);
    case Way::Kind::kRaw:
      return AttemptRaw(call, urls);
    case Way::Kind::kMap:
      return AttemptMapped(call, urls);
    default:
      return AttemptRelayed(call, urls);
  }
}

// Middleware and guardrails may have somebody to ask before.
net::Task<Attempted> AttemptGuarded(CallState& call, upstream::UrlCache& urls,
                                    const routing::RouteNode& node) {
  AskedRequest asked;
  if (AsksAboutAttempt(call)) asked = co_await AskAboutAttempt(call);
  if (asked.answered) co_return Attempted::kAnswered;
  std::optional<Error> error = std::move(asked.error);
  if (!error && HasHooks(call, node)) error = co_await GuardRequest(call, node);
  if (call.tells_steps) TellTarget(call, node);
  if (error) co_return FailHere(call, *std::move(error));
  co_return co_await MakeAttempt(call, urls);
}

net::Task<Attempted> Attempt(CallState& call, upstream::UrlCache& urls, const routing::RouteNode& node) {
  std::optional<Error> error = PrepareAttempt(call, node);
  if (!error && (BeginsChain(call, node) || HasHooks(call, node))) return AttemptGuarded(call, urls, node);
  if (call.tells_steps) TellTarget(call, node);
  if (error) return FailedAttempt(call, *std::move(error));
  return MakeAttempt(call, urls);
}

routing::Outcome OutcomeOf(const AttemptFailure& failure) {
  return {.status = failure.error.http_status,
          .transport = failure.error.transport,
          .local = failure.local || failure.denied,
          .unsupported = failure.local && failure.error.code == "unsupported_operation",
          .retry_after = failure.error.retry_after,
          .limit = failure.error.limit};
}

// For the log, cut to a bounded length.
void AppendRecorded(std::string_view what, std::string* record) {
  if (record->size() + what.size() + 2 > kMaxRecordedBytes) return;
  if (!record->empty()) record->append("; ");
  record->append(what);
}

// `config.targets[0] openai 429 rate_limit_exceeded`. Codes of providers may be of any length.
std::string Told(const CallState& call) {
  std::string text(call.route.index);
  if (!call.outcome.provider.empty()) text.append(" ").append(call.outcome.provider);
  text.append(" ").append(std::to_string(call.failure->error.http_status));
  const std::string& code = call.failure->error.code;
  return text + " " + (code.size() > kMaxToldCode ? "..." : code);
}

// Keeps what the first attempts came to.
void NoteTried(CallState& call) {
  std::string told = Told(call);
  AppendRecorded(told, &call.outcome.tried);
  if (call.tried.size() >= kMaxTried) return;
  size_t bytes = 0;
  for (const std::string& each : call.tried) bytes += each.size();
  if (bytes + told.size() <= kMaxTriedBytes) call.tried.push_back(std::move(told));
}

// False if the call ended meanwhile.
net::Task<bool> Pause(CallState& call, std::chrono::milliseconds delay) {
  if (delay.count() == 0) co_return true;
  const net::WaitResult result =
      co_await call.shard.loop->SleepUntil(call.shard.loop->UpdateNow() + delay, call.in.scope);
  co_return result != net::WaitResult::kCancelled;
}

// What the call asks for has left already, and was not kept.
bool IsSpent(const CallState& call) { return call.relayed != nullptr && call.relayed->spent(); }

void NoteSpent(CallState& call) {
  if (!call.engine->MayGoOn()) return;
  call.failure->error.message +=
      "; there was no other attempt, as the request's body was passed on while it came";
}

Error NoTarget() {
  return Error::InvalidRequest("no_target",
                               "config.strategy: no condition matches this request, and there is no default",
                               "x-portolan-config");
}

}  // namespace

void RecordDecisions(CallState& call) {
  for (const routing::Decision& decision : call.engine->decisions()) {
    AppendRecorded(decision.node->path + ": " + decision.what, &call.outcome.decisions);
  }
}

net::Task<void> Drive(CallState& call, upstream::UrlCache& urls) {
  if (call.explain || call.tells_steps) call.engine->Explain();
  Step step = call.engine->Start();
  if (step.kind == Step::Kind::kNoTarget) {
    co_await ReplyError(call, NoTarget(), nullptr, {});
    co_return;
  }
  while (true) {
    const Attempted attempted = co_await Attempt(call, urls, *step.target);
    if (attempted == Attempted::kAnswered) co_return;
    if (call.tells_steps) TellFailure(call);
    if (call.in.scope->cancelled()) break;
    if (IsSpent(call)) {
      NoteSpent(call);
      break;
    }
    step = call.engine->Next(OutcomeOf(*call.failure), call.shard.loop->UpdateNow(), call.wait.deadline);
    if (step.kind == Step::Kind::kDone) break;
    NoteTried(call);
    // What failed is over, and its connection closed, before anything else begins.
    call.failure->exchange.reset();
    if (step.kind == Step::Kind::kNoTarget) {
      Fail(call, NoTarget());
      break;
    }
    if (call.tells_steps && step.delay.count() > 0) TellWait(call, step.delay);
    const bool paused = co_await Pause(call, step.delay);
    if (!paused) {
      Fail(call, CancelledError(call, "waiting before another attempt"));
      break;
    }
    ResetAttempt(call);
  }
  AttemptFailure& failure = *call.failure;
  // A good status that the route took for a failure, and no time was left for another target.
  if (failure.error.http_status < 400) failure.error.http_status = 502;
  const std::string body = std::move(failure.provider_body);
  co_await ReplyError(call, std::move(failure.error), failure.exchange.get(), body);
}

}  // namespace portolan::core
