#include "server/core/gateway_service.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <utility>

#include "portolan/v1/call_options.pb.h"
#include "portolan/v1/route_config.pb.h"
#include "providers/relay.h"
#include "server/base/relay_path.h"
#include "server/base/utf8.h"
#include "server/core/call_chain.h"
#include "server/core/call_extras.h"
#include "server/core/call_hooks.h"
#include "server/core/call_state.h"
#include "server/core/chain_request.h"
#include "server/core/check_asker.h"
#include "server/core/explain.h"
#include "server/core/own_models.h"
#include "server/core/relay.h"
#include "server/core/request_facts.h"
#include "server/core/route_choice.h"
#include "server/core/token_source.h"
#include "server/routing/plan_cache.h"

namespace portolan::core {
namespace {

constexpr size_t kMaxPath = 256;  // in the log

std::string_view Pathname(std::string_view path) { return path.substr(0, path.find('?')); }

class Implementation final : public GatewayService {
 public:
  Implementation(const ServiceConfig& config, ServiceShard shard, std::shared_ptr<const Snapshot> snapshot)
      : config_(config),
        shard_(std::move(shard)),
        tokens_(*shard_.loop, *shard_.client, *shard_.observer),
        checks_(*shard_.loop, *shard_.client, *shard_.observer) {
    shard_.tokens = &tokens_;
    shard_.checks = &checks_;
    Use(std::move(snapshot));
  }

  void Use(std::shared_ptr<const Snapshot> snapshot) override {
    snapshot_ = std::move(snapshot);
    // What was compiled before points into the old registry.
    plans_.emplace(*config_.operations->codec().Find(v1::RouteConfig::descriptor()), *snapshot_->registry,
                   snapshot_->guardrails, snapshot_->middleware_names);
    middleware_.reset();
    if (!snapshot_->middleware.empty() && shard_.new_middleware != nullptr) {
      middleware_ = std::make_shared<MiddlewareSet>(snapshot_->middleware, shard_.new_middleware,
                                                    MiddlewareShard{*shard_.loop, *shard_.observer});
    }
  }

  // Not a coroutine: a call is looked at where the stack is warm, and its state made once, in its place.
  net::Task<void> Handle(Inbound inbound, ReplySink& sink) override {
    const OperationSpec& asked = *inbound.operation;
    std::optional<Error> error;
    if (asked.explains) error = UnwrapExplain(*config_.operations, &inbound);
    auto call =
        std::make_unique<CallState>(asked, std::move(inbound), SinkFor(sink), config_, snapshot_, shard_);
    shard_.observer->OnCallStarted(call->in.door);
    call->wait = {call->in.deadline, call->in.scope};
    AttachChain(*call);
    if (!error) error = Admit(*call);
    if (!error && call->operation.relays) return PerformRelay(std::move(call));
    if (!error) error = Prepare(*call);
    return error ? Refuse(std::move(call), *std::move(error)) : Perform(std::move(call));
  }

 private:
  // What the next call answers by: the front's sink, behind its middleware if there is any.
  ReplySink& SinkFor(ReplySink& sink) {
    if (middleware_ == nullptr) return sink;
    next_chain_ = std::make_unique<CallChain>(sink, middleware_);
    return next_chain_->sink();
  }
  void AttachChain(CallState& call) {
    if (next_chain_ == nullptr) return;
    next_chain_->Attach(call);
    call.chain = next_chain_.get();
    ExtrasOf(call).chain = std::move(next_chain_);
  }
  static void FinishExtras(CallState& call) {
    if (call.extras->hooks != nullptr) call.extras->hooks->Finish(&call.outcome);
    if (call.chain != nullptr) call.chain->Finish(&call.outcome);
  }
  net::Task<void> DriveAll(CallState& call) {
    return call.chain == nullptr ? Drive(call, urls_) : DriveAsked(call);
  }

