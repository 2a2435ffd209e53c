// What a gRPC middleware wants: asked at once, asked anew when it has been away, corrected by the config
// file.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/middleware/fake_middleware.h"

namespace portolan::middleware {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class GrpcDescribe : public GrpcTest {
 protected:
  FakeMiddleware fake;

  // What Learn() says where Describe is answered so.
  std::string LearnOf(v1::DescribeResponse said) {
    fake.describe = [&said](auto&, const auto&, v1::DescribeResponse& answer) {
      answer = said;
      return grpc::Status::OK;
    };
    const Host host(fake);
    const auto service = New(host);
    std::string failure = Learn(*service);
    EXPECT_EQ(service->wants() == nullptr, !failure.empty());
    if (service->wants() != nullptr) wants = *service->wants();
    return failure;
  }

  Wants wants;
};

HookSet Hooks(std::initializer_list<Hook> hooks) {
  HookSet set;
  for (const Hook hook : hooks) set.Add(hook);
  return set;
}

TEST_F(GrpcDescribe, IsAskedAtOnceAndTold) {
  std::mutex mutex;
  v1::DescribeRequest told;
  fake.describe = [&](auto&, const v1::DescribeRequest& asked, v1::DescribeResponse& answer) {
    const std::lock_guard lock(mutex);
    told = asked;
    answer.set_protocol_version(1);
    answer.add_hooks(v1::HOOK_RESPONSE);
    answer.add_hooks(v1::HOOK_END);
    answer.set_form(v1::BODY_FORM_TYPED);
    answer.set_read_only(true);
    answer.set_wants_request(true);
    return grpc::Status::OK;
  };
  const Host host(fake);
  settings.name = "pii";
  const auto service = New(host);
  EXPECT_EQ(service->wants(), nullptr);
  // Nobody waits for it.
  EXPECT_TRUE(net::RunUntil(loop, [&] { return service->wants() != nullptr; }));
  const Wants wants = *service->wants();
  EXPECT_EQ(wants.hooks, Hooks({Hook::kResponse, Hook::kEnd}));
  EXPECT_EQ(wants.form, BodyForm::kTyped);
  EXPECT_TRUE(wants.read_only);
  EXPECT_TRUE(wants.request);
  EXPECT_EQ(Learn(*service), "");
  EXPECT_EQ(fake.describes, 1);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(told.protocol_version(), 1u);
  EXPECT_EQ(told.name(), "pii");
}

TEST_F(GrpcDescribe, AnEmptyAnswerWantsNothing) {
  EXPECT_EQ(LearnOf({}), "");
  EXPECT_TRUE(wants.hooks.empty());
  EXPECT_EQ(wants.form, BodyForm::kNone);
  EXPECT_FALSE(wants.read_only);
  EXPECT_FALSE(wants.request);
}

TEST_F(GrpcDescribe, KnowsEveryHookAndForm) {
  v1::DescribeResponse said;
  for (int hook = 0; hook <= 5; ++hook) said.add_hooks(static_cast<v1::Hook>(hook));
  said.set_form(v1::BODY_FORM_JSON);
  EXPECT_EQ(LearnOf(said), "");
  EXPECT_EQ(wants.hooks, Hooks({Hook::kRequest, Hook::kAttempt, Hook::kResponse, Hook::kChunk, Hook::kEnd}));
  EXPECT_EQ(wants.form, BodyForm::kJson);
}

TEST_F(GrpcDescribe, TheConfigFileIsRight) {
  v1::DescribeResponse said;
  said.add_hooks(v1::HOOK_CHUNK);
  said.set_read_only(true);
  settings.hooks = Hooks({Hook::kRequest});
  settings.read_only = false;
  EXPECT_EQ(LearnOf(said), "");
  EXPECT_EQ(wants.hooks, Hooks({Hook::kRequest}));
  EXPECT_FALSE(wants.read_only);
}

TEST_F(GrpcDescribe, WhatIsNotKnownIsAFailure) {
  v1::DescribeResponse later;
  later.set_protocol_version(2);
  EXPECT_THAT(LearnOf(later), AllOf(HasSubstr("protocol_version 2"), HasSubstr("not spoken")));
  v1::DescribeResponse hook;
  hook.add_hooks(static_cast<v1::Hook>(6));
  EXPECT_THAT(LearnOf(hook), HasSubstr("hook 6 is not known"));
  v1::DescribeResponse form;
  form.set_form(static_cast<v1::BodyForm>(9));
  EXPECT_THAT(LearnOf(form), HasSubstr("form 9 is not known"));
}

TEST_F(GrpcDescribe, FailsByTheNameOfTheCodeAlone) {
  fake.describe = [](auto&, const auto&, auto&) {
    return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "what was said");
  };
  const Host host(fake);
  const auto service = New(host);
  EXPECT_EQ(Learn(*service), "Describe: PERMISSION_DENIED");
  // And is asked again by the next who wants to know.
  EXPECT_EQ(Learn(*service), "Describe: PERMISSION_DENIED");
  EXPECT_GE(fake.describes, 2);
}

