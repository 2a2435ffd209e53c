#pragma once

// Everything one call needs while it runs. Internal to core/.

#include <google/protobuf/arena.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/gateway_service.h"
#include "server/core/payload.h"
#include "server/core/reply.h"
#include "server/core/stream_pipeline.h"

namespace portolan::core {

struct CallState {
  CallState(Inbound inbound, ReplySink& reply_sink, const ServiceConfig& service_config,
            ServiceShard& service_shard)
      : in(std::move(inbound)),
        operation(*in.operation),
        sink(reply_sink),
        config(service_config),
        shard(service_shard),
        payload(operation, arena) {}

  Inbound in;
  const OperationSpec& operation;
  ReplySink& sink;
  const ServiceConfig& config;
  ServiceShard& shard;

  google::protobuf::Arena arena;
  Payload payload;
  routing::RequestHeaders headers;
  routing::ProviderCredentials credentials;
  routing::Route route;
  providers::CallFacts facts;
  providers::DroppedMembers dropped;
  net::Wait wait;
  std::string trace_id;
  std::string upstream_request_id;
  CallRecord record;
};

// The head of an answer: the gateway's own headers under the caller's prefix, and what passes down from the
// provider. `exchange` may be null.
ReplyHead MakeHead(CallState& call, int status, const upstream::Exchange* exchange);

// Answers with an error made by the gateway, or the provider's own error body if it may pass untouched.
net::Task<void> ReplyError(CallState& call, Error error, const upstream::Exchange* exchange,
                           std::string_view provider_body);

// Answers from the upstream's answer, whose head is there: an error, a unary answer or a stream.
net::Task<void> ReplyFromUpstream(CallState& call, std::unique_ptr<upstream::Exchange> exchange);

// Answers from a provider inside the process.
net::Task<void> ReplyFromLocal(CallState& call, const google::protobuf::Message& request);

// One typed answer of the hub's response type, whatever the door.
net::Task<void> ReplyMessage(CallState& call, const google::protobuf::Message& message,
                             const upstream::Exchange* exchange);

}  // namespace portolan::core
