// Time limits of attempts and of whole calls on routes, and callers who leave.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/support/route_caller.h"
#include "tests/support/eventually.h"

namespace portolan::test {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kTimedOut[] = "config.targets[0] openai 408 request_timeout";
const std::string kRole = OpenAiDelta(R"({"role":"assistant","content":""})");
const Headers kLongJson = {{"Content-Type", "application/json"}, {"Content-Length", "1000"}};

std::string Fallback(const std::vector<std::string>& targets, const std::string& more = {}) {
  std::string list;
  for (const std::string& target : targets) list.append(list.empty() ? "" : ",").append(target);
  return R"({"strategy":{"mode":"fallback")" + more + R"(},"targets":[)" + list + "]}";
}

class RoutingTimes : public ::testing::Test {
 protected:
  FakeUpstream good_{[](const SeenRequest& request) { return Answering(request, "yes"); }};
  FakeUpstream silent_{[](const SeenRequest&) { return Script().Stall(); }};
  GatewayFixture gateway_;
  RouteCaller caller_{gateway_};
};

TEST_F(RoutingTimes, OfAnAttemptEndItAndTheNextTargetIsAsked) {
  struct Case {
    const char* name;
    Script script;
    bool stream;
  };
  const std::vector<Case> cases = {
      {"no head", Script().Stall(), false},
      {"half a body", Script().Send(Head(200, kLongJson) + "{\"id\":").Stall(), false},
      {"half an error", Script().Send(Head(500, kLongJson) + "{\"error\":").Stall(), false},
      {"no head of a stream", Script().Stall(), true},
      {"no event", Script().Send(StreamHead()).Stall(), true},
      {"no content", Script().Send(StreamHead() + Chunk(kRole)).Stall(), true},
      {"no end of the first event",
       Script()
           .Send(StreamHead() + Chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"H"))
           .Stall(),
       true},
  };
  for (const Case& test : cases) {
    const FakeUpstream first([&](const SeenRequest&) { return test.script; });
    for (const Door door : {Door::kRest, Door::kGrpc}) {
      for (const char* provider : {"openai", "anthropic"}) {
        SCOPED_TRACE(std::string(test.name) + " " + provider);
        const RouteAnswer answer = caller_.Call(
            {.config = Fallback({TargetOf(first, provider, R"(,"request_timeout":50)"), TargetOf(good_)}),
             .door = door,
             .stream = test.stream});
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.text, "yes");
        EXPECT_EQ(answer.Header("x-portolan-last-used-option-index"), "config.targets[1]");
      }
    }
    // On a busy machine, time may be over before a connection is made.
    EXPECT_TRUE(first.WaitForConnectionsToEnd()) << test.name;
    EXPECT_FALSE(first.connections().empty()) << test.name;
  }
}

TEST_F(RoutingTimes, OfAnAttemptAreAStatusLikeOthers) {
  const std::string silent = TargetOf(silent_, "openai", R"(,"request_timeout":50)");
  for (const RouteCall& shape : AtBothDoors({})) {
    RouteCall call = shape;
    call.config = Fallback({silent, TargetOf(good_)}, R"(,"on_status_codes":[500,504])");
    SCOPED_TRACE(Describe(call));
    const RouteAnswer listed = caller_.Call(call);
    EXPECT_EQ(listed.status, 408);
    EXPECT_EQ(listed.code, "request_timeout");
    EXPECT_EQ(listed.rpc, call.door == Door::kGrpc ? grpc::DEADLINE_EXCEEDED : grpc::OK);
    EXPECT_THAT(good_.requests(), IsEmpty());

    // Each attempt has the whole of it; the list of a retry may name it too.
    call.config = R"({"request_timeout":50,"retry":{"attempts":1,"base_ms":1,"on_status_codes":[408]},)"
                  R"("targets":[)" +
                  TargetOf(silent_) + "]}";
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.status, 408);
    EXPECT_EQ(answer.attempts, 2);
    EXPECT_THAT(answer.tried, ElementsAre(kTimedOut));
    EXPECT_EQ(answer.Header("x-portolan-retry-attempt-count"), "-1");
  }
}

