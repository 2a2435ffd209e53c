#include "server/rpc/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/status_map.h"
#include "server/rpc/metadata.h"

namespace portolan::rpc {
namespace {

using absl::StatusCode;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::Pair;

// The rows of the architecture's table, one by one.
TEST(StatusMap, FollowsTheTable) {
  struct Case {
    ErrorClass error_class;
    int http;
    StatusCode code;
  };
  constexpr auto kCaller = ErrorClass::kCaller;
  constexpr auto kPolicy = ErrorClass::kPolicy;
  constexpr auto kProvider = ErrorClass::kProvider;
  constexpr auto kGateway = ErrorClass::kGateway;
  const Case cases[] = {
      {kCaller, 400, StatusCode::kInvalidArgument},
      {kCaller, 401, StatusCode::kUnauthenticated},
      {kProvider, 401, StatusCode::kFailedPrecondition},
      {kProvider, 403, StatusCode::kFailedPrecondition},
      {kPolicy, 403, StatusCode::kPermissionDenied},
      {kCaller, 403, StatusCode::kPermissionDenied},
      {kCaller, 404, StatusCode::kNotFound},
      {kProvider, 404, StatusCode::kNotFound},
      {kCaller, 405, StatusCode::kUnimplemented},
      {kCaller, 408, StatusCode::kDeadlineExceeded},
      {kCaller, 413, StatusCode::kResourceExhausted},
      {kCaller, 431, StatusCode::kResourceExhausted},
      {kProvider, 429, StatusCode::kResourceExhausted},
      {kGateway, 429, StatusCode::kResourceExhausted},
      {kPolicy, 446, StatusCode::kFailedPrecondition},
      {kCaller, 499, StatusCode::kCancelled},
      {kProvider, 502, StatusCode::kUnavailable},
      {kProvider, 503, StatusCode::kUnavailable},
      {kProvider, 529, StatusCode::kUnavailable},
      {kGateway, 503, StatusCode::kUnavailable},
      {kProvider, 504, StatusCode::kDeadlineExceeded},
      {kGateway, 504, StatusCode::kDeadlineExceeded},
      {kProvider, 402, StatusCode::kFailedPrecondition},
      {kProvider, 409, StatusCode::kAborted},
      {kProvider, 422, StatusCode::kInvalidArgument},
      {kProvider, 500, StatusCode::kUnavailable},
      {kGateway, 500, StatusCode::kInternal},
      {kProvider, 418, StatusCode::kInvalidArgument},
  };
  for (const Case& c : cases) {
    Error error;
    error.error_class = c.error_class;
    error.http_status = c.http;
    EXPECT_EQ(RpcCode(error), c.code) << ToString(c.error_class) << ' ' << c.http;
  }
}

TEST(StatusMap, SaysThatAnOperationIsUnimplemented) {
  EXPECT_EQ(RpcCode(Error::InvalidRequest("unsupported_operation", "no embeddings here")),
            StatusCode::kUnimplemented);
}

google::rpc::Status Details(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

TEST(ToGrpcStatus, CarriesErrorInfoRetryInfoAndBadRequest) {
  Error error = Error::InvalidRequest("bad_value", "too hot", "temperature");
  error.retry_after = std::chrono::milliseconds(2500);
  error.retryable = true;
  error.attempts = 3;
  const grpc::Status status = ToGrpcStatus(error);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "too hot");
  const google::rpc::Status details = Details(status);
  EXPECT_EQ(details.code(), 3);
  EXPECT_EQ(details.message(), "too hot");
  ASSERT_EQ(details.details_size(), 3);

  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "bad_value");
  EXPECT_EQ(info.domain(), "portolan");
  const auto& metadata = info.metadata();
  EXPECT_THAT(metadata, Contains(Pair("class", "caller")));
  EXPECT_THAT(metadata, Contains(Pair("http_status", "400")));
  EXPECT_THAT(metadata, Contains(Pair("type", "invalid_request_error")));
  EXPECT_THAT(metadata, Contains(Pair("param", "temperature")));
  EXPECT_THAT(metadata, Contains(Pair("attempts", "3")));
  EXPECT_THAT(metadata, Contains(Pair("retryable", "true")));
  EXPECT_THAT(metadata, Contains(Pair("retry_after_ms", "2500")));

