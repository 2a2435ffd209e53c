// The gRPC front against gRPC's own client.

#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/client_unary_call.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cmath>
#include <future>

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

grpc::Status CallUnary(FakeGateway& gateway, const v1::ChatCompletionRequest& request,
                       v1::ChatCompletion* reply) {
  grpc::ClientContext context;
  return gateway.NewStub()->CreateChatCompletion(&context, request, reply);
}

std::string Bytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string out;
  for (const grpc::Slice& slice : slices) out.append(slice.begin(), slice.end());
  return out;
}

// A unary call whose messages are bytes.
grpc::Status CallBytes(FakeGateway& gateway, const char* path, const std::string& request,
                       std::string* reply) {
  const grpc::internal::RpcMethod method(path, grpc::internal::RpcMethod::NORMAL_RPC);
  const grpc::Slice slice(request);
  const grpc::ByteBuffer in(&slice, 1);
  grpc::ByteBuffer out;
  grpc::ClientContext context;
  const auto channel = gateway.NewChannel();
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer, grpc::ByteBuffer, grpc::ByteBuffer>(
      channel.get(), method, &context, in, &out);
  if (status.ok()) *reply = Bytes(out);
  return status;
}

std::vector<std::string> ReadAll(grpc::ClientReader<v1::ChatCompletionChunk>& reader) {
  std::vector<std::string> ids;
  v1::ChatCompletionChunk chunk;
  while (reader.Read(&chunk)) ids.push_back(chunk.id());
  return ids;
}

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
  EXPECT_NEAR(std::chrono::duration<double>(note.deadline - before).count(), 20.0, 0.5);
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

// How long it took from the client's cancelling to the service's hearing of it. The best of a few tries: the
// machine may be busy, but a delay built into the code would show every time.
template <typename Try>
net::Duration BestOf(Try attempt) {
  net::Duration best = net::Duration::max();
  for (int i = 0; i < 5 && best > 50ms; ++i) best = std::min(best, attempt());
  return best;
}

TEST(RpcCancel, ReachesTheScopeOfAWaitingUnaryCall) {
  const auto attempt = [] {
    FakeGateway gateway;
    const auto stub = gateway.NewStub();
    grpc::ClientContext context;
    v1::ChatCompletion reply;
    auto status = std::async(std::launch::async,
                             [&] { return stub->CreateChatCompletion(&context, Ask("wait"), &reply); });
    gateway.script.WaitEntered(1);
    const auto start = net::Clock::now();
    context.TryCancel();
    EXPECT_EQ(status.get().error_code(), grpc::StatusCode::CANCELLED);
    const Note note = gateway.script.WaitLeft();
    EXPECT_EQ(note.reason, net::CancelReason::kClientGone);
    return note.over - start;
  };
  EXPECT_LE(BestOf(attempt), 50ms);
}

net::Duration CancelStream(const char* model) {
  FakeGateway gateway;
  const auto stub = gateway.NewStub();
  grpc::ClientContext context;
  const auto reader = stub->StreamChatCompletion(&context, Ask(model));
  v1::ChatCompletionChunk chunk;
  if (std::string_view(model) == "wait") {
    gateway.script.WaitEntered(1);
  } else {
    EXPECT_TRUE(reader->Read(&chunk));
  }
  // The window is full and the write stands still: nothing but the cancellation can move it.
  if (std::string_view(model) == "flood") gateway.script.WaitStalled();
  const auto start = net::Clock::now();
  context.TryCancel();
  const Note note = gateway.script.WaitLeft();
  EXPECT_EQ(note.reason, net::CancelReason::kClientGone);
  while (reader->Read(&chunk)) continue;
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  return note.over - start;
}

TEST(RpcCancel, ReachesTheScopeOfAStreamNotYetBegun) {
  EXPECT_LE(BestOf([] { return CancelStream("wait"); }), 50ms);
}
TEST(RpcCancel, ReachesTheScopeOfAStreamUnderWay) {
  EXPECT_LE(BestOf([] { return CancelStream("drip"); }), 50ms);
}
TEST(RpcCancel, ReachesTheScopeOfAStreamThatASlowReaderHolds) {
  EXPECT_LE(BestOf([] { return CancelStream("flood"); }), 50ms);
}

TEST(RpcCancel, ADeadlineThatPassesIsToldApart) {
  FakeGateway gateway;
  const auto stub = gateway.NewStub();
  for (const char* model : {"wait", "flood"}) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 300ms);
    const auto reader = stub->StreamChatCompletion(&context, Ask(model));
    const int left = gateway.script.left();
    const Note note = gateway.script.WaitLeft(left + 1);
    EXPECT_EQ(note.reason, net::CancelReason::kDeadline) << model;
    ReadAll(*reader);
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED) << model;
  }
}

TEST(RpcBackPressure, ASlowReaderStopsTheWriter) {
  FakeGateway gateway;
  const auto stub = gateway.NewStub();
  grpc::ClientContext context;
  const auto reader = stub->StreamChatCompletion(&context, Ask("flood"));
  gateway.script.WaitStalled();
  context.TryCancel();
  // What the windows of both sides hold is far below 16 MB.
  EXPECT_LT(gateway.script.WaitLeft().written, 256);
  reader->Finish();
}

