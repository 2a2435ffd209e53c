// What every gRPC server of ours offers besides the API: health, reflection; and how it starts.

#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "tests/unit/rpc/fake_gateway.h"

namespace portolan::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kReflection[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

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

// A streaming rpc whose messages are bytes, taken step by step.
class Stream {
 public:
  Stream(FakeGateway& gateway, const std::string& path) : stub_(gateway.NewChannel()) {
    call_ = stub_.PrepareCall(&context_, path, &queue_);
    call_->StartCall(nullptr);
    EXPECT_TRUE(Next());
  }

  void Write(const std::string& message) {
    const grpc::Slice slice(message);
    call_->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    EXPECT_TRUE(Next());
  }
  void WriteLast(const std::string& message) {
    const grpc::Slice slice(message);
    call_->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
    EXPECT_TRUE(Next());
  }
  // `none` at the end.
  std::string Read() {
    grpc::ByteBuffer reply;
    call_->Read(&reply, nullptr);
    return Next() ? Bytes(reply) : "none";
  }
  grpc::Status Finish() {
    grpc::Status status;
    call_->Finish(&status, nullptr);
    EXPECT_TRUE(Next());
    return status;
  }
  void Cancel() { context_.TryCancel(); }

 private:
  bool Next() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

// A field of a message in wire format, shorter than 128 bytes.
std::string Field(int number, const std::string& value) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(value.size()) + value;
}

constexpr char kServing[] = "\x08\x01";
constexpr char kNotServing[] = "\x08\x02";
constexpr char kServiceUnknown[] = "\x08\x03";

TEST(RpcHealth, WatchersAreToldOfChanges) {
  FakeGateway gateway;
  Stream all(gateway, "/grpc.health.v1.Health/Watch");
  all.WriteLast("");
  EXPECT_EQ(all.Read(), kServing);
  Stream chat(gateway, "/grpc.health.v1.Health/Watch");
  chat.WriteLast(Field(1, "portolan.v1.ChatService"));
  EXPECT_EQ(chat.Read(), kServing);
  Stream unknown(gateway, "/grpc.health.v1.Health/Watch");
  unknown.WriteLast(Field(1, "no.such.Service"));
  EXPECT_EQ(unknown.Read(), kServiceUnknown) << "it may come to be";
  gateway.server->SetServing(false);
  EXPECT_EQ(all.Read(), kNotServing);
  EXPECT_EQ(chat.Read(), kNotServing);
  gateway.server->SetServing(false);
  gateway.server->SetServing(true);
  EXPECT_EQ(all.Read(), kServing) << "what has not changed is not told";
  chat.Cancel();
  EXPECT_EQ(chat.Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST(RpcHealth, RefusesWhatIsNotItsMessage) {
  FakeGateway gateway;
  std::string reply;
  EXPECT_EQ(CallBytes(gateway, "/grpc.health.v1.Health/Check", "\xff", &reply).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  Stream watch(gateway, "/grpc.health.v1.Health/Watch");
  watch.WriteLast("\xff");
  EXPECT_EQ(watch.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

// A balancer's watch lasts as long as its connection.
TEST(RpcHealth, WatchersDoNotHoldUpAShutdown) {
  FakeGateway gateway;
  Stream watch(gateway, "/grpc.health.v1.Health/Watch");
  watch.WriteLast("");
  EXPECT_EQ(watch.Read(), kServing);
  Stream asking(gateway, kReflection);
  asking.Write(Field(7, "*"));
  EXPECT_THAT(asking.Read(), HasSubstr("portolan.v1.ChatService"));
  const auto deadline = net::Clock::now() + std::chrono::seconds(3);
  std::thread shutdown([&] { gateway.server->Shutdown(deadline); });
  EXPECT_EQ(watch.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_LT(net::Clock::now(), deadline);
  // Others are cut off by it.
  EXPECT_FALSE(asking.Finish().ok());
  shutdown.join();
}

// With one request message.
std::string Reflect(FakeGateway& gateway, const std::string& path, const std::string& request) {
  Stream stream(gateway, path);
  stream.WriteLast(request);
  std::string reply = stream.Read();
  EXPECT_EQ(stream.Read(), "none");
  const grpc::Status status = stream.Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  return reply;
}

TEST(RpcReflection, ListsServicesAndDescribesThem) {
  FakeGateway gateway;
  for (const char* path : {kReflection, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"}) {
    SCOPED_TRACE(path);
    const std::string services = Reflect(gateway, path, Field(7, "*"));
    EXPECT_THAT(services, HasSubstr("portolan.v1.ChatService"));
    EXPECT_THAT(services, HasSubstr("grpc.health.v1.Health"));
    EXPECT_THAT(Reflect(gateway, path, Field(4, "portolan.v1.ChatService")),
                HasSubstr("StreamChatCompletion"));
    EXPECT_THAT(Reflect(gateway, path, Field(4, "grpc.health.v1.Health.Watch")),
                HasSubstr("HealthCheckRequest"));
    EXPECT_THAT(Reflect(gateway, path, Field(3, "portolan/v1/usage.proto")), HasSubstr("total_tokens"));
  }
}

TEST(RpcReflection, AnswersOneQuestionAfterTheOther) {
  FakeGateway gateway;
  Stream stream(gateway, kReflection);
  stream.Write(Field(3, "portolan/v1/chat_service.proto"));
  const std::string first = stream.Read();
  EXPECT_THAT(first, HasSubstr("portolan/v1/usage.proto"));
  EXPECT_THAT(first, HasSubstr("total_tokens")) << "with what it imports";
  stream.Write(Field(3, "portolan/v1/chat_completion.proto"));
  const std::string second = stream.Read();
  EXPECT_THAT(second, HasSubstr("ChatCompletionChunk"));
  EXPECT_THAT(second, Not(HasSubstr("total_tokens"))) << "that was told already";
  // {error_response = 7 {error_code = 1}}: 5 is NOT_FOUND, 3 is INVALID_ARGUMENT.
  for (const std::string& wrong :
       {Field(3, "no/such.proto"), Field(4, "no.such.Thing"), Field(6, "no.such.Type"),
        Field(5, Field(1, "google.protobuf.FieldOptions") + "\x10\x07")}) {
    stream.Write(wrong);
    EXPECT_THAT(stream.Read(), HasSubstr("\x08\x05"));
  }
  stream.Write("");
  EXPECT_THAT(stream.Read(), HasSubstr("\x08\x03"));
  // The annotation that gives an rpc its route in HTTP.
  stream.Write(Field(5, Field(1, "google.protobuf.MethodOptions") + "\x10\xb0\xca\xbc\x22"));
  EXPECT_THAT(stream.Read(), HasSubstr("google/api/annotations.proto"));
  stream.Write(Field(6, "google.protobuf.MethodOptions"));
  EXPECT_THAT(stream.Read(), HasSubstr("\xb0\xca\xbc\x22"));
  stream.Write("\xff");
  EXPECT_EQ(stream.Read(), "none");
  EXPECT_EQ(stream.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(RpcStart, AMethodThatThereIsNotIsUnimplemented) {
  FakeGateway gateway;
  std::string reply;
  EXPECT_EQ(CallBytes(gateway, "/portolan.v1.ChatService/NoSuchMethod", "", &reply).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
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
