// Snapshots replaced from another thread while calls run, finish and are cancelled. For ThreadSanitizer too.

#include "server/core/snapshot.h"

#include <gtest/gtest.h>

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/core/gateway_service.h"

namespace portolan::core {
namespace {

constexpr int kSnapshots = 100;
constexpr int kCallsEach = 10;

class QuietObserver final : public CallObserver {
 public:
  void OnCallFinished(const CallRecord& record) override { ++(record.status == 200 ? good : cancelled); }
  void OnCallStarted(Door) override {}
  void OnCallEnded(Door) override {}
  void OnStreamOpened() override {}
  void OnStreamClosed() override {}
  void OnConnectionOpened(Door) override {}
  void OnConnectionClosed(Door) override {}

  std::atomic<int> good{0};
  std::atomic<int> cancelled{0};
};

// Takes every answer and keeps none.
class NullSink final : public ReplySink {
 public:
  bool typed() const override { return false; }
  net::Task<Delivered> SendJson(ReplyHead, std::span<const std::string_view>) override { co_return true; }
  net::Task<Delivered> SendMessage(ReplyHead, std::string_view) override { co_return true; }
  net::Task<Delivered> SendError(ReplyHead, const Error&, std::string_view) override { co_return true; }
  net::Task<Delivered> StartStream(ReplyHead) override { co_return true; }
  net::Task<Delivered> WriteBytes(std::span<const std::string_view>) override { co_return true; }
  net::Task<Delivered> WriteMessages(std::span<const std::string_view>) override { co_return true; }
  net::Task<Delivered> EndStream(const Error*) override { co_return true; }
};

struct OneCall {
  net::CancelScope scope;
  NullSink sink;
};

std::shared_ptr<const Snapshot> NewSnapshot(int number) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->registry = providers::Registry::BuiltIn();
  snapshot->routing.registry = snapshot->registry.get();
  snapshot->routing.default_provider = "echo";
  auto plan = std::make_shared<routing::RoutePlan>();
  plan->from_operator = true;
  plan->targets.push_back(&plan->root);
  plan->root.target.provider = snapshot->registry->Find("echo");
  snapshot->routes.Add("now", std::move(plan));
  snapshot->routes.AddAlias("echo-slow-" + std::to_string(number % 7), "now");
  return snapshot;
}

net::Task<void> Serve(Service& service, const OperationSpec& chat, OneCall& call, std::string model) {
  Inbound inbound;
  inbound.operation = &chat;
  inbound.json = R"({"model":")" + model + R"(","messages":[{"role":"user","content":"a b c"}]})";
  inbound.scope = &call.scope;
  co_await service.Handle(std::move(inbound), call.sink);
}

TEST(Snapshot, IsReplacedWhileCallsRunAndLivesAsLongAsThey) {
  const auto operations = *Operations::Build(providers::BuiltInCatalog().dialects);
  const OperationSpec& chat = *operations->Hub(providers::operation::kChat);
  net::Loop loop;
  const auto client = *upstream::NewClient(loop, {});
  QuietObserver observer;
  ServiceConfig config;
  config.operations = operations.get();
  ServiceShard shard;
  shard.loop = &loop;
  shard.client = client.get();
  shard.observer = &observer;
  shard.unix_seconds = [] { return int64_t{0}; };
  shard.random = [] { return 0.5; };
  shard.trace_id = [](std::span<const HeaderView>) { return std::string(); };
  const auto service = NewGatewayService(config, std::move(shard), NewSnapshot(0));

  std::list<OneCall> calls;  // the loop's
  std::vector<std::weak_ptr<const Snapshot>> snapshots;
  std::thread thread([&] { loop.Run(); });
  for (int i = 1; i <= kSnapshots; ++i) {
    auto snapshot = NewSnapshot(i);
    snapshots.push_back(snapshot);
    loop.Post([&, snapshot = std::move(snapshot), i] {
      service->Use(snapshot);
      for (int k = 0; k < kCallsEach; ++k) {
        OneCall& call = calls.emplace_back();
        loop.Spawn(Serve(*service, chat, call, "echo-slow-" + std::to_string((i + k) % 7)));
        // Every third goes away at once.
        if (k % 3 == 0) call.scope.Cancel(net::CancelReason::kClientGone);
      }
    });
  }
  while (observer.good + observer.cancelled < kSnapshots * kCallsEach) std::this_thread::yield();
  loop.Stop();
  thread.join();
  EXPECT_GT(observer.good, kSnapshots);
  EXPECT_GT(observer.cancelled, kSnapshots);
  // Of those that no call has any more only the last is left, in the service.
  for (size_t i = 0; i + 1 < snapshots.size(); ++i) EXPECT_TRUE(snapshots[i].expired()) << i;
  EXPECT_FALSE(snapshots.back().expired());
}

}  // namespace
}  // namespace portolan::core
