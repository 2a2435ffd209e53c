// What callers and the log are told of requests that the server refuses before they are calls.

#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "providers/registry.h"
#include "server/core/record.h"
#include "server/core/service.h"
#include "server/net/loop.h"
#include "server/rest/rest_front.h"

namespace portolan::rest {
namespace {

class NoService final : public core::Service {
 public:
  net::Task<void> Handle(core::Inbound, core::ReplySink&) override { co_return; }
};

// Keeps the error of the last record.
class Observer final : public core::CallObserver {
 public:
  void OnCallFinished(const core::CallRecord& record) override { error = record.error; }
  void OnCallStarted(core::Door) override {}
  void OnCallEnded(core::Door) override {}
  void OnStreamOpened() override {}
  void OnStreamClosed() override {}
  void OnConnectionOpened(core::Door) override {}
  void OnConnectionClosed(core::Door) override {}

  std::optional<Error> error;
};

TEST(Refusals, SayWhichTimeLimitRanOut) {
  const auto operations = core::Operations::Build(providers::BuiltInCatalog().dialects);
  ASSERT_TRUE(operations.ok()) << operations.status();
  RestConfig config;
  config.operations = operations->get();
  NoService service;
  Observer observer;
  net::Loop loop;
  RestFront front(config, service, observer, loop);
  const http::Answer answer = front.Refuse(
      {408, "request_timeout", "slow", TimeLimit{"body_arrival", "gateway", std::chrono::seconds(60)}},
      nullptr, "127.0.0.1:5");
  EXPECT_EQ(answer.status, 408);
  const auto error = nlohmann::json::parse(answer.body)["error"];
  EXPECT_EQ(error["code"], "request_timeout");
  EXPECT_EQ(error["portolan"]["class"], "caller");
  EXPECT_EQ(error["portolan"]["limit"],
            nlohmann::json::parse(R"({"name":"body_arrival","owner":"gateway","ms":60000})"));
  ASSERT_TRUE(observer.error);
  ASSERT_TRUE(observer.error->limit);
  EXPECT_EQ(observer.error->limit->name, "body_arrival");
}

}  // namespace
}  // namespace portolan::rest
