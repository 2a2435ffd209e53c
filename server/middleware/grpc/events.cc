#include "server/middleware/grpc/events.h"

#include <google/protobuf/duration.pb.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "server/base/utf8.h"

namespace portolan::middleware {
namespace {

using google::protobuf::DynamicCastToGenerated;

std::string Text(std::string_view text) {
  std::string out;
  if (IsUtf8(text)) return out.assign(text);
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0) {
      AppendUtf8(U'\uFFFD', &out);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

void Set(std::chrono::nanoseconds time, google::protobuf::Duration* out) {
  constexpr int64_t kNanos = 1'000'000'000;
  const int64_t nanos = std::max<int64_t>(time.count(), 0);
  out->set_seconds(nanos / kNanos);
  out->set_nanos(static_cast<int32_t>(nanos % kNanos));
}

void Set(const CallInfo& call, v1::Call* out) {
  out->set_request_id(Text(call.request_id));
  out->set_trace_id(Text(call.trace_id));
  out->set_caller(Text(call.caller));
  out->set_route(Text(call.route));
  out->set_target(Text(call.target));
  out->set_provider(Text(call.provider));
  out->set_model(Text(call.model));
  out->set_operation(Text(call.operation));
  out->set_path(Text(call.path));
  out->set_metadata_json(Text(call.metadata));
  out->set_attempt(call.attempt);
  out->set_streams(call.streams);
  for (const HeaderView& header : call.headers) {
    v1::Header* const added = out->add_headers();
    added->set_name(Text(header.name));
    added->set_value(std::string(header.value));
  }
  if (call.remaining) Set(*call.remaining, out->mutable_remaining());
  if (call.notes == nullptr) return;
  for (const auto& [key, value] : *call.notes) (*out->mutable_notes())[Text(key)] = Text(value);
}

template <typename Told>
void SetUsage(const Usage& usage, Told* event) {
  const auto known = [](int64_t tokens) { return tokens >= 0; };
  if (known(usage.input)) event->mutable_usage()->set_input(usage.input);
  if (known(usage.output)) event->mutable_usage()->set_output(usage.output);
  if (known(usage.cached_input)) event->mutable_usage()->set_cached_input(usage.cached_input);
  if (known(usage.reasoning)) event->mutable_usage()->set_reasoning(usage.reasoning);
}

bool SetTyped(const google::protobuf::Message& body, v1::RequestEvent* out) {
  if (const auto* chat = DynamicCastToGenerated<portolan::v1::ChatCompletionRequest>(&body)) {
    out->mutable_chat()->CopyFrom(*chat);
  } else if (const auto* completion = DynamicCastToGenerated<portolan::v1::CompletionRequest>(&body)) {
    out->mutable_completion()->CopyFrom(*completion);
  } else if (const auto* embedding = DynamicCastToGenerated<portolan::v1::EmbeddingRequest>(&body)) {
    out->mutable_embedding()->CopyFrom(*embedding);
  } else {
    return false;
  }
  return true;
}

bool SetTyped(const google::protobuf::Message& body, v1::ResponseEvent* out) {
  if (const auto* chat = DynamicCastToGenerated<portolan::v1::ChatCompletion>(&body)) {
    out->mutable_chat()->CopyFrom(*chat);
  } else if (const auto* completion = DynamicCastToGenerated<portolan::v1::Completion>(&body)) {
    out->mutable_completion()->CopyFrom(*completion);
  } else {
    return false;
  }
  return true;
}

bool SetTyped(const google::protobuf::Message& body, v1::ChunkEvent* out) {
  if (const auto* chunk = DynamicCastToGenerated<portolan::v1::ChatCompletionChunk>(&body)) {
    out->mutable_chunk()->CopyFrom(*chunk);
  } else if (const auto* completion = DynamicCastToGenerated<portolan::v1::Completion>(&body)) {
    out->mutable_completion()->CopyFrom(*completion);
  } else {
    return false;
  }
  return true;
}

std::string TooLarge(std::string_view what) { return std::string(what).append(" is larger than max_body"); }

template <typename Told>
std::string SetBody(std::string_view what, const BodyView& body, size_t max_body, Told* out) {
  if (body.typed != nullptr) {
    if (body.typed->ByteSizeLong() > max_body) return TooLarge(what);
    if (SetTyped(*body.typed, out)) return {};
    return std::string(what).append(" is a ").append(body.typed->GetTypeName()) +
           ", for which the event has no place";
  }
  if (!body.json) return {};
  if (body.json->size() > max_body) return TooLarge(what);
  out->set_json(std::string(*body.json));
  return {};
}

}  // namespace

std::string ToRequestEvent(const Event& event, size_t max_body, v1::RequestEvent* out) {
  Set(event.call, out->mutable_call());
  out->set_is_attempt(event.hook == Hook::kAttempt);
  return SetBody("the request", event.body, max_body, out);
}

std::string ToResponseEvent(const Event& event, size_t max_body, v1::ResponseEvent* out) {
  if (event.request_json.size() > max_body) return TooLarge("the request");
  Set(event.call, out->mutable_call());
  out->set_status(event.status);
  out->set_streamed(event.streamed);
  out->set_request_json(std::string(event.request_json));
  SetUsage(event.usage, out);
  return SetBody("the answer", event.body, max_body, out);
}

std::string ToChunkEvent(uint64_t sequence, const BodyView& body, size_t max_body, v1::ChunkEvent* out) {
  out->set_sequence(sequence);
  // Without a body too: it tells that there was a chunk.
  out->set_json(std::string());
  return SetBody("the chunk", body, max_body, out);
}

v1::ChunkEvent ToStreamStart(const CallInfo& call, int status) {
  v1::ChunkEvent out;
  Set(call, out.mutable_start()->mutable_call());
  out.mutable_start()->set_status(status);
  return out;
}

v1::ChunkEvent ToStreamEnd(uint64_t sequence, const Usage& usage, std::string_view error_code) {
  v1::ChunkEvent out;
  out.set_sequence(sequence);
  SetUsage(usage, out.mutable_end());
  out.mutable_end()->set_error_code(Text(error_code));
  return out;
}

v1::EndEvent ToEndEvent(const EndEvent& event) {
  v1::EndEvent out;
  Set(event.call, out.mutable_call());
  out.set_status(event.status);
  out.set_error_code(Text(event.error_code));
  out.set_error_class(Text(event.error_class));
  out.set_finish_reason(Text(event.finish_reason));
  out.set_attempts(event.attempts);
  SetUsage(event.usage, &out);
  Set(event.took, out.mutable_took());
  return out;
}

}  // namespace portolan::middleware
