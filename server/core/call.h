#pragma once

// One call on its way through the gateway, whichever door it came in by.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "providers/provider.h"
#include "server/base/header.h"
#include "server/codec/codec.h"
#include "server/core/scan.h"
#include "server/http/body_source.h"
#include "server/net/cancel.h"
#include "server/net/loop.h"

namespace google::protobuf {
class Arena;
class Descriptor;
class FieldDescriptor;
class Message;
class MethodDescriptor;
}  // namespace google::protobuf

namespace portolan::core {

// A form with what is compiled of it. Immutable.
struct FormPlan {
  // Null where the form has no such message.
  const codec::MessagePlan* request = nullptr;
  const codec::MessagePlan* answer = nullptr;
  const codec::MessagePlan* event = nullptr;
  ScanPlan scan;
};

// What a pair of rpcs (unary, streaming) does, compiled once from the service descriptors and the forms of
// its dialect. Immutable.
struct OperationSpec {
  std::string name;                             // `chat`
  const providers::Dialect* dialect = nullptr;  // that its callers speak
  const providers::Form* form = nullptr;  // the dialect's; nullptr for what only the gateway itself does
  const FormPlan* plan = nullptr;         // of the form
  // The same operation in the hub's words: itself for the hub's own dialect; nullptr: only relayed.
  const OperationSpec* hub = nullptr;
  std::string route;  // the label in logs and metrics: `/v1/chat/completions`
  const google::protobuf::MethodDescriptor* unary = nullptr;
  const google::protobuf::MethodDescriptor* streaming = nullptr;  // nullptr: has none
  const google::protobuf::Message* request_type = nullptr;        // prototypes
  const google::protobuf::Message* response_type = nullptr;
  const google::protobuf::Message* chunk_type = nullptr;
  const codec::MessagePlan* request = nullptr;
  const codec::MessagePlan* response = nullptr;
  const codec::MessagePlan* chunk = nullptr;
  bool has_body = false;  // REST: the request is a JSON body
  // The request holds the request of another operation, which is explained rather than performed.
  bool explains = false;
  // Calls are passed on as they are: `request` is what is read of a body that is a JSON object.
  bool relays = false;
  // Fields of the request that the gateway itself reads; nullptr if the operation has no such field.
  const google::protobuf::FieldDescriptor* model_field = nullptr;
  const google::protobuf::FieldDescriptor* stream_flag = nullptr;
  const google::protobuf::FieldDescriptor* stream_options_field = nullptr;
  const google::protobuf::FieldDescriptor* options_field = nullptr;  // `portolan`, CallOptions

  const providers::Door& door() const { return *dialect->door(); }
  bool speaks_hub() const { return hub == this; }
};

enum class Door : uint8_t { kHttp, kGrpc };

// A call as a front hands it over. Views point into memory that the front keeps until Service::Handle
// returns.
struct Inbound {
  const OperationSpec* operation = nullptr;
  Door door = Door::kHttp;
  // Exactly one of the two is given. For HTTP with a body, its JSON, not yet checked. For gRPC, and HTTP
  // without a body, the typed request, checked with CheckVerbatim. A call that is relayed has neither by
  // HTTP, and its RelayRequestHead by gRPC.
  std::string json;
  google::protobuf::Message* message = nullptr;
  bool streaming_rpc = false;           // gRPC: the streaming rpc was called
  std::span<const HeaderView> headers;  // HTTP headers or gRPC metadata, names lower case
  std::string_view method;              // HTTP's
  // Of a call that is relayed: the path below the API's root, with the query; and the body, null if it has
  // none.
  std::string_view path;
  http::BodySource* body = nullptr;
  std::string query;  // the URL's parameters that no field of the request has, percent-encoded as they came
  std::string_view peer;  // `127.0.0.1:50712`, for the log
  // Of the caller's certificate (`CN=billing,O=Example`); empty: none was shown.
  std::string_view client_subject;
  std::string_view request_id;  // made by the front or taken from a sane x-request-id
  net::TimePoint received;
  net::TimePoint deadline = net::kNever;  // grpc-timeout
  net::CancelScope* scope = nullptr;      // cancelled when the caller goes away
};

}  // namespace portolan::core
