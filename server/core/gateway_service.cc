#include "server/core/gateway_service.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <utility>

#include "portolan/v1/call_options.pb.h"
#include "portolan/v1/route_config.pb.h"
#include "server/codec/json_reader.h"
#include "server/core/call_state.h"
#include "server/core/explain.h"
#include "server/routing/plan_cache.h"

namespace portolan::core {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// What the gateway itself reads from a request.
struct RequestFacts {
  std::string model;
  bool stream = false;
  bool include_usage = false;
  bool has_own_member = false;  // `portolan`, if only a null
  std::optional<v1::CallOptions> options;
};

std::string StringOf(std::string_view json) {
  codec::JsonReader reader(json);
  std::string scratch;
  std::string_view value;
  if (reader.Peek() != codec::JsonType::kString || !reader.ReadString(&value, &scratch)) return {};
  return std::string(value);
}

// The boolean member `name` of an object.
bool BoolMember(std::string_view json, std::string_view name) {
  codec::JsonReader reader(json);
  if (reader.Peek() != codec::JsonType::kObject) return false;
  reader.EnterObject();
  std::string scratch;
  std::string_view member;
  bool value = false;
  while (reader.NextMember(&member, &scratch)) {
    if (member == name && reader.Peek() == codec::JsonType::kBool) {
      reader.ReadBool(&value);
    } else {
      reader.Skip();
    }
  }
  return value;
}

std::optional<Error> ReadJsonFacts(const CallState& call, RequestFacts* out) {
  const OperationSpec& operation = call.operation;
  if (const auto model = call.payload.RawMember(operation.model_field)) out->model = StringOf(*model);
  if (const auto stream = call.payload.RawMember(operation.stream_flag)) out->stream = *stream == "true";
  if (const auto options = call.payload.RawMember(operation.stream_options_field)) {
    out->include_usage = BoolMember(*options, "include_usage");
  }
  const auto options = call.payload.RawMember(operation.options_field);
  out->has_own_member = options.has_value();
  if (options && *options != "null") {
    const codec::MessagePlan* plan = call.config.operations->codec().Find(v1::CallOptions::descriptor());
    codec::DecodeError problem;
    if (!codec::Decode(*plan, *options, {}, &out->options.emplace(), &problem)) {
      return Error::InvalidRequest("invalid_value", "portolan." + problem.ToString(), "portolan");
    }
  }
  return std::nullopt;
}

void ReadMessageFacts(const CallState& call, RequestFacts* out) {
  const OperationSpec& operation = call.operation;
  const Message& message = *call.payload.message();
  const Reflection& reflection = *message.GetReflection();
  if (operation.model_field != nullptr) out->model = reflection.GetString(message, operation.model_field);
  if (operation.stream_flag != nullptr) out->stream = reflection.GetBool(message, operation.stream_flag);
  if (operation.stream_options_field != nullptr &&
      reflection.HasField(message, operation.stream_options_field)) {
    const Message& options = reflection.GetMessage(message, operation.stream_options_field);
    const FieldDescriptor* flag = options.GetDescriptor()->FindFieldByName("include_usage");
    out->include_usage = options.GetReflection()->GetBool(options, flag);
  }
  if (operation.options_field != nullptr && reflection.HasField(message, operation.options_field)) {
    out->has_own_member = true;
    out->options.emplace().CopyFrom(reflection.GetMessage(message, operation.options_field));
  }
}

class GatewayService final : public Service {
 public:
  GatewayService(const ServiceConfig& config, ServiceShard shard)
      : config_(config),
        shard_(std::move(shard)),
        plans_(*config.operations->codec().Find(v1::RouteConfig::descriptor()), *config.routing.registry) {}

  net::Task<void> Handle(Inbound inbound, ReplySink& sink) override {
    const OperationSpec& asked = *inbound.operation;
    std::optional<Error> error;
    if (asked.explains) error = UnwrapExplain(*config_.operations, &inbound);
    CallState call(std::move(inbound), sink, config_, shard_);
    shard_.observer->OnCallStarted(call.in.door);
    call.wait = {call.in.deadline, call.in.scope};
    call.record.operation = &asked;
    call.record.door = call.in.door;
    call.record.method = call.in.method;
    call.record.peer = call.in.peer;
    call.record.client_subject = call.in.client_subject;
    call.record.request_id = call.in.request_id;
    call.record.received = call.in.received;
    if (!error) error = Prepare(call);
    if (error) {
      co_await ReplyError(call, *std::move(error), nullptr, {});
    } else if (asked.explains) {
      co_await ReplyExplanation(call);
    } else {
      co_await Drive(call, urls_);
    }
    if (call.explain && call.engine) RecordDecisions(call);
    call.record.trace_id = call.trace_id;
    call.record.upstream_request_id = call.upstream_request_id;
    call.record.finished = shard_.loop->UpdateNow();
    shard_.observer->OnCallFinished(call.record);
    shard_.observer->OnCallEnded(call.in.door);
  }