  // What has no body passes by middleware: there is nothing that they could look at.
  net::Task<void> DriveAsked(CallState& call) {
    AskedRequest asked;
    if (call.operation.has_body || call.operation.relays) asked = co_await AskFirst(call);
    if (asked.error) {
      co_await ReplyError(call, *std::move(asked.error), nullptr, {});
    } else if (!asked.answered) {
      co_await Drive(call, urls_);
    }
    co_await call.chain->Close();
  }

  net::Task<AskedRequest> AskFirst(CallState& call) {
    AskedRequest asked;
    asked.error = co_await call.chain->Begin();
    if (asked.error) co_return asked;
    ChainBody body(call.operation, BodyOf::kRequest);
    asked = co_await AskAboutRequest(call, &body);
    if (!asked.error && !asked.answered && body.changed()) asked.error = Retake(call, body);
    co_return asked;
  }

  // Takes what middleware have made of the request in place of what came: it is routed by that.
  std::optional<Error> Retake(CallState& call, ChainBody& body) {
    const bool stream = call.facts.stream;
    const bool typed = call.in.message != nullptr && !call.operation.relays;
    std::string text;
    if (typed) {
      ExtrasOf(call).replaced.reset(body.Typed()->New());
      call.extras->replaced->CopyFrom(*body.Typed());
    } else {
      text = body.Json();
    }
    call.payload.Reset();
    if (typed) {
      call.payload.TakeMessage(*call.extras->replaced);
    } else if (auto error = call.payload.TakeJson(std::move(text), Payload::Use::kText)) {
      return error;
    }
    if (call.operation.relays) {
      if (call.plan->reads_params) call.condition_facts.params = call.payload.Text();
      EngineFor(call);
      return std::nullopt;
    }
    RequestFacts facts;
    if (auto error = ReadFacts(call, &facts)) return error;
    // The caller waits for the form of answer that was asked for.
    facts.stream = stream;
    call.named_route = call.named_reason = {};
    return PlanCall(call, std::move(facts));
  }

  net::Task<void> Refuse(std::unique_ptr<CallState> call, Error error) {
    co_await ReplyError(*call, std::move(error), nullptr, {});
    Finish(*call);
  }

  net::Task<void> Perform(std::unique_ptr<CallState> call) {
    if (call->asks_gateway && call->operation.name == providers::operation::kGetModel) {
      co_await ReplyOwnModel(*call);
    } else if (call->asked.explains) {
      co_await ReplyExplanation(*call);
    } else {
      co_await DriveAll(*call);
    }
    Finish(*call);
  }

  net::Task<void> PerformRelay(std::unique_ptr<CallState> call) {
    // The limit that a header sets holds for the arrival of the body as well, which may set another.
    RequestFacts facts;
    std::optional<Error> error = LimitTimes(*call, facts);
    if (!error) error = co_await TakeRelayed(*call, &facts);
    if (!error) error = PrepareRelay(*call, std::move(facts));
    if (error) {
      co_await ReplyError(*call, *std::move(error), nullptr, {});
    } else {
      co_await DriveAll(*call);
    }
    Finish(*call);
  }

  void Finish(CallState& call) {
    if (call.explain && call.engine) RecordDecisions(call);
    if (call.extras != nullptr) FinishExtras(call);
    CountReasoning(call);
    CallRecord record;
    static_cast<CallOutcome&>(record) = std::move(call.outcome);
    record.operation = &call.asked;
    record.door = call.in.door;
    record.peer = call.in.peer;
    record.client_subject = call.in.client_subject;
    record.request_id = call.in.request_id;
    record.trace_id = call.trace_id;
    record.method = call.in.method;
    if (call.operation.relays) record.path = CutUtf8(Pathname(call.in.path), kMaxPath);
    if (call.credentials.caller != nullptr) record.caller = call.credentials.caller->name;
    record.named_route = call.named_route;
    record.upstream_request_id = call.upstream_request_id;
    record.received = call.in.received;
    record.finished = shard_.loop->UpdateNow();
    shard_.observer->OnCallFinished(record);
    shard_.observer->OnCallEnded(call.in.door);
  }

