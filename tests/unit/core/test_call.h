#pragma once

// The state of a call that nobody performs, for what reads or changes it.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "portolan/v1/route_config.pb.h"
#include "providers/registry.h"
#include "server/core/call_state.h"
#include "tests/unit/core/quiet_observer.h"

namespace portolan::core {

class TestCall {
 public:
  // A chat's JSON, to be sent to the targets of `config`, or to whom it names itself. Empty: TakeMessage
  // follows.
  explicit TestCall(const std::string& json, const v1::RouteConfig& config = {}) {
    operations_ = *Operations::Build(providers::BuiltInCatalog().dialects);
    service_.operations = operations_.get();
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->registry = providers::Registry::BuiltIn();
    snapshot->routing.registry = snapshot->registry.get();
    shard_.observer = &observer_;
    shard_.random = [] { return 0.0; };
    const OperationSpec& chat = *operations_->Hub(providers::operation::kChat);
    Inbound inbound;
    inbound.operation = &chat;
    state_.reset(new CallState(chat, std::move(inbound), sink_, service_, std::move(snapshot), shard_));
    state_->plan = PlanOf(config);
    state_->route_request.emplace(routing::RouteRequest{.headers = state_->headers,
                                                        .credentials = state_->credentials,
                                                        .all_headers = {},
                                                        .provider = {},
                                                        .custom_host = {},
                                                        .door = chat.dialect,
                                                        .operation = chat.name,
                                                        .model = "m"});
    state_->engine.emplace(*state_->plan, state_->condition_facts, shard_.random);
    if (json.empty()) return;
    if (const auto bad = state_->payload.TakeJson(json)) ADD_FAILURE() << bad->message;
  }

  CallState& operator*() { return *state_; }
  CallState* operator->() { return state_.get(); }

 private:
  class Sink final : public ReplySink {
   public:
    bool typed() const override { return false; }
    net::Task<Delivered> SendJson(ReplyHead, std::span<const std::string_view>) override { return None(); }
    net::Task<Delivered> SendMessage(ReplyHead, std::string_view) override { return None(); }
    net::Task<Delivered> SendError(ReplyHead, const Error&, std::string_view) override { return None(); }
    net::Task<Delivered> StartStream(ReplyHead) override { return None(); }
    net::Task<Delivered> WriteBytes(std::span<const std::string_view>) override { return None(); }
    net::Task<Delivered> WriteMessages(std::span<const std::string_view>) override { return None(); }
    net::Task<Delivered> EndStream(const Error*) override { return None(); }

   private:
    static net::Task<Delivered> None() { co_return false; }
  };

  std::shared_ptr<const routing::RoutePlan> PlanOf(const v1::RouteConfig& config) const {
    if (config.targets().empty()) return routing::NewOpenRoute();
    auto plan = std::make_shared<routing::RoutePlan>();
    const auto problem = routing::CompileRoute(config, *state_->snapshot->registry, {}, plan.get());
    if (problem) ADD_FAILURE() << problem->message;
    return plan;
  }

  std::unique_ptr<Operations> operations_;
  QuietObserver observer_;
  Sink sink_;
  ServiceConfig service_;
  ServiceShard shard_;
  std::unique_ptr<CallState> state_;
};

}  // namespace portolan::core