  google::rpc::RetryInfo retry;
  ASSERT_TRUE(details.details(1).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 2);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);

  google::rpc::BadRequest request;
  ASSERT_TRUE(details.details(2).UnpackTo(&request));
  ASSERT_EQ(request.field_violations_size(), 1);
  EXPECT_EQ(request.field_violations(0).field(), "temperature");
  EXPECT_EQ(request.field_violations(0).description(), "too hot");
}

TEST(ToGrpcStatus, SaysWhichUrlWasCalled) {
  Error error;
  error.upstream_method = "POST";
  error.upstream_url = "http://localhost:11434/chat/completions";
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(Details(ToGrpcStatus(error)).details(0).UnpackTo(&info));
  EXPECT_THAT(info.metadata(), Contains(Pair("upstream", "POST http://localhost:11434/chat/completions")));
}

TEST(ToGrpcStatus, SaysWhichTimeLimitRanOut) {
  Error error;
  error.limit = TimeLimit{"request_timeout", "route", std::chrono::milliseconds(250)};
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(Details(ToGrpcStatus(error)).details(0).UnpackTo(&info));
  EXPECT_THAT(info.metadata(), Contains(Pair("limit", "request_timeout")));
  EXPECT_THAT(info.metadata(), Contains(Pair("limit_owner", "route")));
  EXPECT_THAT(info.metadata(), Contains(Pair("limit_ms", "250")));
}

TEST(ToGrpcStatus, TakesAtMostFourKilobytesWhateverTheProviderSays) {
  std::string long_text;
  while (long_text.size() < 100'000) long_text += "größer ";
  Error error = Error::InvalidRequest(long_text, long_text, long_text);
  error.type = long_text;
  error.retry_after = std::chrono::hours(1);
  error.tried.assign(10, long_text);
  error.upstream_method = "POST";
  error.upstream_url = long_text;
  error.limit = TimeLimit{"x-portolan-request-timeout", "gateway", std::chrono::hours(24 * 365)};
  const grpc::Status status = ToGrpcStatus(error);
  EXPECT_LE(status.error_details().size(), 4096u);
  EXPECT_LE(status.error_message().size(), 1024u);
  EXPECT_THAT(status.error_message(), EndsWith("…"));
  EXPECT_EQ(Details(status).details_size(), 3);  // which parses only if no character was cut in two
}

TEST(Metadata, KeepsOutNamesThatGrpcRefusesOrOwns) {
  for (const char* name : {"x-portolan-provider", "openai-version", "retry-after", "x_y.z"}) {
    EXPECT_TRUE(FitForMetadata(name)) << name;
  }
  for (const char* name : {"", "X-Upper", "x y", ":path", "grpc-status", "trace-bin", "content-type",
                           "content-length", "connection", "te", "x\x01", "x!"}) {
    EXPECT_FALSE(FitForMetadata(name)) << name;
  }
}

TEST(Metadata, EscapesWhatIsNotPrintable) {
  const auto value = [](std::string_view text) {
    std::string out = "left over";
    SetMetadataValue(text, &out);
    return out;
  };
  EXPECT_EQ(value("plain 100% text"), "plain 100% text");
  EXPECT_EQ(value("100% größe\n"), "100%25 gr%C3%B6%C3%9Fe%0A");
  EXPECT_EQ(value({"\0", 1}), "%00");
}

TEST(Metadata, SpellsPeersAsTheLogDoes) {
  EXPECT_EQ(PeerAddress("ipv4:127.0.0.1:50712"), "127.0.0.1:50712");
  EXPECT_EQ(PeerAddress("ipv6:%5B::1%5D:50712"), "[::1]:50712");
  EXPECT_EQ(PeerAddress("ipv6:[::1]:50712"), "[::1]:50712");
  EXPECT_EQ(PeerAddress("unix:/run/a%"), "unix:/run/a%");
  EXPECT_EQ(PeerAddress("odd%4"), "odd%4");
}

}  // namespace
}  // namespace portolan::rpc