  // Output is everything that was generated, reasoning included, whatever the provider says.
  static void CountReasoning(CallState& call) {
    const providers::Provider* const provider = call.route.target.provider;
    providers::TokenUsage& usage = call.outcome.usage;
    if (provider == nullptr || !provider->usage_excludes_reasoning) return;
    if (usage.output >= 0 && usage.reasoning > 0) usage.output += usage.reasoning;
  }

  // Whether the caller may call at all.
  std::optional<Error> Admit(CallState& call) {
    if (auto error = routing::ReadRequestHeaders(call.in.headers, &call.headers)) return error;
    call.trace_id = shard_.trace_id(call.in.headers);
    return routing::Authenticate(snapshot_->callers, call.headers, call.in.headers,
                                 call.operation.door().key_header(), &call.credentials);
  }

  // Everything that can be refused before anybody is called.
  std::optional<Error> Prepare(CallState& call) {
    RequestFacts facts;
    if (call.in.message != nullptr) {
      call.payload.TakeMessage(*call.in.message);
    } else {
      call.outcome.request_bytes = call.in.json.size();
      if (auto error = call.payload.TakeJson(std::move(call.in.json), LikelyUse(call))) return error;
    }
    if (auto error = ReadFacts(call, &facts)) return error;
    if (call.in.message != nullptr) {
      if (auto error = CheckStreamingRpc(call, &facts)) return error;
    }
    return PlanCall(call, std::move(facts));
  }

  std::optional<Error> PrepareRelay(CallState& call, RequestFacts facts) {
    if (auto error = CheckRelayedModel(call, facts)) return error;
    call.facts.raw_method = call.in.method;
    call.facts.raw_path = call.in.path;
    if (auto error = PlanCall(call, std::move(facts))) return error;
    call.route_request->family = providers::ObjectFamily(call.in.path);
    call.route_request->raw_path = call.in.path;
    return std::nullopt;
  }

  // Inlined, as it has several callers and one of them is every call.
  [[gnu::always_inline]] std::optional<Error> PlanCall(CallState& call, RequestFacts facts) {
    if (auto error = LimitTimes(call, facts)) return error;
    if (auto error = ChoosePlan(call, facts, *plans_, open_route_)) return error;
    StartEngine(call, facts);
    call.facts.operation = call.operation.name;
    call.facts.stream = facts.stream;
    call.facts.include_usage = facts.include_usage;
    call.facts.unix_seconds = shard_.unix_seconds();
    call.facts.query = call.in.query;
    call.has_own_member = facts.has_own_member;
    call.outcome.stream = facts.stream && !call.asked.explains;
    call.explain = call.headers.explain == "true";
    call.route_request.emplace(routing::RouteRequest{.headers = call.headers,
                                                     .credentials = call.credentials,
                                                     .all_headers = call.in.headers,
                                                     .provider = {},
                                                     .custom_host = {},
                                                     .door = call.operation.dialect,
                                                     .operation = call.operation.name,
                                                     .model = std::move(facts.model)});
    if (facts.options && facts.options->has_provider())
      call.route_request->provider = facts.options->provider();
    if (facts.options && facts.options->has_custom_host()) {
      call.route_request->custom_host = facts.options->custom_host();
    }
    return std::nullopt;
  }

  // By the provider that the headers name; where the request goes is known when its body has been read.
  Payload::Use LikelyUse(const CallState& call) const {
    const providers::Provider* provider = snapshot_->registry->Find(call.headers.provider);
    if (provider == nullptr) return Payload::Use::kText;
    // Callers of a dialect that some family speaks most likely ask for that.
    const auto& families = provider->families;
    const bool relays = std::any_of(families.begin(), families.end(), [&](const auto& family) {
      return family.dialect == call.operation.dialect;
    });
    if (relays && !call.operation.dialect->is_hub()) return Payload::Use::kText;
    const providers::Way way = providers::WayOf(*call.operation.dialect, call.operation.name, *provider);
    return way.kind == providers::Way::Kind::kMap || way.kind == providers::Way::Kind::kInside
               ? Payload::Use::kMessage
               : Payload::Use::kText;
  }

