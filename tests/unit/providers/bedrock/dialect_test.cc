#include <gtest/gtest.h>

#include "providers/dialects/bedrock/bedrock.h"
#include "tests/unit/providers/bedrock/harness.h"

namespace portolan::providers::bedrock {
namespace {

class DialectTest : public testing::Test {
 protected:
  DialectTest() { target_.provider = &harness_.provider(); }

  std::string PathOf(std::string_view model, bool stream) const {
    CallFacts facts;
    facts.model = model;
    facts.stream = stream;
    return Locate(harness_.form(operation::kChat), facts, target_).path;
  }

  Error Read(int status, std::string_view type, std::string_view body) const {
    const HeaderView headers[] = {{"x-amzn-errortype", type}};
    return BedrockDialect().ReadError(status, headers, body, target_);
  }

  const Harness harness_;
  Target target_;
};

TEST_F(DialectTest, PutsTheModelIntoThePathAsOneSegment) {
  EXPECT_EQ(PathOf("us.amazon.nova-2-lite-v1:0", false), "/model/us.amazon.nova-2-lite-v1:0/converse");
  EXPECT_EQ(PathOf("us.amazon.nova-2-lite-v1:0", true), "/model/us.amazon.nova-2-lite-v1:0/converse-stream");
  EXPECT_EQ(
      PathOf("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.meta.llama3-1-70b-instruct-v1:0",
             false),
      "/model/arn:aws:bedrock:us-east-1:123456789012:inference-profile%2Fus.meta.llama3-1-70b-instruct-v1:0"
      "/converse");
  EXPECT_EQ(PathOf("..", false), "/model/%2E%2E/converse");
}

TEST_F(DialectTest, HasARow) {
  const Provider& row = harness_.provider();
  EXPECT_EQ(row.base_url, "https://bedrock-runtime.{aws_region}.amazonaws.com");
  EXPECT_EQ(row.auth, &AwsAuth());
  EXPECT_NE(row.Find(operation::kChat), nullptr);
  EXPECT_EQ(row.Find(operation::kListModels), nullptr);
  // Embeddings and reranking are those of some models only.
  EXPECT_EQ(row.Find(operation::kEmbedding), nullptr);
  EXPECT_EQ(row.Find(operation::kRerank), nullptr);
  // None of the options, keys among them, goes out as a header.
  target_.options = {
      {"aws_region", "eu-west-1"}, {"aws_access_key_id", "ID"}, {"aws_secret_access_key", "S"}};
  EXPECT_TRUE(Locate(harness_.form(operation::kChat), {}, target_).headers.empty());
}

// The header is that of a recording.
TEST_F(DialectTest, ReadsTheNameOfAnErrorFromItsHeader) {
  const Error error =
      Read(403, "ExpiredTokenException:http://internal.amazon.com/coral/com.amazon.coral.service/",
           R"({"message":"The security token included in the request is expired"})");
  EXPECT_EQ(error.http_status, 403);
  EXPECT_EQ(error.code, "ExpiredTokenException");
  EXPECT_EQ(error.message, "The security token included in the request is expired");
  EXPECT_EQ(error.error_class, ErrorClass::kProvider);  // the gateway's key
  EXPECT_FALSE(error.retryable);
}

// Statuses as the SDK's schemas have them.
TEST_F(DialectTest, KnowsWhoseFaultAnErrorIs) {
  struct {
    int status;
    const char* name;
    ErrorClass error_class;
    bool retryable;
  } const cases[] = {{400, "ValidationException", ErrorClass::kCaller, false},
                     {400, "ServiceQuotaExceededException", ErrorClass::kProvider, true},
                     {403, "AccessDeniedException", ErrorClass::kProvider, false},
                     {404, "ResourceNotFoundException", ErrorClass::kCaller, false},
                     {408, "ModelTimeoutException", ErrorClass::kProvider, true},
                     {424, "ModelErrorException", ErrorClass::kProvider, true},
                     {429, "ThrottlingException", ErrorClass::kProvider, true},
                     {429, "ModelNotReadyException", ErrorClass::kProvider, true},
                     {500, "InternalServerException", ErrorClass::kProvider, true},
                     {503, "ServiceUnavailableException", ErrorClass::kProvider, true}};
  for (const auto& one : cases) {
    const Error error = Read(one.status, one.name, R"({"message":"m"})");
    EXPECT_EQ(error.http_status, one.status) << one.name;
    EXPECT_EQ(error.code, one.name);
    EXPECT_EQ(error.error_class, one.error_class) << one.name;
    EXPECT_EQ(error.retryable, one.retryable) << one.name;
  }
}

// The answer has the form that AWS's pages on signature errors show.
TEST_F(DialectTest, DoesNotTellWhatWasSigned) {
  const Error error = Read(
      403, "InvalidSignatureException",
      R"({"message":"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'POST\n/model/m/converse\n\nhost:h\nx-amz-security-token:hushhush\n'\n"})");
  EXPECT_EQ(
      error.message,
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
      "Access Key and signing method. Consult the service documentation for details.");
  EXPECT_EQ(error.code, "InvalidSignatureException");
}

TEST_F(DialectTest, ReadsErrorsThatSayLess) {
  EXPECT_EQ(Read(403, "", R"({"Message":"User is not authorized"})").message, "User is not authorized");
  EXPECT_EQ(Read(500, "com.amazon.coral.service#InternalFailure", "").code, "InternalFailure");
  EXPECT_EQ(
      Read(500, "", R"({"Output":{"__type":"com.amazon.coral.service#InternalFailure"},"Version":"1.0"})")
          .code,
      "upstream_status_500");
  EXPECT_EQ(Read(503, "no name at all", "").code, "upstream_status_503");
  EXPECT_EQ(Read(503, "", "").message, "bedrock answered with status 503");
  EXPECT_EQ(Read(400, "", R"({"__type":"com.amazon.coral.service#ThrottlingException","message":"m"})").code,
            "ThrottlingException");
}

}  // namespace
}  // namespace portolan::providers::bedrock
