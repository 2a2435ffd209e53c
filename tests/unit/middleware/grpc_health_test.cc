// Health of a gRPC middleware, as gRPC's own client watches it.

#include <grpcpp/health_check_service_interface.h>
#include <gtest/gtest.h>

#include "tests/unit/middleware/fake_middleware.h"

namespace portolan::middleware {
namespace {

using namespace std::chrono_literals;

constexpr char kName[] = "portolan.middleware.v1.Middleware";

class GrpcHealth : public GrpcTest {
 protected:
  GrpcHealth() {
    // Of all servers made while it is on; there is no such switch of one server.
    grpc::EnableDefaultHealthCheckService(true);
    host = std::make_unique<Host>(fake);
    grpc::EnableDefaultHealthCheckService(false);
    Serve(true);
  }
  void Serve(bool serving) const { host->server->GetHealthCheckService()->SetServingStatus(kName, serving); }

  FakeMiddleware fake;
  std::unique_ptr<Host> host;
};

TEST_F(GrpcHealth, NotServingFailsAtOnceAndServingServesAgain) {
  const auto service = New(*host);
  EXPECT_EQ(Learn(*service), "");
  const auto attempt = [&] {
    EXPECT_TRUE(Ask(*service).verdict.has_value());
    Serve(false);
    // The news needs its time to come.
    EXPECT_TRUE(test::Eventually([&] { return Ask(*service).failure; }, std::string("UNAVAILABLE")));
    const int asked = fake.requests;
    const net::TimePoint start = net::Clock::now();
    EXPECT_EQ(Ask(*service).failure, "UNAVAILABLE");
    const net::Duration took = net::Clock::now() - start;
    EXPECT_EQ(service->wants(), nullptr);
    EXPECT_EQ(Learn(*service), "Describe: UNAVAILABLE");
    EXPECT_EQ(fake.requests, asked);
    Serve(true);
    EXPECT_TRUE(test::Eventually([&] { return Learn(*service); }, std::string()));
    EXPECT_TRUE(Ask(*service).verdict.has_value());
    return took;
  };
  EXPECT_TRUE(test::BestWithin(50ms, attempt));
}

TEST_F(GrpcHealth, NotServingFromTheStart) {
  Serve(false);
  const auto service = New(*host);
  EXPECT_EQ(Learn(*service), "Describe: UNAVAILABLE");
  EXPECT_EQ(fake.describes, 0);
  Serve(true);
  EXPECT_TRUE(test::Eventually([&] { return Learn(*service); }, std::string()));
}

}  // namespace
}  // namespace portolan::middleware
