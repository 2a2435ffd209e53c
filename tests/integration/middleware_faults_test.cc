// Middleware that fail, in every way: with `on_error: deny` nothing passes, with `pass` everything does, and
// no call hangs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/integration/support/middleware_gateway.h"

namespace portolan::test {
namespace {

using ::testing::IsEmpty;
using Json = nlohmann::json;
using Stream = TestMiddleware::Stream;

// What a middleware does wrong.
enum class Fault : uint8_t {
  kRefused,    // nobody listens
  kSlow,       // it says nothing
  kError,      // an error of gRPC
  kGarbage,    // a verdict that makes no sense
  kTooLarge,   // an answer of more than its place
  kSequence,   // streams: a verdict on what has not come
  kBackwards,  // a verdict on what it has let go
  kDies,       // it ends in mid-stream
  kFlood,      // verdicts without end
};
constexpr Fault kUnaryFaults[] = {Fault::kRefused, Fault::kSlow, Fault::kError, Fault::kGarbage,
                                  Fault::kTooLarge};
constexpr Fault kStreamFaults[] = {Fault::kRefused,  Fault::kSlow,      Fault::kError, Fault::kGarbage,
                                   Fault::kSequence, Fault::kBackwards, Fault::kDies,  Fault::kFlood};

std::string Name(Fault fault) {
  constexpr const char* kNames[] = {"refused",  "slow",      "error", "garbage", "too large",
                                    "sequence", "backwards", "dies",  "flood"};
  return kNames[static_cast<size_t>(fault)];
}

class Faulty {
 public:
  Faulty(Fault fault, std::vector<mw::Hook> hooks)
      : fault_(fault),
        service_(
            {.hooks = std::move(hooks),
             .request = [this](const mw::RequestEvent&, mw::Verdict* verdict) { return Misbehave(verdict); },
             .response = [this](const mw::ResponseEvent&,
                                mw::Verdict* verdict) { return Misbehave(verdict); },
             .stream = [this](Stream* stream) { return MisbehaveIn(stream); }}) {}
  ~Faulty() { go_.Release(); }

  TestMiddleware& service() { return service_; }
  // The gateway knows it now.
  void Begin() {
    if (fault_ == Fault::kRefused) service_.Stop();
  }
  Fault fault() const { return fault_; }

 private:
  grpc::Status Misbehave(mw::Verdict* verdict) {
    if (fault_ == Fault::kSlow) go_.Wait(120);
    if (fault_ == Fault::kError) return {grpc::StatusCode::INTERNAL, "swordfish"};
    if (fault_ == Fault::kGarbage) verdict->mutable_deny()->set_http_status(200);
    if (fault_ == Fault::kTooLarge) (*verdict->mutable_notes())["big"] = std::string(100'000, 'x');
    return grpc::Status::OK;
  }

  grpc::Status MisbehaveIn(Stream* stream) {
    mw::ChunkEvent event;
    mw::ChunkVerdict verdict;
    for (int chunks = 0; stream->Read(&event);) {
      if (event.event_case() == mw::ChunkEvent::kStart) continue;
      ++chunks;
      verdict.Clear();
      verdict.set_sequence(event.sequence());
      verdict.mutable_proceed();
      // The first one is let go.
      if (chunks == 1 && fault_ != Fault::kSlow) {
        stream->Write(verdict);
        continue;
      }
      switch (fault_) {
        case Fault::kSlow:
          go_.Wait(120);
          return grpc::Status::OK;
        case Fault::kError:
          return {grpc::StatusCode::INTERNAL, "swordfish"};
        case Fault::kGarbage:
          verdict.mutable_replace();
          break;
        case Fault::kSequence:
          verdict.set_sequence(event.sequence() + 100);
          break;
        case Fault::kBackwards:
          verdict.set_sequence(1);
          break;
        case Fault::kFlood:
          for (int i = 0; i < 10'000 && stream->Write(verdict); ++i) {
          }
          continue;
        default:
          return grpc::Status::OK;
      }
      stream->Write(verdict);
    }
    return grpc::Status::OK;
  }

  const Fault fault_;
  Latch go_;
  TestMiddleware service_;
};

class MiddlewareFaults : public ::testing::Test {
 protected:
  GatewayFixture Start(Faulty& faulty, const std::string& on_error) {
    const std::string timeout = faulty.fault() == Fault::kSlow ? "100ms" : "20s";
    // What it wants stands in the file: a server that is away cannot say it.
    std::string hooks;
    for (const char* const hook : {"request", "response", "chunk"}) {
      if (hooks_.find(hook) != std::string::npos) hooks.append(hooks.empty() ? "" : ", ").append(hook);
    }
    return StartWithMiddleware(
        upstream_,
        Entry("one", faulty.service(),
              ", hooks: [" + hooks + "], on_error: " + on_error + ", timeout: " + timeout),
        "default_middleware: [one]\n");
  }