TEST_F(RoutingTimes, OfAnAttemptEndWithTheFirstContentOfAStream) {
  Latch go;
  const FakeUpstream slow([&](const SeenRequest&) {
    return Script()
        .Send(StreamHead() + Chunk(OpenAiDelta(R"({"content":"H"})")))
        .Hold(go)
        .Send(Chunk(OpenAiFinish()) + Chunk(""));
  });
  TestClient client(gateway_.http_address());
  client.Send("POST", "/v1/chat/completions", RestBody({.stream = true}),
              {{"x-portolan-config",
                Fallback({TargetOf(slow, "openai", R"(,"request_timeout":1000)"), TargetOf(good_)})}});
  EXPECT_EQ(client.ReadHead().status, 200);
  // A call that takes longer than the limit.
  EXPECT_EQ(caller_.Call({.config = TargetOf(silent_, "openai", R"(,"request_timeout":1200)")}).status, 408);
  go.Release();
  std::string all;
  while (all.find("[DONE]") == std::string::npos) {
    const std::string more = client.ReadRaw();
    ASSERT_FALSE(more.empty()) << all;
    all += more;
  }
  EXPECT_THAT(all, HasSubstr("\"H\""));
}

TEST_F(RoutingTimes, OfTheWholeCallBeginNoAttemptOnceTheyAreOver) {
  for (const RouteCall& shape : AtBothDoors({})) {
    for (const bool grpc_timeout : {false, true}) {
      if (grpc_timeout && shape.door == Door::kRest) continue;
      RouteCall call = shape;
      // The limit of the attempt is longer, and does not count.
      call.config = Fallback({TargetOf(silent_, "openai", R"(,"request_timeout":15000)"), TargetOf(good_)});
      // Long enough for the first target to be asked.
      if (grpc_timeout) {
        call.deadline_ms = 500;
      } else {
        call.headers = {{"x-portolan-request-timeout", "500"}};
      }
      SCOPED_TRACE(Describe(call) + (grpc_timeout ? " by grpc-timeout" : ""));
      const RouteAnswer answer = caller_.Call(call);
      if (!grpc_timeout) {
        EXPECT_EQ(answer.status, 408);
        EXPECT_EQ(answer.code, "request_timeout");
        EXPECT_EQ(answer.attempts, 1);
        EXPECT_THAT(answer.tried, IsEmpty());
      }
      EXPECT_EQ(answer.rpc, call.door == Door::kGrpc ? grpc::DEADLINE_EXCEEDED : grpc::OK);
      EXPECT_TRUE(silent_.WaitForConnectionsToEnd());
    }
  }
  EXPECT_FALSE(silent_.connections().empty());
  // Once a later call has been served, no earlier one can still be on its way.
  EXPECT_EQ(caller_.Call({.config = TargetOf(good_)}).status, 200);
  EXPECT_THAT(good_.requests(), SizeIs(1));
}

// A wait that would outlast the call is not begun: the answer comes at once, and says what the provider said.
TEST_F(RoutingTimes, OfTheWholeCallLeaveNoTimeForALongWait) {
  const FakeUpstream broken([](const SeenRequest& request) { return Failing(request, 500); });
  const std::string retry = R"(,"retry":{"attempts":5,"base_ms":60000,"cap_ms":60000})";
  for (const RouteCall& shape : AtBothDoors({})) {
    RouteCall call = shape;
    call.headers = {{"x-portolan-request-timeout", "10000"}};
    call.config = TargetOf(broken, "openai", retry);
    SCOPED_TRACE(Describe(call));
    const auto from = TestClock::now();
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_LT(TestClock::now() - from, milliseconds(9000));
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.attempts, 1);
    // The next target needs no wait.
    call.config = Fallback({TargetOf(broken, "openai", retry), TargetOf(good_)});
    EXPECT_EQ(caller_.Call(call).text, "yes");
  }
}

TEST_F(RoutingTimes, OfTheWholeCallAreSharedByItsAttempts) {
  const RouteAnswer answer =
      caller_.Call({.config = Fallback({TargetOf(silent_, "openai", R"(,"request_timeout":50)"),
                                        TargetOf(silent_), TargetOf(good_)}),
                    .headers = {{"x-portkey-request-timeout", "1000"}}});
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.attempts, 2);
  EXPECT_THAT(answer.tried, ElementsAre(kTimedOut));
  EXPECT_THAT(good_.requests(), IsEmpty());
}

