// Every fault of a caller: an answer of the 4xx that says what is wrong, or the end of the connection;
// nothing that stands behind it is taken for a request; and the next connection is fine.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/faults/caller_fault.h"
#include "tests/faults/test_name.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::faults {
namespace {

using nlohmann::json;

constexpr char kSmuggled[] = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

class CallerFaultsTest : public testing::TestWithParam<CallerFault> {
 protected:
  static void SetUpTestSuite() { gateway_ = new test::GatewayFixture; }
  static void TearDownTestSuite() { delete gateway_; }
  static test::GatewayFixture* gateway_;
};

test::GatewayFixture* CallerFaultsTest::gateway_ = nullptr;

TEST_P(CallerFaultsTest, AreAnsweredAndHarmNobody) {
  const CallerFault& fault = GetParam();
  test::TestClient client(gateway_->http_address());
  // What is refused early may be answered before all of it is sent.
  client.SendRaw(fault.sent + (fault.closes ? kSmuggled : ""));
  for (int i = 0; i < fault.good_before; ++i) EXPECT_EQ(client.ReadAnswer().status, 200);
  const test::TestAnswer answer = client.ReadAnswer();
  EXPECT_EQ(answer.status, fault.status);
  const json error =
      json::parse(answer.body, nullptr, /*allow_exceptions=*/false).value("error", json::object());
  EXPECT_EQ(error.value("code", ""), fault.code) << answer.body;
  EXPECT_FALSE(error.value("type", "").empty());
  EXPECT_FALSE(error.value("message", "").empty());
  if (fault.closes) {
    EXPECT_EQ(client.ReadRaw(), "") << "something behind it was taken for a request";
    EXPECT_TRUE(client.closed());
  } else {
    EXPECT_EQ(client.Get("/healthz").status, 200) << "the connection should have gone on";
  }
  EXPECT_EQ(test::TestClient(gateway_->http_address()).Get("/healthz").status, 200);
}

INSTANTIATE_TEST_SUITE_P(All, CallerFaultsTest, testing::ValuesIn(CallerFaults()), [](const auto& test) {
  return TestName("Caller" + std::to_string(test.index), test.param.name);
});

}  // namespace

// Printed where a test fails.
void PrintTo(const CallerFault& fault, std::ostream* out) { *out << "a caller that " << fault.name; }

}  // namespace portolan::faults
