// JSON Web Tokens: RFC 7519, RFC 7515, RFC 7517. Times and names of units as the library `jose` has them,
// which Portkey's gateway uses.

#include "server/guardrails/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/signing_key.h"

namespace portolan::guardrails {
namespace {

using test::KeySet;
using test::SigningKey;
using test::ToBase64Url;
using ::testing::HasSubstr;

constexpr int64_t kNow = 1'800'000'000;

Jwt Readable(const std::string& token) {
  std::string problem;
  const auto read = Jwt::Read(token, &problem);
  EXPECT_TRUE(read) << problem;
  return *read;
}

std::string Claims(int64_t iat, const std::string& more = "") {
  return R"({"iat":)" + std::to_string(iat) + more + "}";
}

const SigningKey& SharedRsa() {
  static const SigningKey key = SigningKey::Rsa();
  return key;
}

TEST(Jwt, IsCheckedByTheKeyOfItsName) {
  const SigningKey& rsa = SharedRsa();
  const SigningKey other = SigningKey::Ec("P-256");
  const std::string set = KeySet(other.Jwk("a") + "," + rsa.Jwk("b"));
  EXPECT_EQ(Readable(rsa.Token("RS256", "b", Claims(kNow))).CheckAgainst(set), Jwt::Signature::kGood);
  EXPECT_EQ(Readable(rsa.Token("PS512", "b", Claims(kNow))).CheckAgainst(set), Jwt::Signature::kGood);
  EXPECT_EQ(Readable(other.Token("ES256", "a", Claims(kNow))).CheckAgainst(set), Jwt::Signature::kGood);
  EXPECT_EQ(Readable(rsa.Token("RS256", "c", Claims(kNow))).CheckAgainst(set), Jwt::Signature::kNoKey);
  // A key of the name, and of another type.
  EXPECT_EQ(Readable(rsa.Token("RS256", "a", Claims(kNow))).CheckAgainst(set), Jwt::Signature::kNoKey);
  // Somebody else's signature.
  EXPECT_EQ(Readable(SigningKey::Rsa().Token("RS256", "b", Claims(kNow))).CheckAgainst(set),
            Jwt::Signature::kWrong);
  // Claims that were not signed.
  std::string token = rsa.Token("RS256", "b", Claims(kNow));
  const std::string signature = token.substr(token.rfind('.'));
  token = token.substr(0, token.find('.') + 1) + ToBase64Url(Claims(kNow, R"(,"admin":true)")) + signature;
  EXPECT_EQ(Readable(token).CheckAgainst(set), Jwt::Signature::kWrong);
}

TEST(Jwt, KeysOfOneNameMayBeOfSeveralTypes) {
  const SigningKey& rsa = SharedRsa();
  const std::string set =
      KeySet(SigningKey::Ec("P-384").Jwk("k") + "," + SigningKey::Rsa().Jwk("k") + "," + rsa.Jwk("k"));
  EXPECT_EQ(Readable(rsa.Token("RS384", "k", Claims(kNow))).CheckAgainst(set), Jwt::Signature::kGood);
}

TEST(Jwt, KeysSayWhatTheyAreFor) {
  const SigningKey& rsa = SharedRsa();
  const Jwt token = Readable(rsa.Token("RS256", "k", Claims(kNow)));
  const std::vector<std::pair<std::string, Jwt::Signature>> cases = {
      {R"(,"use":"sig","alg":"RS256","key_ops":["verify"])", Jwt::Signature::kGood},
      {R"(,"use":"enc")", Jwt::Signature::kNoKey},
      {R"(,"alg":"RS512")", Jwt::Signature::kNoKey},
      {R"(,"alg":"HS256")", Jwt::Signature::kNoKey},
      {R"(,"key_ops":["encrypt"])", Jwt::Signature::kNoKey},
      {R"(,"key_ops":"verify")", Jwt::Signature::kNoKey},
  };
  for (const auto& [more, outcome] : cases) {
    EXPECT_EQ(token.CheckAgainst(KeySet(rsa.Jwk("k", more))), outcome) << more;
  }
}

TEST(Jwt, WhatIsNoKeySetIsTold) {
  const Jwt token = Readable(SharedRsa().Token("RS256", "k", Claims(kNow)));
  for (const char* const set : {"", "null", "[]", "{}", R"({"keys":{}})", R"({"keys":[)", "<html>"}) {
    EXPECT_EQ(token.CheckAgainst(set), Jwt::Signature::kNoKeySet) << set;
  }
  for (const char* const set : {R"({"keys":[]})", R"({"keys":[1,"k",null,{}]})", R"({"keys":[{"kid":"k"}]})",
                                R"({"keys":[{"kid":"k","kty":"RSA","n":1,"e":"AQAB"}]})",
                                R"({"keys":[{"kid":"k","kty":"RSA","n":"!!","e":"AQAB"}]})"}) {
    EXPECT_EQ(token.CheckAgainst(set), Jwt::Signature::kNoKey) << set;
  }
}

TEST(Jwt, IsRefusedUnread) {
  const std::string good = SharedRsa().Token("RS256", "k", Claims(kNow));
  const std::string rest = "." + ToBase64Url(Claims(kNow)) + ".c2ln";
  const auto headed = [&](const std::string& header) { return ToBase64Url(header) + rest; };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "no signed"},
      {"sk-1234", "no signed"},
      {"a.b", "no signed"},
      {good + ".x", "no signed"},
      {"!" + good, "no signed"},
      {headed("[]"), "no signed"},
      {headed(R"({"alg":"RS256","kid":"k")"), "no signed"},
      {ToBase64Url(R"({"alg":"RS256","kid":"k"})") + "." + ToBase64Url("1") + ".c2ln", "no signed"},
      {headed(R"({"alg":"none","kid":"k"})"), "algorithm"},
      {ToBase64Url(R"({"alg":"none","kid":"k"})") + "." + ToBase64Url(Claims(kNow)) + ".", "algorithm"},
      {headed(R"({"alg":"HS256","kid":"k"})"), "algorithm"},
      {headed(R"({"alg":1,"kid":"k"})"), "algorithm"},
      {headed(R"({"kid":"k"})"), "algorithm"},
      {headed(R"({"alg":"RS256"})"), "does not name its key"},
      {headed(R"({"alg":"RS256","kid":"k","crit":["b64"],"b64":false})"), "extensions"},
      {std::string(40'000, 'a') + "." + std::string(10, 'a') + ".", "longer than"},
  };
  for (const auto& [token, why] : cases) {
    std::string problem;
    EXPECT_FALSE(Jwt::Read(token, &problem)) << token.substr(0, 80);
    EXPECT_THAT(problem, HasSubstr(why)) << token.substr(0, 80);
  }
}

TEST(Jwt, HoldsForItsTime) {
  struct Case {
    std::string claims;
    std::string problem;  // a part of it; empty: it holds
  };
  const std::string now = std::to_string(kNow);
  const auto at = [](int64_t offset) { return std::to_string(kNow + offset); };
  const std::vector<Case> cases = {
      {R"({"iat":)" + now + "}", ""},
      {R"({"iat":)" + now + R"(,"exp":)" + at(1) + R"(,"nbf":)" + now + "}", ""},
      {R"({"iat":)" + now + R"(,"exp":)" + at(-4) + "}", ""},
      {R"({"iat":)" + now + R"(,"exp":)" + at(-5) + "}", "expired"},
      {R"({"iat":)" + now + R"(,"exp":)" + at(-6) + ".5}", "expired"},
      {R"({"iat":)" + now + R"(,"nbf":)" + at(5) + "}", ""},
      {R"({"iat":)" + now + R"(,"nbf":)" + at(6) + "}", "not hold yet"},
      {R"({"iat":)" + at(5) + "}", ""},
      {R"({"iat":)" + at(6) + "}", "future"},
      {R"({"iat":)" + at(-86'405) + "}", ""},
      {R"({"iat":)" + at(-86'406) + "}", "too old"},
      {"{}", "when it was issued"},
      {R"({"iat":"yesterday"})", "no number"},
      {R"({"iat":)" + now + R"(,"exp":"never"})", "no number"},
      {R"({"iat":)" + now + R"(,"exp":null})", "no number"},
      {R"({"iat":1e400})", "no signed"},
  };
  for (const Case& one : cases) {
    std::string problem;
    const auto token = Jwt::Read(SharedRsa().Token("RS256", "k", one.claims), &problem);
    if (token) problem = token->ProblemAt(kNow, {});
    if (one.problem.empty()) {
      EXPECT_EQ(problem, "") << one.claims;
    } else {
      EXPECT_THAT(problem, HasSubstr(one.problem)) << one.claims;
    }
  }
}

TEST(TimeSpan, IsReadAsJoseDoes) {
  const std::vector<std::pair<std::string, int64_t>> good = {
      {"1", 1},           {"90", 90},        {"1s", 1},          {"15m", 900},      {"15 mins", 900},
      {"2 hours", 7200},  {"12h", 43'200},   {"1d", 86'400},     {"1 day", 86'400}, {"2 weeks", 1'209'600},
      {"1y", 31'557'600}, {"1.5 hrs", 5400}, {"30 Seconds", 30}, {" 5 min ", 300}};
  for (const auto& [text, seconds] : good) EXPECT_EQ(ReadTimeSpan(text), seconds) << text;
  for (const char* const text : {"", "d", "-1d", "1 month", "0", "0.5", "1d1h", "1 d ago", "1e3", "nan",
                                 "inf", "101y", "999999999999999999999999"}) {
    EXPECT_FALSE(ReadTimeSpan(text)) << text;
  }
}

}  // namespace
}  // namespace portolan::guardrails
