#pragma once

// The REST door of one shard: finds the operation of an HTTP request, hands the call to the service, and
// writes the answer as JSON or server-sent events. For the shard's thread.

#include <atomic>
#include <memory>
#include <string>

#include "server/core/operations.h"
#include "server/core/record.h"
#include "server/core/service.h"
#include "server/http/handler.h"
#include "server/rest/browser_guard.h"
#include "server/telemetry/ids.h"
#include "server/transcode/router.h"

namespace portolan::rest {

// What the fronts of all shards share. Immutable except for `ready`; must outlive them.
struct RestConfig {
  const transcode::Router* router = nullptr;
  const core::Operations* operations = nullptr;
  BrowserPolicy browser;
  const std::atomic<bool>* ready = nullptr;  // what /readyz says
};

class RestFront final : public http::Handler {
 public:
  RestFront(const RestConfig& config, core::Service& service, core::CallObserver& observer, net::Loop& loop)
      : config_(config), service_(service), observer_(observer), loop_(loop) {}

  void OnConnectionOpened() override { observer_.OnConnectionOpened(core::Door::kHttp); }
  void OnConnectionClosed() override { observer_.OnConnectionClosed(core::Door::kHttp); }
  http::Answer Refuse(const http::Refusal& refusal, const http::RequestHead* head,
                      std::string_view peer) override;
  std::optional<http::Answer> Screen(const http::RequestHead& head, std::string_view peer,
                                     http::BodyMode* body) override;
  net::Task<void> Handle(http::Request& request, http::ResponseWriter& writer) override;

 private:
  // Makes an answer without a call, which has a request id and is recorded like a call. `head` may be null.
  http::Answer Refuse(const http::RequestHead* head, std::string_view peer, Error error,
                      std::string_view allow);
  static net::Task<void> Send(http::Answer answer, http::ResponseWriter& writer);
  // Hands the call to the service. `message` is the request of a route without a JSON body; else null.
  // `query`: see core::Inbound.
  net::Task<void> Serve(http::Request& request, http::ResponseWriter& writer, std::string_view origin,
                        const transcode::Route& route, std::unique_ptr<google::protobuf::Message> message,
                        std::string query);
  // Hands over a call that no rpc but Relay has.
  net::Task<void> Relay(http::Request& request, http::ResponseWriter& writer, std::string_view origin);
  core::Inbound MakeInbound(http::Request& request, const core::OperationSpec& operation,
                            google::protobuf::Message* message, const telemetry::Id& id) const;

  const RestConfig& config_;
  core::Service& service_;
  core::CallObserver& observer_;
  net::Loop& loop_;
  telemetry::IdGenerator ids_;
};

// Answers `/healthz` with 200, and `/readyz` with 200 or, if not ready, 503. nullopt for other paths.
std::optional<http::Answer> AnswerHealth(std::string_view path, bool ready);

}  // namespace portolan::rest
