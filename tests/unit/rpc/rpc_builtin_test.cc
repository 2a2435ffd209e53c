// What every gRPC server of ours offers besides the API: health, reflection; and how it starts.

#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include "tests/unit/rpc/fake_gateway.h"

namespace portolan::rpc {
namespace {

using ::testing::HasSubstr;

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
