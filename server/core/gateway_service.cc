#include "server/core/gateway_service.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <utility>

#include "portolan/v1/call_options.pb.h"
#include "server/codec/json_reader.h"
#include "server/core/attempt.h"
#include "server/core/call_state.h"

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

// Scheme, host and port of a URL: what a log may show of it. User info is refused before, but never logged
// either.
std::string_view OriginOf(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  const std::string_view origin = url.substr(0, url.find_first_of("/?#", scheme + 3));
  return origin.find('@') == std::string_view::npos ? origin : std::string_view();
}

class GatewayService final : public Service {
 public:
  GatewayService(const ServiceConfig& config, ServiceShard shard)
      : config_(config), shard_(std::move(shard)) {}

  net::Task<void> Handle(Inbound inbound, ReplySink& sink) override {
    CallState call(std::move(inbound), sink, config_, shard_);
    shard_.observer->OnCallStarted(call.in.door);
    call.wait = {call.in.deadline, call.in.scope};
    call.record.operation = &call.operation;
    call.record.door = call.in.door;
    call.record.method = call.in.method;
    call.record.peer = call.in.peer;
    call.record.client_subject = call.in.client_subject;
    call.record.request_id = call.in.request_id;
    call.record.received = call.in.received;
    if (std::optional<Error> error = Prepare(call)) {
      co_await ReplyError(call, *std::move(error), nullptr, {});
    } else {
      co_await Perform(call);
    }
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
    if (auto error = ChooseTarget(call, facts)) return error;
    call.facts.operation = call.operation.operation;
    call.facts.model = call.route.model;
    call.facts.stream = facts.stream;
    call.facts.include_usage = facts.include_usage;
    call.facts.content_blocks = WantsBlocks(call);
    call.facts.unix_seconds = shard_.unix_seconds();
    call.record.stream = facts.stream;
    call.record.provider = call.route.target.provider->name();
    call.record.model = call.route.model;
    return std::nullopt;
  }

  // The rpc says whether an answer is streamed, not the field.
  static std::optional<Error> CheckStreamingRpc(CallState& call, RequestFacts* facts) {
    if (call.operation.stream_flag == nullptr) return std::nullopt;
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

  std::optional<Error> ChooseTarget(CallState& call, const RequestFacts& facts) {
    routing::RouteRequest request{.headers = call.headers,
                                  .credentials = call.credentials,
                                  .all_headers = call.in.headers,
                                  .provider = {},
                                  .custom_host = {},
                                  .operation = call.operation.operation,
                                  .model = facts.model};
    if (facts.options) {
      if (facts.options->has_provider()) request.provider = facts.options->provider();
      if (facts.options->has_custom_host()) request.custom_host = facts.options->custom_host();
      if (facts.options->has_timeout()) {
        const auto& timeout = facts.options->timeout();
        // Compared before it is made a number of nanoseconds, which holds 292 years.
        constexpr int64_t kYear = 365 * 24 * 3600;
        const bool positive = timeout.seconds() > 0 || (timeout.seconds() == 0 && timeout.nanos() > 0);
        if (!positive || timeout.seconds() > kYear) {
          return Error::InvalidRequest(
              "invalid_value", "portolan.timeout: must be positive and at most a year", "portolan.timeout");
        }
        const auto limit =
            std::chrono::seconds(timeout.seconds()) + std::chrono::nanoseconds(timeout.nanos());
        LimitTime(call, limit);
      }
    }
    if (auto error = routing::ChooseRoute(config_.routing, request, &call.route)) return error;
    if (call.route.call_timeout && !(facts.options && facts.options->has_timeout()))
      LimitTime(call, *call.route.call_timeout);
    if (call.route.attempt_timeout) LimitTime(call, *call.route.attempt_timeout);
    if (facts.has_own_member) call.route.edits.push_back({codec::Edit::Kind::kRemove, "portolan", {}});
    return std::nullopt;
  }

  static void LimitTime(CallState& call, std::chrono::nanoseconds limit) {
    call.wait.deadline =
        std::min(call.wait.deadline, call.in.received + std::chrono::duration_cast<net::Duration>(limit));
  }

  static bool WantsBlocks(const CallState& call) {
    if (call.sink.typed()) return true;
    if (call.headers.strict_given) return !call.headers.strict_open_ai_compliance;
    return !call.route.strict_open_ai_compliance;
  }

  net::Task<void> Perform(CallState& call) {
    const providers::Provider& provider = *call.route.target.provider;
    const providers::Shape shape = provider.shape(call.operation.operation);
    if (shape.kind == providers::Shape::Kind::kLocal) {
      const Message* request = nullptr;
      if (auto error = call.payload.ToMessage(call.route.edits, &request)) {
        co_await ReplyError(call, *std::move(error), nullptr, {});
        co_return;
      }
      co_await ReplyFromLocal(call, *request);
      co_return;
    }

    std::string buffer;
    codec::GatherList body;
    std::optional<Error> error;
    if (shape.kind == providers::Shape::Kind::kTranslated) {
      error = Translate(call, *shape.translator, &buffer, &body);
    } else if (call.operation.has_body) {
      error = call.payload.ToJson(call.route.edits, config_.splice, &buffer, &body);
    }
    if (error) {
      co_await ReplyError(call, *std::move(error), nullptr, {});
      co_return;
    }

    call.record.target = OriginOf(call.route.target.base_url);
    call.record.upstream_started = shard_.loop->now();
    AttemptRequest attempt{call.route.target, call.facts, call.in.headers, body, urls_,
                           config_.timeouts,  call.wait};
    std::unique_ptr<upstream::Exchange> exchange;
    error = co_await SendAttempt(*shard_.client, attempt, &exchange, &call.record.attempts);
    if (error) {
      co_await ReplyError(call, *std::move(error), nullptr, {});
      co_return;
    }
    call.record.upstream_status = exchange->status();
    co_await ReplyFromUpstream(call, std::move(exchange));
  }

  std::optional<Error> Translate(CallState& call, const providers::Translator& translator,
                                 std::string* buffer, codec::GatherList* body) {
    const Message* request = nullptr;
    if (auto error = call.payload.ToMessage(call.route.edits, &request)) return error;
    if (translator.request_type() == nullptr) return std::nullopt;
    call.facts.content_blocks = call.facts.content_blocks || UsesBlocks(*request);
    Message* wire = translator.request_type()->New(&call.arena);
    if (auto error = translator.EncodeRequest(*request, call.facts, wire, &call.dropped)) return error;
    codec::Encode(*config_.operations->codec().Find(wire->GetDescriptor()), *wire, {}, buffer);
    body->push_back(*buffer);
    return std::nullopt;
  }

  const ServiceConfig& config_;
  ServiceShard shard_;
  upstream::UrlCache urls_;
};

}  // namespace

std::unique_ptr<Service> NewGatewayService(const ServiceConfig& config, ServiceShard shard) {
  return std::make_unique<GatewayService>(config, std::move(shard));
}

}  // namespace portolan::core