// grpc.health.v1.HealthCheckRequest {string service = 1}, HealthCheckResponse {enum status = 1}: by hand, as
// Debian ships no generated code of it.
std::string Health(FakeGateway& gateway, const std::string& service) {
  const std::string request =
      service.empty() ? "" : "\x0a" + std::string(1, static_cast<char>(service.size())) + service;
  std::string reply;
  const grpc::Status status = CallBytes(gateway, "/grpc.health.v1.Health/Check", request, &reply);
  if (!status.ok()) return "error " + std::to_string(status.error_code());
  if (reply == std::string("\x08\x01")) return "SERVING";
  if (reply == std::string("\x08\x02")) return "NOT_SERVING";
  return "other";
}

TEST(RpcHealth, TellsOfTheServerAndOfEachService) {
  FakeGateway gateway;
  EXPECT_EQ(Health(gateway, ""), "SERVING");
  EXPECT_EQ(Health(gateway, "portolan.v1.ChatService"), "SERVING");
  EXPECT_EQ(Health(gateway, "no.such.Service"), "error 5");
  gateway.server->SetServing(false);
  EXPECT_EQ(Health(gateway, ""), "NOT_SERVING");
  EXPECT_EQ(Health(gateway, "portolan.v1.ChatService"), "NOT_SERVING");
  v1::ChatCompletion reply;
  EXPECT_TRUE(CallUnary(gateway, Ask("echo"), &reply).ok()) << "calls are still taken";
  gateway.server->SetServing(true);
  EXPECT_EQ(Health(gateway, ""), "SERVING");
}

// Asks grpc.reflection.v1alpha with one request message and returns the answer's bytes.
std::string Reflect(FakeGateway& gateway, const std::string& request) {
  grpc::GenericStub stub(gateway.NewChannel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call =
      stub.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  void* tag = nullptr;
  bool ok = false;
  const auto next = [&] { return queue.Next(&tag, &ok) && ok; };
  call->StartCall(nullptr);
  EXPECT_TRUE(next());
  const grpc::Slice slice(request);
  call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
  EXPECT_TRUE(next());
  grpc::ByteBuffer reply;
  call->Read(&reply, nullptr);
  EXPECT_TRUE(next());
  grpc::Status status;
  call->Finish(&status, nullptr);
  EXPECT_TRUE(next());
  EXPECT_TRUE(status.ok()) << status.error_message();
  return Bytes(reply);
}

TEST(RpcReflection, ListsServicesAndDescribesThem) {
  FakeGateway gateway;
  // ServerReflectionRequest {list_services = 7}.
  const std::string services = Reflect(gateway, "\x3a\x01*");
  EXPECT_THAT(services, HasSubstr("portolan.v1.ChatService"));
  EXPECT_THAT(services, HasSubstr("grpc.health.v1.Health"));
  // {file_containing_symbol = 4}
  const std::string symbol = "portolan.v1.ChatService";
  const std::string file =
      Reflect(gateway, "\x22" + std::string(1, static_cast<char>(symbol.size())) + symbol);
  EXPECT_THAT(file, HasSubstr("StreamChatCompletion"));
}

TEST(RpcShutdown, WaitsForCallsInFlightAndRefusesNewOnes) {
  FakeGateway gateway;
  const auto stub = gateway.NewStub();
  grpc::ClientContext context;
  const auto reader = stub->StreamChatCompletion(&context, Ask("drip"));
  gateway.script.WaitEntered(1);
  gateway.server->Shutdown(net::Clock::now() + 20s);
  EXPECT_EQ(ReadAll(*reader).size(), 100u);
  EXPECT_TRUE(reader->Finish().ok());
  v1::ChatCompletion reply;
  EXPECT_EQ(CallUnary(gateway, Ask("echo"), &reply).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(RpcShutdown, CancelsWhatIsLeftAtTheDeadline) {
  for (const char* model : {"wait", "flood"}) {
    FakeGateway gateway;
    const auto stub = gateway.NewStub();
    grpc::ClientContext context;
    const auto reader = stub->StreamChatCompletion(&context, Ask(model));
    gateway.script.WaitEntered(1);
    const auto start = net::Clock::now();
    gateway.server->Shutdown(start + 300ms);
    EXPECT_LT(net::Clock::now() - start, 5s) << model;
    EXPECT_EQ(gateway.script.WaitLeft().reason, net::CancelReason::kShutdown) << model;
    EXPECT_EQ(gateway.server->active_calls(), 0) << model;
    ReadAll(*reader);
    EXPECT_FALSE(reader->Finish().ok()) << model;
  }
}

TEST(RpcStart, APortInUseIsOneClearLine) {
  FakeGateway first;
  const std::string address = "127.0.0.1:" + std::to_string(first.server->port());
  const auto second = RpcServer::Start({.address = address}, {}, {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().message(), address + " is in use");
}

TEST(RpcStart, AnAddressThatIsNoneIsRefused) {
  EXPECT_FALSE(RpcServer::Start({.address = "not an address"}, {}, {}).ok());
}

}  // namespace
}  // namespace portolan::rpc