TEST_F(GrpcDescribe, OneRpcServesAllWhoWaitAndEachWaitsInItsOwnTime) {
  std::atomic<bool> go = false;
  fake.describe = [&](auto&, const auto&, auto&) {
    EXPECT_TRUE(test::Eventually([&] { return go.load(); }));
    return grpc::Status::OK;
  };
  const Host host(fake);
  const auto service = New(host);
  std::string first = "not over";
  std::string second = "not over";
  loop.Spawn(LearnInto(*service, net::Soon(), &first));
  loop.Spawn(LearnInto(*service, net::Soon(), &second));
  net::CancelScope scope;
  scope.Cancel(net::CancelReason::kClientGone);
  std::string gone = "not over";
  loop.Spawn(LearnInto(*service, {.deadline = net::kNever, .scope = &scope}, &gone));
  std::string late = "not over";
  loop.Spawn(LearnInto(*service, {.deadline = net::In(1ms)}, &late));
  // The loop has been run no further than the rest needs, so that its other tasks stay.
  EXPECT_TRUE(net::RunUntil(loop, [&] {
    if (late != "not over") go = true;
    return first != "not over" && second != "not over";
  }));
  EXPECT_EQ(late, "DEADLINE_EXCEEDED");
  EXPECT_EQ(gone, "CANCELLED");
  EXPECT_EQ(first, "");
  EXPECT_EQ(second, "");
  EXPECT_EQ(fake.describes, 1);
}

TEST_F(GrpcDescribe, AServiceThatHasBeenAwayIsAskedAnew) {
  FakeMiddleware other;
  other.describe = [](auto&, const auto&, v1::DescribeResponse& answer) {
    answer.add_hooks(v1::HOOK_CHUNK);
    return grpc::Status::OK;
  };
  auto host = std::make_unique<Host>(fake);
  const auto service = New(*host);
  EXPECT_EQ(Learn(*service), "");
  EXPECT_TRUE(Ask(*service).verdict.has_value());
  const int port = host->port();
  host.reset();
  EXPECT_EQ(Ask(*service).failure, "UNAVAILABLE");
  EXPECT_EQ(service->wants(), nullptr);
  EXPECT_EQ(Learn(*service), "Describe: UNAVAILABLE");
  host = std::make_unique<Host>(other, port);
  // It is connected to again in gRPC's own time.
  EXPECT_TRUE(test::Eventually([&] { return Learn(*service); }, std::string()));
  EXPECT_EQ(service->wants()->hooks, Hooks({Hook::kChunk}));
  EXPECT_TRUE(Ask(*service).verdict.has_value());
  EXPECT_EQ(fake.describes, 1);
  EXPECT_EQ(other.describes, 1);
}

TEST_F(GrpcDescribe, APortWithoutAServerIsUnavailable) {
  const net::RawListener deaf(/*deaf=*/true);
  settings.grpc = deaf.address.ToString();
  const auto service = NewGrpcService(settings, loop, thread);
  EXPECT_EQ(Learn(*service), "Describe: UNAVAILABLE");
  EXPECT_EQ(Ask(*service).failure, "UNAVAILABLE");
}

TEST_F(GrpcDescribe, SecretHeadersGoWithIt) {
  std::string value = "none";
  std::mutex mutex;
  fake.describe = [&](grpc::ServerContext& context, const auto&, auto&) {
    const std::lock_guard lock(mutex);
    const auto found = context.client_metadata().find("authorization");
    if (found != context.client_metadata().end()) value.assign(found->second.data(), found->second.size());
    return grpc::Status::OK;
  };
  const Host host(fake);
  settings.secret_headers = {{"Authorization", Secret("Bearer s3cret")}};
  const auto service = New(host);
  EXPECT_EQ(Learn(*service), "");
  const std::lock_guard lock(mutex);
  EXPECT_EQ(value, "Bearer s3cret");
}

TEST_F(GrpcDescribe, HeadersThatCannotBeMetadataAreNamedAndNothingIsAsked) {
  const Host host(fake);
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{{"x key", "s3cret"},
                                                                                    {"", "s3cret"},
                                                                                    {"grpc-x", "s3cret"},
                                                                                    {"x-bin", "s3cret"},
                                                                                    {"x-key", "s3cret\n"}}) {
    settings.secret_headers.clear();
    settings.secret_headers.emplace_back(name, Secret(value));
    const auto service = New(host);
    for (const std::string& failure : {Learn(*service), Ask(*service).failure}) {
      EXPECT_THAT(failure, AllOf(HasSubstr("secret_headers"), HasSubstr(name), Not(HasSubstr("s3cret"))));
    }
  }
  EXPECT_EQ(fake.describes, 0);
  EXPECT_EQ(fake.requests, 0);
}

}  // namespace
}  // namespace portolan::middleware