  std::string hooks_;
  FakeUpstream upstream_{[](const SeenRequest& request) { return Answering(request, "yes it is"); }};
};

TEST_F(MiddlewareFaults, OfRequestsAndAnswers) {
  for (const mw::Hook hook : {mw::HOOK_REQUEST, mw::HOOK_RESPONSE}) {
    hooks_ = hook == mw::HOOK_REQUEST ? "request" : "response";
    for (const Fault fault : kUnaryFaults) {
      for (const std::string on_error : {"deny", "pass"}) {
        Faulty faulty(fault, {hook});
        GatewayFixture gateway = Start(faulty, on_error);
        faulty.Begin();
        for (const RouteCall& call : AtBothDoors({})) {
          const std::string place = Name(fault) + " " + hooks_ + " " + on_error + " " + Describe(call);
          const size_t before = upstream_.requests().size();
          const RouteAnswer answer = RouteCaller(gateway).Call(call);
          if (on_error == "pass") {
            EXPECT_EQ(answer.status, 200) << place;
            EXPECT_EQ(answer.text, "yes it is") << place;
            EXPECT_FALSE(answer.broke) << place;
            continue;
          }
          EXPECT_EQ(answer.status, 503) << place;
          EXPECT_EQ(answer.code, "middleware_failed") << place;
          EXPECT_EQ(answer.error_class, "gateway") << place;
          EXPECT_TRUE(answer.retryable) << place;
          EXPECT_EQ(answer.text, "") << place;
          EXPECT_EQ(answer.message.find("swordfish"), std::string::npos) << place;
          if (hook == mw::HOOK_REQUEST) EXPECT_EQ(upstream_.requests().size(), before) << place;
        }
      }
    }
  }
}

TEST_F(MiddlewareFaults, OfStreams) {
  hooks_ = "chunk";
  for (const Fault fault : kStreamFaults) {
    for (const std::string on_error : {"deny", "pass"}) {
      Faulty faulty(fault, {mw::HOOK_CHUNK});
      GatewayFixture gateway = Start(faulty, on_error);
      faulty.Begin();
      for (const Door door : {Door::kRest, Door::kGrpc}) {
        const RouteCall call{.door = door, .stream = true};
        const std::string place = Name(fault) + " " + on_error + " " + Describe(call);
        const RouteAnswer answer = RouteCaller(gateway).Call(call);
        if (on_error == "pass") {
          EXPECT_EQ(answer.status, 200) << place;
          EXPECT_EQ(answer.text, "yes it is") << place;
          EXPECT_FALSE(answer.broke) << place;
          if (door == Door::kRest) EXPECT_TRUE(answer.done) << place;
          continue;
        }
        EXPECT_EQ(answer.code, "middleware_failed") << place;
        EXPECT_FALSE(answer.done) << place;
        EXPECT_TRUE(answer.text.empty() || answer.broke) << place << " " << answer.text;
      }
    }
  }
}

// After five failures in a row nobody waits for it for a second.
TEST_F(MiddlewareFaults, AreNotAskedAllTheTime) {
  hooks_ = "request";
  Faulty faulty(Fault::kError, {mw::HOOK_REQUEST});
  GatewayFixture gateway = Start(faulty, "pass");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(RouteCaller(gateway).Call({}).status, 200);
  EXPECT_LT(faulty.service().requests().size(), 20U);
  EXPECT_GE(faulty.service().requests().size(), 5U);
}

// A change of one that says that it only reads is a failure.
TEST_F(MiddlewareFaults, WhatOnlyReadsMayNotChange) {
  const TestMiddleware service({.hooks = {mw::HOOK_REQUEST},
                                .form = mw::BODY_FORM_JSON,
                                .read_only = true,
                                .request = [](const mw::RequestEvent&, mw::Verdict* verdict) {
                                  verdict->mutable_replace()->set_json(R"({"model":"other","messages":[]})");
                                  return grpc::Status::OK;
                                }});
  GatewayFixture gateway =
      StartWithMiddleware(upstream_, Entry("one", service), "default_middleware: [one]\n");
  EXPECT_EQ(RouteCaller(gateway).Call({}).code, "middleware_failed");
  EXPECT_THAT(upstream_.requests(), IsEmpty());
}

TEST_F(MiddlewareFaults, GoAway) {
  auto service = std::make_unique<TestMiddleware>(TestMiddleware::Script{.hooks = {mw::HOOK_REQUEST}});
  GatewayFixture gateway = StartWithMiddleware(
      upstream_, Entry("one", *service, ", on_error: deny, timeout: 5s"), "default_middleware: [one]\n");
  EXPECT_EQ(RouteCaller(gateway).Call({}).status, 200);
  service->Stop();
  EXPECT_EQ(RouteCaller(gateway).Call({}).status, 503);
}

}  // namespace
}  // namespace portolan::test
