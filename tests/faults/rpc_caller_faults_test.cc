// Every fault of a caller of the gRPC door: its call or its connection ends, and the next caller is served.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "portolan/v1/chat_service.grpc.pb.h"
#include "tests/faults/caller_fault.h"
#include "tests/faults/test_name.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::faults {
namespace {

// The number in a `grpc-status` header of `bytes`, which gRPC sends uncompressed; -1: there is none yet.
int StatusIn(const std::string& bytes) {
  constexpr std::string_view kName = "grpc-status";
  const size_t at = bytes.find(kName);
  if (at == std::string::npos || bytes.size() < at + kName.size() + 1) return -1;
  const auto size = static_cast<size_t>(bytes[at + kName.size()]);
  const size_t value = at + kName.size() + 1;
  return bytes.size() < value + size ? -1 : std::stoi(bytes.substr(value, size));
}

grpc::Status GoodCall(const std::string& address) {
  grpc::ChannelArguments alone;
  alone.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto stub =
      v1::ChatService::NewStub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), alone));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  v1::ChatCompletionRequest request;
  request.set_model("echo/echo");
  v1::ChatCompletion answer;
  return stub->CreateChatCompletion(&context, request, &answer);
}

class RpcCallerFaultsTest : public testing::TestWithParam<RpcCallerFault> {
 protected:
  static void SetUpTestSuite() { gateway_ = new test::GatewayFixture; }
  static void TearDownTestSuite() { delete gateway_; }
  static inline test::GatewayFixture* gateway_ = nullptr;
};

TEST_P(RpcCallerFaultsTest, EndTheCallOrTheConnectionAndHarmNobody) {
  const RpcCallerFault& fault = GetParam();
  test::TestClient client(gateway_->grpc_address());
  // What is refused early may be answered before all of it is sent.
  client.SendRaw(fault.sent);
  std::string answered;
  const auto read_on = [&] {
    const std::string more = client.ReadRaw();
    answered += more;
    return !more.empty();
  };
  if (!fault.status) {
    while (read_on()) {
    }
    EXPECT_TRUE(client.closed());
  } else if (*fault.status != grpc::OK) {
    while (StatusIn(answered) < 0 && read_on()) {
    }
    EXPECT_EQ(StatusIn(answered), *fault.status);
  }
  const grpc::Status next = GoodCall(gateway_->grpc_address());
  EXPECT_TRUE(next.ok()) << next.error_message();
}

INSTANTIATE_TEST_SUITE_P(All, RpcCallerFaultsTest, testing::ValuesIn(RpcCallerFaults()),
                         [](const auto& test) {
                           return TestName("Rpc" + std::to_string(test.index), test.param.name);
                         });

}  // namespace

// Printed where a test fails.
void PrintTo(const RpcCallerFault& fault, std::ostream* out) { *out << "a caller that " << fault.name; }

}  // namespace portolan::faults