  // The rpc says whether an answer is streamed, not the field.
  static std::optional<Error> CheckStreamingRpc(CallState& call, RequestFacts* facts) {
    // To explain a call that is to be streamed, its request comes by a unary rpc.
    if (call.operation.stream_flag == nullptr || call.asked.explains) return std::nullopt;
    if (!call.in.streaming_rpc && facts->stream) {
      return Error::InvalidRequest(
          "stream_on_unary_rpc",
          "stream: true asks for a stream; call " + std::string(call.operation.streaming->name()), "stream");
    }
    if (call.in.streaming_rpc) {
      facts->stream = true;
      call.in.message->GetReflection()->SetBool(call.in.message, call.operation.stream_flag, true);
    }
    return std::nullopt;
  }

  // The call's own budget: of the typed field, else of the header.
  [[gnu::always_inline]] static std::optional<Error> LimitTimes(CallState& call, const RequestFacts& facts) {
    if (!facts.options || !facts.options->has_timeout()) {
      std::optional<std::chrono::milliseconds> limit;
      if (auto error = routing::ReadCallTimeout(call.headers, &limit)) return error;
      if (limit) LimitTime(call, "x-portolan-request-timeout", *limit);
      return std::nullopt;
    }
    const auto& timeout = facts.options->timeout();
    // Compared before it is made a number of nanoseconds, which holds 292 years.
    constexpr int64_t kYear = 365 * 24 * 3600;
    const bool positive = timeout.seconds() > 0 || (timeout.seconds() == 0 && timeout.nanos() > 0);
    if (!positive || timeout.seconds() > kYear) {
      return Error::InvalidRequest("invalid_value", "portolan.timeout: must be positive and at most a year",
                                   "portolan.timeout");
    }
    LimitTime(call, "portolan.timeout",
              std::chrono::seconds(timeout.seconds()) + std::chrono::nanoseconds(timeout.nanos()));
    return std::nullopt;
  }

  static void LimitTime(CallState& call, std::string_view name, std::chrono::nanoseconds limit) {
    const net::TimePoint deadline = call.in.received + std::chrono::duration_cast<net::Duration>(limit);
    if (deadline >= call.wait.deadline) return;
    call.wait.deadline = deadline;
    call.budget = TimeLimit{name, "caller", std::chrono::ceil<std::chrono::milliseconds>(limit)};
  }

  void StartEngine(CallState& call, const RequestFacts& facts) {
    call.condition_facts = {call.headers.metadata, {}, call.operation.route};
    // `/v1/models/{model=**}`: with the model in its place.
    if (const size_t place = call.operation.route.find('{'); place != std::string::npos) {
      call.pathname = call.operation.route.substr(0, place) + facts.model;
      call.condition_facts.pathname = call.pathname;
    }
    if (call.operation.relays) {
      call.pathname = std::string(kRelayRoot).append(Pathname(call.in.path).substr(1));
      call.condition_facts.pathname = call.pathname;
      if (!call.relays_object) return EngineFor(call);
    }
    if (call.plan->reads_params) call.condition_facts.params = call.payload.Text();
    EngineFor(call);
  }

  void EngineFor(CallState& call) { call.engine.emplace(*call.plan, call.condition_facts, shard_.random); }

  const ServiceConfig& config_;
  ServiceShard shard_;
  TokenSource tokens_;
  CheckAsker checks_;
  upstream::UrlCache urls_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::optional<routing::PlanCache> plans_;
  std::shared_ptr<const MiddlewareSet> middleware_;  // null: there is none
  std::unique_ptr<CallChain> next_chain_;            // between SinkFor and AttachChain
  const std::shared_ptr<const routing::RoutePlan> open_route_ = routing::NewOpenRoute();
};

}  // namespace

std::unique_ptr<GatewayService> NewGatewayService(const ServiceConfig& config, ServiceShard shard,
                                                  std::shared_ptr<const Snapshot> snapshot) {
  return std::make_unique<Implementation>(config, std::move(shard), std::move(snapshot));
}

}  // namespace portolan::core
