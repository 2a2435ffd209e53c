#pragma once

// Everything one call needs while it runs. Internal to core/.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/call_arena.h"
#include "server/core/gateway_service.h"
#include "server/core/payload.h"
#include "server/core/relayed_body.h"
#include "server/core/reply.h"
#include "server/core/stream_pipeline.h"
#include "server/routing/engine.h"
#include "server/upstream/url_cache.h"

namespace portolan::core {

class CallChain;
class CallHooks;
struct CallExtras;
class JoinedEmbeddings;

// Why an attempt failed, and what the caller gets of the provider's answer if it was the last attempt.
struct AttemptFailure {
  Error error;
  bool local = false;                            // nobody was called
  bool denied = false;                           // nobody was called, as guardrails said no
  std::unique_ptr<upstream::Exchange> exchange;  // whose headers go down; may be null
  std::string provider_body;                     // an error in the caller's dialect; may be empty
};

// kAnswered: the caller has had an answer, or is gone. kFailed: nothing was given to the caller yet.
enum class Attempted : uint8_t { kAnswered, kFailed };

struct CallState {
  // `asked_operation` is what the caller asked for; `inbound` has the operation to be performed or explained.
  CallState(const OperationSpec& asked_operation, Inbound inbound, ReplySink& reply_sink,
            const ServiceConfig& service_config, std::shared_ptr<const Snapshot> operators,
            ServiceShard& service_shard)
      : in(std::move(inbound)),
        asked(asked_operation),
        operation(*in.operation),
        sink(reply_sink),
        config(service_config),
        snapshot(std::move(operators)),
        shard(service_shard),
        tells_steps(service_shard.observer->WantsSteps()),
        arena(service_shard.blocks),
        payload(operation, arena) {}

  static void* operator new(size_t size) { return net::AllocateFrame(size); }
  static void operator delete(void* memory, size_t size) { net::FreeFrame(memory, size); }

  Inbound in;
  const OperationSpec& asked;
  const OperationSpec& operation;
  ReplySink& sink;
  const ServiceConfig& config;
  const std::shared_ptr<const Snapshot> snapshot;
  ServiceShard& shard;
  const bool tells_steps;  // see call_steps.h
  size_t steps_told = 0;   // of the engine's decisions

  CallArena arena;
  Payload payload;
  routing::RequestHeaders headers;
  routing::ProviderCredentials credentials;
  std::shared_ptr<const routing::RoutePlan> plan;
  std::string_view named_route;   // the operator's name for it; empty: it is not the operator's
  std::string_view named_reason;  // why that route was chosen
  std::optional<routing::RouteRequest> route_request;
  routing::ConditionFacts condition_facts;
  std::string pathname;  // for conditions, if it is not the operation's route
  std::optional<routing::Engine> engine;
  bool has_config = false;                                // the route came with the call, or by name
  std::shared_ptr<const guardrails::Hooks> header_hooks;  // that the call's headers name; null: none
  std::shared_ptr<CallExtras> extras;                     // null: most have none
  CallChain* chain = nullptr;                             // null: the operator has no middleware
  CallHooks* hooks = nullptr;                             // of the attempt; null: it has none
  // What middleware and guardrails have changed of the request for the attempt, in the door's words, where
  // that is not among the route's edits, which are in the hub's.
  std::vector<codec::Edit> hook_edits;
  bool asks_gateway = false;  // the call asks for the gateway's own models
  bool explain = false;       // the caller wants an explanation with the answer
  // Of the attempt: a stream's usage will come although the caller did not ask: the gateway has, or the
  // provider tells it unasked.
  bool hides_usage = false;
  bool has_own_member = false;     // the request has the field `portolan`, which no provider is to see
  std::vector<std::string> tried;  // Error::tried

  std::unique_ptr<RelayedBody> relayed;  // of a call that is relayed; null: it has no body
  bool relays_object = false;            // that body is a JSON object, in `payload`

  // Of the attempt under way.
  routing::Route route;
  net::Wait attempt_wait;
  net::TimePoint attempt_started;  // its request was put together
  codec::GatherList request_body;  // pieces of the payload, of `request_text` and of the route's edits
  std::string request_text;
  std::unique_ptr<upstream::Exchange> exchange;  // its answer; moved on to what reads it
  std::optional<AttemptFailure> failure;
  JoinedEmbeddings* joined =
      nullptr;  // takes the answer, which is to a part of the request; null: it is whole

  providers::CallFacts facts;
  providers::DroppedMembers dropped;
  providers::FetchedMedia media;    // for any attempt
  net::Wait wait;                   // of the whole call
  std::optional<TimeLimit> budget;  // that `wait` follows from; none: gRPC's deadline, or no limit at all
  std::string trace_id;
  std::string upstream_request_id;
  CallOutcome outcome;
};

// The head of an answer: the gateway's own headers under the caller's prefix, and what passes down from the
// provider. `exchange` may be null.
ReplyHead MakeHead(CallState& call, int status, const upstream::Exchange* exchange);

// Carries out the call: one attempt after the other, as the engine says, until one answers or none is left.
net::Task<void> Drive(CallState& call, upstream::UrlCache& urls);

// Puts the decisions so far into the record, in short.
void RecordDecisions(CallState& call);

// Notes that the attempt has failed. `body` may point into the exchange.
Attempted Fail(CallState& call, Error error, std::unique_ptr<upstream::Exchange> exchange = nullptr,
               std::string_view body = {});

// Answers with an error made by the gateway, or the provider's own error body if it may pass untouched.
net::Task<void> ReplyError(CallState& call, Error error, const upstream::Exchange* exchange,
                           std::string_view provider_body);

// Answers from the upstream's answer, whose head is there: an error, a unary answer or a stream.
net::Task<Attempted> ReplyFromUpstream(CallState& call, std::unique_ptr<upstream::Exchange> exchange);

// Answers a call for a stream from the upstream's answer. While another attempt may follow, nothing is given
// to the caller before there is content.
net::Task<Attempted> ReplyStream(CallState& call, std::unique_ptr<upstream::Exchange> exchange);

// When a comment is due in the caller's stream, in which something has left at `last`.
net::TimePoint BeatAfter(const CallState& call, net::TimePoint last);
inline constexpr std::string_view kHeartbeat = ": waiting for the provider\n\n";

// Answers from a provider inside the process.
net::Task<Attempted> ReplyFromLocal(CallState& call, const google::protobuf::Message& request);

// One typed answer of the hub's response type, whatever the door.
net::Task<void> ReplyMessage(CallState& call, const google::protobuf::Message& message,
                             const upstream::Exchange* exchange);

}  // namespace portolan::core
