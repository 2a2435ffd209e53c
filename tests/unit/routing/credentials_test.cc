#include "server/routing/credentials.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace portolan::routing {
namespace {

CallerKeys Keys(std::vector<std::string> texts) {
  std::vector<Secret> keys;
  for (std::string& text : texts) keys.emplace_back(std::move(text));
  return CallerKeys(std::move(keys));
}

const CallerKeys kNobody;

TEST(Authenticate, LetsEverybodyInWhenNoKeyIsConfigured) {
  RequestHeaders headers;
  headers.authorization = "Bearer sk-provider";
  ProviderCredentials credentials;
  EXPECT_FALSE(Authenticate(kNobody, headers, {}, {}, &credentials));
  EXPECT_EQ(credentials.bearer, "sk-provider");
}

TEST(Authenticate, TakesTheBearerInAnyCaseAndABareKey) {
  for (const std::string_view value : {"Bearer sk-1", "bearer sk-1", "BEARER  sk-1", "sk-1"}) {
    RequestHeaders headers;
    headers.authorization = value;
    ProviderCredentials credentials;
    EXPECT_FALSE(Authenticate(kNobody, headers, {}, {}, &credentials));
    EXPECT_EQ(credentials.bearer, "sk-1") << value;
  }
  RequestHeaders basic;
  basic.authorization = "Basic dXNlcjpwYXNz";
  ProviderCredentials credentials;
  EXPECT_FALSE(Authenticate(kNobody, basic, {}, {}, &credentials));
  EXPECT_EQ(credentials.bearer, "");
}

TEST(Authenticate, KeepsOtherSchemesAsTheyCame) {
  const CallerKeys keys = Keys({"caller-1"});
  const struct {
    const char* authorization;
    const char* kept;
  } cases[] = {
      {"Basic dXNlcjpwYXNz", "Basic dXNlcjpwYXNz"},
      {"basic dXNlcjpwYXNz", "basic dXNlcjpwYXNz"},
      {"Digest username=\"u\", realm=\"r\"", "Digest username=\"u\", realm=\"r\""},
      {"ApiKey k", "ApiKey k"},
      {"Bearer sk-1", ""},
      {"bearer sk-1", ""},
      {"sk-1", ""},
      {"", ""},
      {"ApiKey caller-1", ""},  // a caller key goes nowhere, however it is sent
  };
  for (const auto& test : cases) {
    RequestHeaders headers;
    headers.caller_key = "caller-1";
    headers.authorization = test.authorization;
    ProviderCredentials credentials;
    EXPECT_FALSE(Authenticate(keys, headers, {}, {}, &credentials));
    EXPECT_EQ(credentials.authorization, test.kept) << test.authorization;
  }
  // It shows nobody to the gateway.
  RequestHeaders headers;
  headers.authorization = "Basic caller-1";
  ProviderCredentials credentials;
  EXPECT_TRUE(Authenticate(keys, headers, {}, {}, &credentials));
}

struct CallerCase {
  const char* desc;
  const char* caller_key;
  const char* authorization;
  const char* x_api_key;
  bool allowed;
  const char* bearer;     // what may go upstream
  const char* forwarded;  // x-api-key that may go upstream
};

TEST(Authenticate, NeverForwardsACallerKey) {
  const CallerKeys keys = Keys({"caller-1", "caller-2"});
  const CallerCase cases[] = {
      {"nothing sent", "", "", "", false, "", ""},
      {"a provider's key only", "", "Bearer sk-1", "", false, "", ""},
      {"header", "caller-1", "", "", true, "", ""},
      {"second key", "caller-2", "", "", true, "", ""},
      {"header and a provider's key", "caller-1", "Bearer sk-1", "", true, "sk-1", ""},
      {"bearer is consumed", "", "Bearer caller-2", "", true, "", ""},
      {"both places", "caller-1", "Bearer caller-2", "", true, "", ""},
      {"wrong header beats a good bearer", "wrong", "Bearer caller-1", "", false, "", ""},
      {"x-api-key that is a caller key is consumed", "caller-1", "", "caller-1", true, "", ""},
      {"x-api-key of the provider passes", "caller-1", "", "sk-ant", true, "", "sk-ant"},
      {"a prefix is not the key", "caller", "", "", false, "", ""},
      {"an extension is not the key", "caller-11", "", "", false, "", ""},
  };
  for (const CallerCase& test : cases) {
    SCOPED_TRACE(test.desc);
    RequestHeaders headers;
    headers.caller_key = test.caller_key;
    headers.authorization = test.authorization;
    const HeaderView all[] = {{"x-api-key", test.x_api_key}};
    ProviderCredentials credentials;
    const auto error = Authenticate(keys, headers, all, {}, &credentials);
    ASSERT_EQ(!error.has_value(), test.allowed);
    if (error) {
      EXPECT_EQ(error->http_status, 401);
      EXPECT_EQ(error->error_class, ErrorClass::kCaller);
      EXPECT_EQ(error->message.find("caller-1"), std::string::npos);
      continue;
    }
    EXPECT_EQ(credentials.bearer, test.bearer);
    const std::string_view names[] = {"x-api-key"};
    EXPECT_EQ(credentials.KeyIn(all, names), test.forwarded);
  }
}

// At a door whose dialect has a header for keys, that shows a caller as well.
TEST(Authenticate, TakesTheKeyWhereTheDoorsDialectHasIt) {
  const CallerKeys keys = Keys({"caller-1"});
  const struct {
    const char* door;
    const char* x_api_key;
    const char* authorization;
    bool allowed;
    const char* bearer;
    const char* forwarded;
  } cases[] = {
      {"x-api-key", "caller-1", "", true, "", ""},
      {"x-api-key", "caller-1", "Bearer sk-1", true, "sk-1", ""},
      {"x-api-key", "sk-ant", "Bearer caller-1", true, "", "sk-ant"},
      {"x-api-key", "sk-ant", "", false, "", ""},
      {"x-goog-api-key", "caller-1", "", false, "", ""},
      {"", "caller-1", "", false, "", ""},
  };
  for (const auto& test : cases) {
    RequestHeaders headers;
    headers.authorization = test.authorization;
    const HeaderView all[] = {{"x-api-key", test.x_api_key}};
    ProviderCredentials credentials;
    ASSERT_EQ(!Authenticate(keys, headers, all, test.door, &credentials), test.allowed) << test.door;
    if (!test.allowed) continue;
    EXPECT_EQ(credentials.bearer, test.bearer);
    const std::string_view names[] = {"x-api-key"};
    EXPECT_EQ(credentials.KeyIn(all, names), test.forwarded);
  }
}

struct KeyCase {
  const char* desc;
  const char* config_key;
  const char* gateway_key;
  const char* request_key;
  bool host_from_caller;
  bool direct_keys;
  const char* expected;
  bool from_caller;
};

TEST(ChooseKey, FollowsTheDocumentedOrder) {
  const KeyCase cases[] = {
      {"config first", "cfg", "own", "req", false, false, "cfg", true},
      {"then the gateway's", "", "own", "req", false, false, "own", false},
      {"then the request's", "", "", "req", false, false, "req", true},
      {"nothing", "", "", "", false, false, "", false},
      {"direct keys", "", "own", "req", false, true, "req", true},
      {"direct keys, none sent", "", "own", "", false, true, "own", false},
      {"direct keys do not beat the config", "cfg", "own", "req", false, true, "cfg", true},
      {"a named host never sees the gateway's key", "", "own", "", true, false, "", false},
      {"a named host gets the request's", "", "own", "req", true, false, "req", true},
      {"a named host gets the config's", "cfg", "own", "req", true, false, "cfg", true},
  };
  for (const KeyCase& test : cases) {
    SCOPED_TRACE(test.desc);
    const Secret own{std::string(test.gateway_key)};
    const KeyChoice choice = ChooseKey({.config_key = test.config_key,
                                        .gateway_key = &own,
                                        .request_key = test.request_key,
                                        .host_from_caller = test.host_from_caller,
                                        .direct_keys = test.direct_keys});
    EXPECT_EQ(choice.key.Reveal(), test.expected);
    EXPECT_EQ(choice.from_caller, test.from_caller);
  }
}

}  // namespace
}  // namespace portolan::routing