 private:
  // Everything that can be refused before anybody is called.
  std::optional<Error> Prepare(CallState& call) {
    if (auto error = routing::ReadRequestHeaders(call.in.headers, &call.headers)) return error;
    call.trace_id = shard_.trace_id(call.in.headers);
    if (auto error = routing::Authenticate(config_.caller_keys, call.headers, &call.credentials))
      return error;
    RequestFacts facts;
    if (call.in.message != nullptr) {
      call.payload.TakeMessage(*call.in.message);
      ReadMessageFacts(call, &facts);
      if (auto error = CheckStreamingRpc(call, &facts)) return error;
    } else {
      call.record.request_bytes = call.in.json.size();
      if (auto error = call.payload.TakeJson(std::move(call.in.json))) return error;
      if (auto error = ReadJsonFacts(call, &facts)) return error;
    }
    if (auto error = LimitTimes(call, facts)) return error;
    if (auto error = ChoosePlan(call, facts)) return error;
    call.facts.operation = call.operation.operation;
    call.facts.stream = facts.stream;
    call.facts.include_usage = facts.include_usage;
    call.facts.unix_seconds = shard_.unix_seconds();
    call.has_own_member = facts.has_own_member;
    call.record.stream = facts.stream && !call.record.operation->explains;
    call.explain = call.headers.explain == "true";
    call.route_request.emplace(routing::RouteRequest{.headers = call.headers,
                                                     .credentials = call.credentials,
                                                     .all_headers = call.in.headers,
                                                     .provider = {},
                                                     .custom_host = {},
                                                     .operation = call.operation.operation,
                                                     .model = std::move(facts.model)});
    if (facts.options && facts.options->has_provider())
      call.route_request->provider = facts.options->provider();
    if (facts.options && facts.options->has_custom_host()) {
      call.route_request->custom_host = facts.options->custom_host();
    }
    return std::nullopt;
  }

  // The rpc says whether an answer is streamed, not the field.
  static std::optional<Error> CheckStreamingRpc(CallState& call, RequestFacts* facts) {
    // To explain a call that is to be streamed, its request comes by a unary rpc.
    if (call.operation.stream_flag == nullptr || call.record.operation->explains) return std::nullopt;
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
  static std::optional<Error> LimitTimes(CallState& call, const RequestFacts& facts) {
    if (!facts.options || !facts.options->has_timeout()) {
      std::optional<std::chrono::milliseconds> limit;
      if (auto error = routing::ReadCallTimeout(call.headers, &limit)) return error;
      if (limit) LimitTime(call, *limit);
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
    LimitTime(call, std::chrono::seconds(timeout.seconds()) + std::chrono::nanoseconds(timeout.nanos()));
    return std::nullopt;
  }

  static void LimitTime(CallState& call, std::chrono::nanoseconds limit) {
    call.wait.deadline =
        std::min(call.wait.deadline, call.in.received + std::chrono::duration_cast<net::Duration>(limit));
  }

  // The typed config, else the header's, else none.
  std::optional<Error> ChoosePlan(CallState& call, const RequestFacts& facts) {
    std::optional<Error> error;
    if (facts.options && facts.options->has_config()) {
      error = plans_.FromMessage(facts.options->config(), &call.plan);
    } else if (!call.headers.config.empty()) {
      error = plans_.FromText(call.headers.config, &call.plan);
    } else {
      call.plan = open_route_;
    }
    if (error) return error;
    call.has_config = call.plan != open_route_;
    call.condition_facts = {call.headers.metadata, {}, call.operation.route};
    if (call.plan->reads_params) call.condition_facts.params = call.payload.Text();
    call.engine.emplace(*call.plan, call.condition_facts, shard_.random);
    return std::nullopt;
  }

  const ServiceConfig& config_;
  ServiceShard shard_;
  upstream::UrlCache urls_;
  routing::PlanCache plans_;
  const std::shared_ptr<const routing::RoutePlan> open_route_ = routing::NewOpenRoute();
};

}  // namespace

std::unique_ptr<Service> NewGatewayService(const ServiceConfig& config, ServiceShard shard) {
  return std::make_unique<GatewayService>(config, std::move(shard));
}

}  // namespace portolan::core
