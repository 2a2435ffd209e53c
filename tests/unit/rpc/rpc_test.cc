// Unary and streaming calls, and their limits, against gRPC's own client.

#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <cmath>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/unit/rpc/fake_gateway.h"

namespace portolan::rpc {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ErrorReason(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (!details.ParseFromString(status.error_details()) || details.details_size() == 0) return "no details";
  return details.details(0).UnpackTo(&info) ? info.reason() : "no ErrorInfo";
}

std::string HeaderOf(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata, const char* name) {
  std::string all;
  const auto [begin, end] = metadata.equal_range(name);
  for (auto it = begin; it != end; ++it) all.append(it->second.data(), it->second.size()).append(";");
  return all;
}

Error Overloaded() {
  Error error;
  error.error_class = ErrorClass::kProvider;
  error.http_status = 529;
  error.code = "overloaded";
  error.message = "try later";
  error.retry_after = 3s;
  return error;
}

TEST(RpcUnary, AnswersWithHeadersAsInitialMetadata) {
  FakeGateway gateway;
  gateway.script.reply_headers = {
      {"x-portolan-provider", "fake"}, {"x-note", "grün"}, {"content-type", "text/x"}};
  const auto stub = gateway.NewStub();
  grpc::ClientContext context;
  context.AddMetadata("x-request-id", "my-id");
  v1::ChatCompletion reply;
  const grpc::Status status = stub->CreateChatCompletion(&context, Ask("echo"), &reply);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(reply.model(), "echo");
  EXPECT_EQ(reply.id(), "my-id");
  EXPECT_EQ(HeaderOf(context.GetServerInitialMetadata(), "x-portolan-provider"), "fake;");
  EXPECT_EQ(HeaderOf(context.GetServerInitialMetadata(), "x-note"), "gr%C3%BCn;");
  EXPECT_EQ(HeaderOf(context.GetServerInitialMetadata(), "content-type"), "");
}

TEST(RpcUnary, HandsOverMetadataPeerAndDeadline) {
  FakeGateway gateway;
  const auto stub = gateway.NewStub();
  grpc::ClientContext context;
  context.AddMetadata("x-portkey-provider", "openai");
  context.AddMetadata("x-twice", "one");
  context.AddMetadata("x-twice", "two");
  context.AddMetadata("x-blob-bin", std::string("\0\xff", 2));
  context.AddMetadata("x-request-id", "not sane: spaces");
  const auto before = net::Clock::now();
  context.set_deadline(std::chrono::system_clock::now() + 20s);
  v1::ChatCompletion reply;
  ASSERT_TRUE(stub->CreateChatCompletion(&context, Ask("echo"), &reply).ok());
  const auto after = net::Clock::now();
  const Note note = gateway.script.WaitLeft();
  EXPECT_EQ(note.headers.at("x-portkey-provider"), "openai;");
  EXPECT_EQ(note.headers.at("x-twice"), "one;two;");
  EXPECT_FALSE(note.headers.contains("x-blob-bin"));
  for (const auto& [name, value] : note.headers) {
    EXPECT_THAT(name, AnyOf(StartsWith("x-"), "user-agent", "accept-encoding")) << value;
  }
  EXPECT_EQ(note.request_id.size(), 32u);
  EXPECT_EQ(reply.id(), note.request_id);
  EXPECT_THAT(note.peer, StartsWith("127.0.0.1:"));
  EXPECT_FALSE(note.streaming_rpc);
  // It counts from when the call arrives, and is spelt with up to a hundredth more than was meant.
  EXPECT_GE(note.deadline, before + 20s - 500ms);
  EXPECT_LE(note.deadline, after + 20s + 500ms);
}

TEST(RpcUnary, WithoutATimeoutHasNoDeadline) {
  FakeGateway gateway;
  v1::ChatCompletion reply;
  ASSERT_TRUE(CallUnary(gateway, Ask("echo"), &reply).ok());
  EXPECT_EQ(gateway.script.WaitLeft().deadline, net::kNever);
}

TEST(RpcUnary, AnswersAnErrorWithDetailsAndTrailers) {
  FakeGateway gateway;
  gateway.script.error = Overloaded();
  gateway.script.reply_headers = {{"retry-after", "3"}};
  const auto stub = gateway.NewStub();
  grpc::ClientContext context;
  v1::ChatCompletion reply;
  const grpc::Status status = stub->CreateChatCompletion(&context, Ask("error"), &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "try later");
  EXPECT_EQ(ErrorReason(status), "overloaded");
  EXPECT_EQ(HeaderOf(context.GetServerTrailingMetadata(), "retry-after"), "3;");
}

TEST(RpcUnary, AServiceThatDoesNotAnswerBreaksTheCallOff) {
  FakeGateway gateway;
  v1::ChatCompletion reply;
  EXPECT_EQ(CallUnary(gateway, Ask("silent"), &reply).error_code(), grpc::StatusCode::CANCELLED);
}

TEST(RpcUnary, RefusesWhatIsNotItsMessage) {
  FakeGateway gateway;
  std::string reply;
  const grpc::Status status =
      CallBytes(gateway, "/portolan.v1.ChatService/CreateChatCompletion", "\xff\xff\xff", &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ErrorReason(status), "invalid_message");
  EXPECT_THAT(status.error_message(), HasSubstr("portolan.v1.ChatCompletionRequest"));
  EXPECT_EQ(gateway.script.left(), 0);
}

TEST(RpcUnary, RefusesRawTextThatIsNotJsonAndSaysWhere) {
  FakeGateway gateway;
  v1::ChatCompletionRequest request = Ask("echo");
  request.add_tools()->mutable_function()->set_parameters("{}");
  request.add_tools()->mutable_function()->set_parameters("{\"type\": nul}");
  v1::ChatCompletion reply;
  const grpc::Status status = CallUnary(gateway, request, &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  google::rpc::Status details;
  google::rpc::BadRequest violations;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  ASSERT_TRUE(details.details(1).UnpackTo(&violations)) << details.DebugString();
  EXPECT_EQ(violations.field_violations(0).field(), "tools[1].function.parameters");
  EXPECT_EQ(gateway.script.left(), 0);

  request.mutable_tools(1)->mutable_function()->set_parameters("{\"type\": null}");
  EXPECT_TRUE(CallUnary(gateway, request, &reply).ok());
}

TEST(RpcLimits, TakesSixtyFourMegabytesBothWaysAndRefusesMore) {
  FakeGateway gateway;
  constexpr int kLimit = 64 << 20;
  v1::ChatCompletion reply;
  v1::ChatCompletionRequest request = Ask("large");
  request.set_max_tokens(kLimit - 100);
  ASSERT_TRUE(CallUnary(gateway, request, &reply).ok());
  EXPECT_EQ(reply.object().size(), static_cast<size_t>(kLimit - 100));
  request.set_max_tokens(kLimit + 1);
  EXPECT_EQ(CallUnary(gateway, request, &reply).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);

  request = Ask("echo");
  request.set_user(std::string(kLimit - 100, 'x'));
  EXPECT_TRUE(CallUnary(gateway, request, &reply).ok());
  request.set_user(std::string(kLimit + 1, 'x'));
  EXPECT_EQ(CallUnary(gateway, request, &reply).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

// gRPC gathers a message of any length before it looks at the limit: 4 GB, if a caller announces them.
TEST(RpcLimits, GathersNoMoreThanItsShareOfMemory) {
  FakeGateway gateway({.max_arriving_bytes = 16u << 20});
  v1::ChatCompletion reply;
  EXPECT_TRUE(CallUnary(gateway, Ask("echo"), &reply).ok());
  gateway.script.WaitLeft(1);
  v1::ChatCompletionRequest request = Ask("echo");
  request.set_user(std::string(60u << 20, 'x'));
  EXPECT_EQ(CallUnary(gateway, request, &reply).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(gateway.script.left(), 1) << "it did not arrive";
  EXPECT_TRUE(CallUnary(gateway, Ask("echo"), &reply).ok());
}

TEST(RpcLimits, TakesSixtyKilobytesOfMetadataAndRefusesMore) {
  FakeGateway gateway;
  const auto stub = gateway.NewStub();
  v1::ChatCompletion reply;
  {
    grpc::ClientContext context;
    context.AddMetadata("x-portkey-config", std::string(60 << 10, 'c'));
    EXPECT_TRUE(stub->CreateChatCompletion(&context, Ask("echo"), &reply).ok());
    EXPECT_EQ(gateway.script.WaitLeft().headers.at("x-portkey-config").size(), (60u << 10) + 1);
  }
  grpc::ClientContext context;
  context.AddMetadata("x-portkey-config", std::string(70 << 10, 'c'));
  const grpc::Status status = stub->CreateChatCompletion(&context, Ask("echo"), &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(gateway.script.left(), 1);
}

TEST(RpcLimits, RefusesMoreCallsThanItTakes) {
  FakeGateway gateway({.max_calls = 1});
  const auto stub = gateway.NewStub();
  grpc::ClientContext waiting;
  const auto reader = stub->StreamChatCompletion(&waiting, Ask("wait"));
  gateway.script.WaitEntered(1);
  v1::ChatCompletion reply;
  const grpc::Status unary = CallUnary(gateway, Ask("echo"), &reply);
  EXPECT_EQ(unary.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ErrorReason(unary), "too_many_calls");
  grpc::ClientContext context;
  const grpc::Status stream = stub->StreamChatCompletion(&context, Ask("stream"))->Finish();
  EXPECT_EQ(ErrorReason(stream), "too_many_calls");
  waiting.TryCancel();
  reader->Finish();
}

TEST(RpcStream, SendsEveryChunkInOrderWithTheHeadInFront) {
  FakeGateway gateway;
  gateway.script.chunks = 3;
  gateway.script.batch = 4;
  gateway.script.reply_headers = {{"x-portolan-model", "m"}};
  const auto stub = gateway.NewStub();
  grpc::ClientContext context;
  const auto reader = stub->StreamChatCompletion(&context, Ask("stream"));
  EXPECT_THAT(ReadAll(*reader), ElementsAre("0.0", "0.1", "0.2", "0.3", "1.0", "1.1", "1.2", "1.3", "2.0",
                                            "2.1", "2.2", "2.3"));
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(HeaderOf(context.GetServerInitialMetadata(), "x-portolan-model"), "m;");
  EXPECT_TRUE(gateway.script.WaitLeft().streaming_rpc);
}

TEST(RpcStream, MayEndWithoutAChunk) {
  FakeGateway gateway;
  gateway.script.chunks = 0;
  gateway.script.reply_headers = {{"x-portolan-model", "m"}};
  const auto stub = gateway.NewStub();
  grpc::ClientContext context;
  const auto reader = stub->StreamChatCompletion(&context, Ask("stream"));
  EXPECT_THAT(ReadAll(*reader), ElementsAre());
  EXPECT_TRUE(reader->Finish().ok());
}

TEST(RpcStream, AnErrorBeforeTheStreamIsItsStatus) {
  FakeGateway gateway;
  gateway.script.error = Overloaded();
  gateway.script.reply_headers = {{"retry-after", "3"}};
  const auto stub = gateway.NewStub();
  grpc::ClientContext context;
  const auto reader = stub->StreamChatCompletion(&context, Ask("error"));
  EXPECT_THAT(ReadAll(*reader), ElementsAre());
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ErrorReason(status), "overloaded");
  EXPECT_EQ(HeaderOf(context.GetServerTrailingMetadata(), "retry-after"), "3;");
}

TEST(RpcStream, AnErrorInTheMiddleEndsItAfterWhatWasSent) {
  FakeGateway gateway;
  gateway.script.error = Overloaded();
  const auto stub = gateway.NewStub();
  grpc::ClientContext context;
  const auto reader = stub->StreamChatCompletion(&context, Ask("broken"));
  EXPECT_THAT(ReadAll(*reader), ElementsAre("0.0"));
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ErrorReason(status), "overloaded");
}

TEST(RpcStream, AServiceThatDoesNotAnswerBreaksItOff) {
  FakeGateway gateway;
  const auto stub = gateway.NewStub();
  grpc::ClientContext context;
  EXPECT_EQ(stub->StreamChatCompletion(&context, Ask("silent"))->Finish().error_code(),
            grpc::StatusCode::CANCELLED);
}

}  // namespace
}  // namespace portolan::rpc
