// What a gRPC middleware is told and asked, and all the ways in which that fails.

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <grpcpp/security/server_credentials.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/support/test_certificates.h"
#include "tests/unit/middleware/fake_middleware.h"

namespace portolan::middleware {
namespace {

using namespace std::chrono_literals;
using google::protobuf::util::MessageDifferencer;
using ::testing::HasSubstr;

class GrpcMiddleware : public GrpcTest {
 protected:
  FakeMiddleware fake;
};

// The call of ACall, as events.proto has it.
void ExpectTheCall(const v1::Call& call) {
  EXPECT_EQ(call.request_id(), "req-1");
  EXPECT_EQ(call.trace_id(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(call.caller(), "billing");
  EXPECT_EQ(call.route(), "main");
  EXPECT_EQ(call.target(), "config.targets[0]");
  EXPECT_EQ(call.provider(), "openai");
  EXPECT_EQ(call.model(), "gpt-4o");
  EXPECT_EQ(call.operation(), "chat");
  EXPECT_EQ(call.path(), "/chat/completions");
  EXPECT_EQ(call.metadata_json(), R"({"team":"a"})");
  EXPECT_EQ(call.attempt(), 2u);
  EXPECT_TRUE(call.streams());
  EXPECT_EQ(call.remaining().seconds(), 61);
  EXPECT_EQ(call.remaining().nanos(), 500'000'000);
  ASSERT_EQ(call.headers_size(), 2);
  EXPECT_EQ(call.headers(0).name(), "x-user");
  EXPECT_EQ(call.headers(0).value(), "u1");
  EXPECT_EQ(call.headers(1).value(), "\xff\x01");
  ASSERT_EQ(call.notes_size(), 1);
  EXPECT_EQ(call.notes().at("pii"), "2 names");
}

TEST_F(GrpcMiddleware, IsToldOfARequest) {
  v1::RequestEvent told;
  fake.request = [&](auto&, const v1::RequestEvent& asked, v1::Verdict& answer) {
    told = asked;
    (*answer.mutable_notes())["b"] = "2";
    (*answer.mutable_notes())["a"] = "1";
    answer.mutable_replace()->set_json(R"({"model":"other"})");
    return grpc::Status::OK;
  };
  const Host host(fake);
  const auto service = New(host);
  const Outcome outcome = Ask(*service, {Hook::kRequest, a_call.call, {nullptr, R"({"model":"gpt-4o"})"}});
  ExpectTheCall(told.call());
  EXPECT_EQ(told.json(), R"({"model":"gpt-4o"})");
  EXPECT_FALSE(told.is_attempt());
  ASSERT_TRUE(outcome.verdict.has_value()) << outcome.failure;
  EXPECT_EQ(outcome.verdict->action, Verdict::Action::kReplace);
  EXPECT_EQ(outcome.verdict->body.json, R"({"model":"other"})");
  EXPECT_EQ(outcome.verdict->notes, (decltype(outcome.verdict->notes){{"a", "1"}, {"b", "2"}}));
}

TEST_F(GrpcMiddleware, IsToldOfAnAttemptInMessages) {
  v1::RequestEvent told;
  fake.request = [&](auto&, const v1::RequestEvent& asked, v1::Verdict& answer) {
    told = asked;
    if (asked.has_chat()) *answer.mutable_replace()->mutable_chat_request() = asked.chat();
    return grpc::Status::OK;
  };
  const Host host(fake);
  const auto service = New(host);
  portolan::v1::ChatCompletionRequest chat;
  chat.set_model("m");
  chat.add_messages()->set_role("user");
  const Outcome outcome = Ask(*service, {Hook::kAttempt, a_call.call, {&chat, {}}});
  EXPECT_TRUE(told.is_attempt());
  EXPECT_TRUE(MessageDifferencer::Equals(told.chat(), chat));
  ASSERT_TRUE(outcome.verdict.has_value()) << outcome.failure;
  ASSERT_NE(outcome.verdict->body.typed, nullptr);
  EXPECT_TRUE(MessageDifferencer::Equals(*outcome.verdict->body.typed, chat));

  portolan::v1::CompletionRequest completion;
  completion.set_model("c");
  EXPECT_TRUE(Ask(*service, {Hook::kRequest, a_call.call, {&completion, {}}}).verdict.has_value());
  EXPECT_TRUE(MessageDifferencer::Equals(told.completion(), completion));
  portolan::v1::EmbeddingRequest embedding;
  embedding.set_model("e");
  EXPECT_TRUE(Ask(*service, {Hook::kRequest, a_call.call, {&embedding, {}}}).verdict.has_value());
  EXPECT_TRUE(MessageDifferencer::Equals(told.embedding(), embedding));
  EXPECT_TRUE(Ask(*service, {Hook::kRequest, a_call.call, {}}).verdict.has_value());
  EXPECT_EQ(told.body_case(), v1::RequestEvent::BODY_NOT_SET);
}

TEST_F(GrpcMiddleware, IsToldOfAnAnswer) {
  v1::ResponseEvent told;
  fake.response = [&](auto&, const v1::ResponseEvent& asked, v1::Verdict& answer) {
    told = asked;
    answer.mutable_deny()->set_message("no");
    return grpc::Status::OK;
  };
  const Host host(fake);
  const auto service = New(host);
  portolan::v1::ChatCompletion chat;
  chat.set_id("c1");
  Event event{Hook::kResponse, a_call.call, {&chat, {}}};
  event.status = 200;
  event.usage = {.input = 7, .output = 0, .cached_input = -1, .reasoning = 3};
  event.streamed = true;
  event.request_json = R"({"n":1})";
  const Outcome outcome = Ask(*service, event);
  ExpectTheCall(told.call());
  EXPECT_EQ(told.status(), 200);
  EXPECT_TRUE(told.streamed());
  EXPECT_EQ(told.request_json(), R"({"n":1})");
  EXPECT_TRUE(MessageDifferencer::Equals(told.chat(), chat));
  EXPECT_EQ(told.usage().input(), 7);
  EXPECT_TRUE(told.usage().has_output());
  EXPECT_FALSE(told.usage().has_cached_input());
  EXPECT_EQ(told.usage().reasoning(), 3);
  ASSERT_TRUE(outcome.verdict.has_value()) << outcome.failure;
  EXPECT_EQ(outcome.verdict->action, Verdict::Action::kDeny);
  EXPECT_EQ(outcome.verdict->denial.message, "no");

  const Event bare{Hook::kResponse, a_call.call, {nullptr, "text"}};
  EXPECT_TRUE(Ask(*service, bare).verdict.has_value());
  EXPECT_EQ(told.json(), "text");
  EXPECT_FALSE(told.has_usage());
}

TEST_F(GrpcMiddleware, IsToldOfTheEnd) {
  v1::EndEvent told;
  fake.end = [&](auto&, const v1::EndEvent& asked, auto&) {
    told = asked;
    return grpc::Status::OK;
  };
  const Host host(fake);
  const auto service = New(host);
  const Usage usage{.input = -1, .output = 5, .cached_input = -1, .reasoning = -1};
  const EndEvent event{a_call.call, 503, "upstream_error", "provider", usage, "stop", 1'250ms, 3};
  EXPECT_EQ(Tell(*service, event), "");
  ExpectTheCall(told.call());
  EXPECT_EQ(told.status(), 503);
  EXPECT_EQ(told.error_code(), "upstream_error");
  EXPECT_EQ(told.error_class(), "provider");
  EXPECT_EQ(told.usage().output(), 5);
  EXPECT_EQ(told.finish_reason(), "stop");
  EXPECT_EQ(told.took().seconds(), 1);
  EXPECT_EQ(told.took().nanos(), 250'000'000);
  EXPECT_EQ(told.attempts(), 3u);
  fake.end = [](auto&, const auto&, auto&) { return grpc::Status(grpc::StatusCode::ABORTED, "said"); };
  EXPECT_EQ(Tell(*service, event), "ABORTED");
}

TEST_F(GrpcMiddleware, TextsThatAreNoUtf8AreMended) {
  v1::RequestEvent told;
  fake.request = [&](auto&, const v1::RequestEvent& asked, auto&) {
    told = asked;
    return grpc::Status::OK;
  };
  const Host host(fake);
  const auto service = New(host);
  a_call.call.path = "/a\xff\xc3\xa9";
  EXPECT_TRUE(Ask(*service).verdict.has_value());
  EXPECT_EQ(told.call().path(), "/a\xef\xbf\xbd\xc3\xa9");
}

TEST_F(GrpcMiddleware, SecretHeadersGoWithEveryRpc) {
  int seen = 0;
  const auto look = [&](grpc::ServerContext& context) {
    const auto [begin, end] = context.client_metadata().equal_range("x-audit");
    for (auto at = begin; at != end; ++at) seen += at->second == "s3cret";
    return grpc::Status::OK;
  };
  fake.request = [&](grpc::ServerContext& context, const auto&, auto&) { return look(context); };
  fake.response = [&](grpc::ServerContext& context, const auto&, auto&) { return look(context); };
  fake.end = [&](grpc::ServerContext& context, const auto&, auto&) { return look(context); };
  const Host host(fake);
  settings.secret_headers = {{"X-Audit", Secret("s3cret")}};
  const auto service = New(host);
  EXPECT_TRUE(Ask(*service).verdict.has_value());
  EXPECT_TRUE(Ask(*service, {Hook::kResponse, a_call.call, {}}).verdict.has_value());
  EXPECT_EQ(Tell(*service, {a_call.call, 200, "", "", {}, "stop", 1ms, 1}), "");
  EXPECT_EQ(seen, 3);
}

TEST_F(GrpcMiddleware, ServesOverTls) {
  const test::TestAuthority authority;
  const test::TestCertificate certificate = authority.Good();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({certificate.key_pem, certificate.certificate_pem});
  const Host host(fake, 0, grpc::SslServerCredentials(options));
  std::ifstream file(authority.ca_file());
  const std::string roots{std::istreambuf_iterator<char>(file), {}};
  settings.tls = true;
  const auto service = New(host, {.pem_roots = roots});
  EXPECT_EQ(Learn(*service), "");
  EXPECT_TRUE(Ask(*service).verdict.has_value());
  // The system does not know this authority.
  EXPECT_EQ(Learn(*New(host)), "Describe: UNAVAILABLE");
}

TEST_F(GrpcMiddleware, TheServiceKnowsHowLongItIsWaitedFor) {
  std::chrono::system_clock::time_point told;
  fake.request = [&](grpc::ServerContext& context, const auto&, auto&) {
    told = context.deadline();
    return grpc::Status::OK;
  };
  const Host host(fake);
  const auto service = New(host);
  const auto now = std::chrono::system_clock::now();
  const Event event{Hook::kRequest, a_call.call, {}};
  EXPECT_TRUE(Ask(*service, event, {.deadline = net::In(100s)}).verdict.has_value());
  EXPECT_GE(told, now + 90s);
  EXPECT_LE(told, std::chrono::system_clock::now() + 101s);
}

TEST_F(GrpcMiddleware, ASlowServiceIsLeftInTime) {
  fake.request = [](grpc::ServerContext& context, const auto&, auto&) { return UntilCancelled(context); };
  const Host host(fake);
  const auto service = New(host);
  EXPECT_EQ(Learn(*service), "");
  const Event event{Hook::kRequest, a_call.call, {}};
  EXPECT_EQ(Ask(*service, event, {.deadline = net::In(30ms)}).failure, "DEADLINE_EXCEEDED");
  net::CancelScope scope;
  Outcome outcome;
  loop.Spawn(AskInto(*service, event, {.deadline = net::kNever, .scope = &scope}, &outcome));
  EXPECT_TRUE(net::RunUntil(loop, [&] {
    if (fake.requests == 2 && !scope.cancelled()) scope.Cancel(net::CancelReason::kClientGone);
    return !outcome.failure.empty();
  }));
  EXPECT_EQ(outcome.failure, "CANCELLED");
  EXPECT_TRUE(test::Eventually([&] { return fake.left.load(); }, 2));
  // Neither says that the service has been away.
  EXPECT_NE(service->wants(), nullptr);
}

TEST_F(GrpcMiddleware, FailsByTheNameOfTheCodeAlone) {
  fake.request = [](auto&, const auto&, auto&) {
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "what was said");
  };
  const Host host(fake);
  const auto service = New(host);
  const Outcome outcome = Ask(*service);
  EXPECT_FALSE(outcome.verdict.has_value());
  EXPECT_EQ(outcome.failure, "FAILED_PRECONDITION");
}

TEST_F(GrpcMiddleware, AnRpcThatIsNotThereFails) {
  v1::Middleware::Service bare;
  const Host host(bare);
  const auto service = New(host);
  EXPECT_EQ(Ask(*service).failure, "UNIMPLEMENTED");
}

using RawDescribe = v1::Middleware::WithRawCallbackMethod_Describe<v1::Middleware::Service>;

// A service whose HandleRequest and Describe answer with these bytes, whatever they are.
class Garbage : public v1::Middleware::WithRawCallbackMethod_HandleRequest<RawDescribe> {
 public:
  using RawDescribe::Describe;
  using WithRawCallbackMethod_HandleRequest::HandleRequest;
  explicit Garbage(std::string bytes) : bytes_(std::move(bytes)) {}

  grpc::ServerUnaryReactor* HandleRequest(grpc::CallbackServerContext* context, const grpc::ByteBuffer*,
                                          grpc::ByteBuffer* answer) override {
    return Answer(context, answer);
  }
  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context, const grpc::ByteBuffer*,
                                     grpc::ByteBuffer* answer) override {
    return Answer(context, answer);
  }

 private:
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, grpc::ByteBuffer* answer) const {
    const grpc::Slice slice(bytes_);
    *answer = grpc::ByteBuffer(&slice, 1);
    auto* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  const std::string bytes_;
};

TEST_F(GrpcMiddleware, BytesThatAreNoVerdictFail) {
  // No message at all, a length beyond the end, a group's end, a text that is no UTF-8
  // (Verdict.deny.message).
  for (const std::string& bytes : {std::string("\xff\xff\xff"), std::string("\x0a\x7f"), std::string("\x0c"),
                                   std::string("\x1a\x03\x1a\x01\xff")}) {
    Garbage garbage(bytes);
    const Host host(garbage);
    const auto service = New(host);
    EXPECT_EQ(Ask(*service).failure, "the answer is no portolan.middleware.v1.Verdict");
  }
  Garbage garbage("\xff\xff\xff");
  const Host host(garbage);
  EXPECT_EQ(Learn(*New(host)), "Describe: the answer is no DescribeResponse");
}

TEST_F(GrpcMiddleware, BodiesAreAsLargeAsAllowed) {
  size_t told = 0;
  fake.request = [&](auto&, const v1::RequestEvent& asked, v1::Verdict& answer) {
    told = asked.json().size();
    answer.mutable_replace()->set_json(asked.json());
    return grpc::Status::OK;
  };
  const Host host(fake);
  const auto service = New(host);
  const std::string large(settings.max_body, ' ');
  const Outcome outcome = Ask(*service, large);
  ASSERT_TRUE(outcome.verdict.has_value()) << outcome.failure;
  EXPECT_EQ(told, 4u << 20);
  EXPECT_EQ(outcome.verdict->body.json.size(), large.size());

  Event answer{Hook::kResponse, a_call.call, {nullptr, large}};
  answer.request_json = large;
  EXPECT_TRUE(Ask(*service, answer).verdict.has_value());
}

TEST_F(GrpcMiddleware, LargerBodiesAreNotTold) {
  const Host host(fake);
  settings.max_body = 10;
  const auto service = New(host);
  EXPECT_TRUE(Ask(*service, "0123456789").verdict.has_value());
  EXPECT_THAT(Ask(*service, "0123456789a").failure, HasSubstr("larger than max_body"));
  portolan::v1::ChatCompletionRequest chat;
  chat.set_model("0123456789");
  EXPECT_THAT(Ask(*service, {Hook::kRequest, a_call.call, {&chat, {}}}).failure,
              HasSubstr("larger than max_body"));
  Event answer{Hook::kResponse, a_call.call, {}};
  answer.request_json = "0123456789a";
  EXPECT_THAT(Ask(*service, answer).failure, HasSubstr("larger than max_body"));
  EXPECT_EQ(fake.left, 1);
}

TEST_F(GrpcMiddleware, AnAnswerBeyondAllRoomFails) {
  fake.request = [](auto&, const auto&, v1::Verdict& answer) {
    answer.mutable_replace()->set_json(std::string(2 << 20, ' '));
    return grpc::Status::OK;
  };
  const Host host(fake);
  settings.max_body = 1000;
  const auto service = New(host);
  EXPECT_EQ(Ask(*service).failure, "RESOURCE_EXHAUSTED");
}

TEST_F(GrpcMiddleware, MessagesOfOtherOperationsAreNotTold) {
  const Host host(fake);
  const auto service = New(host);
  portolan::v1::ChatCompletion chat;
  EXPECT_THAT(Ask(*service, {Hook::kRequest, a_call.call, {&chat, {}}}).failure,
              HasSubstr("portolan.v1.ChatCompletion, for which the event has no place"));
  EXPECT_EQ(fake.left, 0);
}

}  // namespace
}  // namespace portolan::middleware