// A caller who can leave: over HTTP by closing, over gRPC by cancelling.
class Leaver {
 public:
  Leaver(const RouteCaller& caller, const RouteCall& call) : call_(call), client_(caller.http_address()) {
    if (call.door == Door::kRest) {
      client_.Send("POST", "/v1/chat/completions", RestBody(call), {{"x-portolan-config", call.config}});
      return;
    }
    context_.AddMetadata("x-portolan-config", call.config);
    thread_ = std::thread([this, &caller] {
      const v1::ChatCompletionRequest request = RpcRequest(call_);
      if (call_.stream) {
        const auto reader = caller.chat().StreamChatCompletion(&context_, request);
        for (v1::ChatCompletionChunk chunk; reader->Read(&chunk);) continue;
        code_ = reader->Finish().error_code();
      } else {
        v1::ChatCompletion answer;
        code_ = caller.chat().CreateChatCompletion(&context_, request, &answer).error_code();
      }
    });
  }
  ~Leaver() { Leave(); }
  void Leave() {
    client_.Close();
    if (!thread_.joinable()) return;
    context_.TryCancel();
    thread_.join();
    EXPECT_EQ(code_, grpc::StatusCode::CANCELLED);
  }

 private:
  const RouteCall call_;
  TestClient client_;
  grpc::ClientContext context_;
  grpc::StatusCode code_ = grpc::OK;
  std::thread thread_;
};

class RoutingCallerLeaves : public RoutingTimes {
 protected:
  // Calls under way at a door.
  int OpenCalls(Door door) const {
    const TestAnswer metrics = TestClient(gateway_.admin_address()).Get("/metrics");
    const std::string name =
        std::string("portolan_open_calls{door=\"") + (door == Door::kRest ? "http" : "grpc") + "\"} ";
    const size_t at = metrics.body.find(name);
    return at == std::string::npos ? -1 : std::stoi(metrics.body.substr(at + name.size()));
  }

  ::testing::AssertionResult WaitForOpenCalls(Door door, int count) const {
    return Eventually([&] { return OpenCalls(door); }, count);
  }
};

constexpr milliseconds kSoon{50};

TEST_F(RoutingCallerLeaves, InAnAttemptAndNothingGoesOn) {
  struct Case {
    const char* name;
    Script script;
    bool stream;
  };
  const std::vector<Case> cases = {
      {"no head", Script().Stall(), false},
      {"half a body", Script().Send(Head(200, kLongJson) + "{\"id\":").Stall(), false},
      {"half an error", Script().Send(Head(500, kLongJson) + "{\"error\":").Stall(), false},
      {"a stream held back", Script().Send(StreamHead() + Chunk(kRole)).Stall(), true},
  };
  const FakeUpstream bad([](const SeenRequest& request) { return Failing(request, 500); });
  for (const Case& test : cases) {
    for (const Door door : {Door::kRest, Door::kGrpc}) {
      SCOPED_TRACE(test.name + std::string(door == Door::kRest ? " REST" : " gRPC"));
      EXPECT_TRUE(BestWithin(kSoon, [&]() -> TestClock::duration {
        const FakeUpstream slow([&](const SeenRequest&) { return test.script; });
        Leaver leaver(caller_, {.config = Fallback({TargetOf(bad),
                                                    TargetOf(slow, "openai", R"(,"retry":{"attempts":2})"),
                                                    TargetOf(good_)}),
                                .door = door,
                                .stream = test.stream});
        EXPECT_TRUE(slow.WaitForRequests(1));
        const auto left = TestClock::now();
        leaver.Leave();
        if (!slow.WaitForClientToLeave(1)) return std::chrono::hours(1);
        EXPECT_THAT(slow.requests(), SizeIs(1));
        return *slow.connection(1).client_left - left;
      }));
    }
  }
  EXPECT_EQ(caller_.Call({.config = TargetOf(good_)}).status, 200);
  EXPECT_THAT(good_.requests(), SizeIs(1));
}

TEST_F(RoutingCallerLeaves, DuringAWaitAndTheCallIsOver) {
  for (const RouteCall& shape : AtBothDoors({})) {
    SCOPED_TRACE(Describe(shape));
    EXPECT_TRUE(BestWithin(kSoon, [&] {
      const FakeUpstream broken([](const SeenRequest& request) { return Failing(request, 500); });
      RouteCall call = shape;
      call.config = Fallback(
          {TargetOf(broken, "openai", R"(,"retry":{"attempts":2,"base_ms":60000})"), TargetOf(good_)});
      Leaver leaver(caller_, call);
      EXPECT_TRUE(broken.WaitForRequests(1));
      // By the time that another call has been answered, the first one waits.
      EXPECT_EQ(caller_.Call({.config = TargetOf(broken)}).status, 500);
      EXPECT_TRUE(WaitForOpenCalls(call.door, 1));
      const auto left = TestClock::now();
      leaver.Leave();
      EXPECT_TRUE(WaitForOpenCalls(call.door, 0));
      return TestClock::now() - left;
    }));
  }
  EXPECT_THAT(good_.requests(), IsEmpty());
}

}  // namespace
}  // namespace portolan::test
