// Against AWS's own test suite for Signature Version 4 (aws-sig-v4-test-suite).

#include "providers/sigv4.h"

#include <gtest/gtest.h>

#include <vector>

#include "server/base/sha256.h"

namespace portolan::providers::sigv4 {
namespace {

constexpr std::string_view kDateTime = "20150830T123600Z";
constexpr int64_t kUnixSeconds = 1440938160;
constexpr Credentials kCredentials = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", {}};
constexpr Scope kScope = {"us-east-1", "service", kDateTime};

struct Vector {
  std::string_view name;
  std::string_view method;
  std::string_view path;
  std::vector<HeaderView> headers;  // besides host and x-amz-date
  std::string_view body;
  std::string_view signed_headers;
  std::string_view signature;
};

const std::vector<Vector>& Vectors() {
  constexpr std::string_view kForm = "application/x-www-form-urlencoded";
  constexpr std::string_view kToken =
      "AQoDYXdzEPT//////////"
      "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflf"
      "KD8YUuwthAx7mSEI/qkPpKPi/"
      "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd"
      "8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
      "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3i"
      "SIlTJabIQwj2ICCR/oLxBA==";
  static const auto* const vectors = new std::vector<Vector>{
      {"get-vanilla",
       "GET",
       "/",
       {},
       "",
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slash",
       "GET",
       "//",
       {},
       "",
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-relative",
       "GET",
       "/example/..",
       {},
       "",
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slash-dot-slash",
       "GET",
       "/./",
       {},
       "",
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-unreserved",
       "GET",
       "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
       {},
       "",
       "host;x-amz-date",
       "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
      {"get-utf8",
       "GET",
       "/\u1234",
       {},
       "",
       "host;x-amz-date",
       "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"get-vanilla-empty-query-key",
       "GET",
       "/?Param1=value1",
       {},
       "",
       "host;x-amz-date",
       "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
      {"get-vanilla-query-order-key-case",
       "GET",
       "/?Param2=value2&Param1=value1",
       {},
       "",
       "host;x-amz-date",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-vanilla-utf8-query",
       "GET",
       "/?%E1%88%B4=bar",
       {},
       "",
       "host;x-amz-date",
       "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
      {"get-header-value-trim",
       "GET",
       "/",
       {{"my-header1", " value1"}, {"my-header2", " \"a   b   c\""}},
       "",
       "host;my-header1;my-header2;x-amz-date",
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
      {"post-vanilla",
       "POST",
       "/",
       {},
       "",
       "host;x-amz-date",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"post-header-value-case",
       "POST",
       "/",
       {{"my-header1", "VALUE1"}},
       "",
       "host;my-header1;x-amz-date",
       "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
      {"post-sts-header-before",
       "POST",
       "/",
       {{"x-amz-security-token", kToken}},
       "",
       "host;x-amz-date;x-amz-security-token",
       "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
      {"post-vanilla-query-nonunreserved",
       "POST",
       "/?%40%23%24%25%5E=&%2B=%2F%2C%3F%3E%3C%60%22%3B%3A%5C%7C%5D%5B%7B%7D",
       {},
       "",
       "host;x-amz-date",
       "66c82657c86e26fb25238d0e69f011edc4c6df5ae71119d7cb98ed9b87393c1e"},
      {"post-vanilla-query-space",
       "POST",
       "/?p=",
       {},
       "",
       "host;x-amz-date",
       "e71688addb58a26418614085fb730ba3faa623b461c17f48f2fbdb9361b94a9b"},
      {"post-x-www-form-urlencoded",
       "POST",
       "/",
       {{"content-type", kForm}},
       "Param1=value1",
       "content-type;host;x-amz-date",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
      {"post-x-www-form-urlencoded-parameters",
       "POST",
       "/",
       {{"content-type", "application/x-www-form-urlencoded; charset=utf8"}},
       "Param1=value1",
       "content-type;host;x-amz-date",
       "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"},
  };
  return *vectors;
}

TEST(SigV4Test, SignsAsTheSuiteOfAwsDoes) {
  for (const Vector& vector : Vectors()) {
    std::vector<HeaderView> headers = {{"x-amz-date", kDateTime}, {"host", "example.amazonaws.com"}};
    headers.insert(headers.end(), vector.headers.begin(), vector.headers.end());
    const std::string hash = Sha256Hex(vector.body);
    EXPECT_EQ(
        Authorization(kCredentials, kScope, {vector.method, vector.path, headers, hash}),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" +
            std::string(vector.signed_headers) + ", Signature=" + std::string(vector.signature))
        << vector.name;
  }
}

// get-vanilla.creq
TEST(SigV4Test, WritesTheCanonicalRequestAsTheSuiteDoes) {
  const HeaderView headers[] = {{"host", "example.amazonaws.com"}, {"x-amz-date", kDateTime}};
  EXPECT_EQ(CanonicalRequest({"GET", "/", headers, Sha256Hex("")}),
            "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(SigV4Test, WritesTimes) {
  EXPECT_EQ(FormatDateTime(kUnixSeconds), kDateTime);
  EXPECT_EQ(FormatDateTime(0), "19700101T000000Z");
  EXPECT_EQ(FormatDateTime(951868799), "20000229T235959Z");
}

TEST(SigV4Test, ReadsCredentials) {
  const auto two = ParseCredentials("ID:SE/CR+ET=");
  ASSERT_TRUE(two);
  EXPECT_EQ(two->key_id, "ID");
  EXPECT_EQ(two->secret, "SE/CR+ET=");
  EXPECT_EQ(two->session_token, "");
  const auto three = ParseCredentials("ID:SECRET:TO:KEN");
  ASSERT_TRUE(three);
  EXPECT_EQ(three->secret, "SECRET");
  EXPECT_EQ(three->session_token, "TO:KEN");
  for (const char* other : {"", "ABSKQmVkcm9jaw==", ":", "ID:", ":SECRET", "::TOKEN"}) {
    EXPECT_FALSE(ParseCredentials(other)) << other;
  }
}

}  // namespace
}  // namespace portolan::providers::sigv4
