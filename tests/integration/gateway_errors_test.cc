// What callers are told when a provider says no, at both doors: its own words wherever its server puts them,
// the status that it means, and the URL that was called where the host is one's own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/integration/support/provider_hosts.h"
#include "tests/integration/support/route_caller.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

// A config of one target, or of two of which the second answers.
std::string Single(const FakeUpstream& upstream, const std::string& provider = "openai",
                   const std::string& more = {}) {
  return TargetOf(upstream, provider, more);
}

std::string Fallback(const FakeUpstream& first, const FakeUpstream& second, const std::string& statuses) {
  return R"({"strategy":{"mode":"fallback","on_status_codes":)" + statuses + R"(},"targets":[)" +
         TargetOf(first) + "," + TargetOf(second) + "]}";
}

bool IsStreamed(const SeenRequest& request) {
  return json::parse(request.body, nullptr, false).value("stream", false);
}

// An error under status 200: a body, or the first event of a stream.
Script ToldUnder200(const SeenRequest& request, const std::string& error) {
  if (!IsStreamed(request)) return RespondJson(200, error);
  return Script().Send(StreamHead() + Chunk("data: " + error + "\n\n") + Chunk(""));
}

class GatewayErrors : public ::testing::Test {
 protected:
  GatewayFixture gateway_;
  RouteCaller caller_{gateway_};
};

TEST_F(GatewayErrors, ToldUnderAGoodStatusHaveTheStatusTheyTell) {
  struct Case {
    const char* error;
    int status;
    grpc::StatusCode rpc;
    const char* error_class;
    bool retryable;
  };
  // The classes and gRPC codes of docs/errors.md for these statuses.
  const std::vector<Case> cases = {
      {R"({"error":{"message":"Insufficient credits","code":402}})", 402, grpc::FAILED_PRECONDITION,
       "provider", false},
      {R"({"error":{"message":"slow down","code":"429"}})", 429, grpc::RESOURCE_EXHAUSTED, "provider", true},
      {R"({"error":{"message":"no such model","code":null,"status":404}})", 404, grpc::NOT_FOUND, "caller",
       false},
      {R"({"error":{"message":"bad key","code":401}})", 401, grpc::UNAUTHENTICATED, "caller", false},
      {R"({"error":{"message":"too many tokens","code":"context_length","status":"413"}})", 413,
       grpc::RESOURCE_EXHAUSTED, "caller", false},
      {R"({"id":"c","choices":[],"error":{"message":"Provider returned error","code":503}})", 503,
       grpc::UNAVAILABLE, "provider", true},
      {R"({"error":{"message":"no number","code":"overloaded"}})", 502, grpc::UNAVAILABLE, "provider", true},
      {R"({"error":{"message":"none of ours","code":1004}})", 502, grpc::UNAVAILABLE, "provider", true},
  };
  for (const Case& test : cases) {
    const FakeUpstream upstream(
        [&](const SeenRequest& request) { return ToldUnder200(request, test.error); });
    for (const RouteCall& call : AtBothDoors({.config = Single(upstream)})) {
      SCOPED_TRACE(test.error + (" " + Describe(call)));
      const RouteAnswer answer = caller_.Call(call);
      EXPECT_EQ(answer.message, json::parse(test.error)["error"]["message"].get<std::string>());
      EXPECT_EQ(answer.status, test.status);
      EXPECT_EQ(answer.error_class, test.error_class);
      EXPECT_EQ(answer.retryable, test.retryable);
      EXPECT_EQ(answer.rpc, call.door == Door::kGrpc ? test.rpc : grpc::OK);
      if (call.door == Door::kRest) {
        EXPECT_EQ(answer.body, test.error) << "it passes untouched";
      }
    }
  }
}

// What has been told with a good status stays so.
TEST_F(GatewayErrors, ToldAfterTheFirstEventBreakTheStream) {
  const std::string error = R"({"error":{"message":"Insufficient credits","code":402}})";
  for (const std::string& first : {OpenAiDelta(R"({"content":"a"})"), std::string(": processing\n\n")}) {
    Latch seen;
    const FakeUpstream upstream([&](const SeenRequest&) {
      return Script()
          .Send(StreamHead() + Chunk(first))
          .Hold(seen)
          .Send(Chunk("data: " + error + "\n\n") + Chunk(""));
    });
    TestClient client(gateway_.http_address());
    ASSERT_TRUE(client.Send("POST", "/v1/chat/completions", RestBody({.stream = true}),
                            {{"x-portolan-custom-host", upstream.url()}}));
    EXPECT_EQ(client.ReadHead().status, 200);
    seen.Release();
    std::string body;
    while (body.find("Insufficient credits") == std::string::npos && !client.closed())
      body += client.ReadRaw();
    EXPECT_THAT(body, HasSubstr(first));
  }
}

TEST_F(GatewayErrors, ToldUnderAGoodStatusCountForRetriesAndFallbacks) {
  const std::string error = R"({"error":{"message":"Insufficient credits","code":402}})";
  const FakeUpstream second([](const SeenRequest& request) { return Answering(request, "yes"); });
  for (const bool listed : {true, false}) {
    const FakeUpstream first([&](const SeenRequest& request) { return ToldUnder200(request, error); });
    for (const RouteCall& call :
         AtBothDoors({.config = Fallback(first, second, listed ? "[402]" : "[502,503]")})) {
      SCOPED_TRACE(Describe(call));
      const RouteAnswer answer = caller_.Call(call);
      EXPECT_EQ(answer.text, listed ? "yes" : "");
      EXPECT_EQ(answer.status, listed ? 200 : 402);
      EXPECT_EQ(answer.Header("x-portolan-last-used-option-index"),
                listed ? "config.targets[1]" : "config.targets[0]");
    }
  }
  // Tried again where the status is on the list, at once.
  for (const int status : {429, 400}) {
    const std::string told = R"({"error":{"message":"m","code":)" + std::to_string(status) + "}}";
    const FakeUpstream flaky([&](const SeenRequest& request) {
      return request.number == 1 && request.connection == 1 ? ToldUnder200(request, told)
                                                            : Answering(request, "yes");
    });
    const std::string config =
        Single(flaky, "openai", R"(,"retry":{"attempts":1,"base_ms":0,"on_status_codes":[429]})");
    const RouteAnswer answer = caller_.Call({.config = config});
    EXPECT_EQ(answer.status, status == 429 ? 200 : 400);
    EXPECT_EQ(answer.text, status == 429 ? "yes" : "");
  }
}

// Servers of Anthropic's dialect tell it likewise, with their type or without.
TEST_F(GatewayErrors, OfATranslatedProviderHaveTheStatusTheyTell) {
  struct Case {
    const char* error;
    int status;
    grpc::StatusCode rpc;
    const char* message = "no credit";
  };
  const std::vector<Case> cases = {
      {R"({"type":"error","error":{"type":"api_error","message":"no credit","code":402}})", 402,
       grpc::FAILED_PRECONDITION},
      {R"({"type":"error","error":{"type":"rate_limit_error","message":"no credit"}})", 429,
       grpc::RESOURCE_EXHAUSTED},
      {R"({"error":{"message":"no credit","code":"402"}})", 402, grpc::FAILED_PRECONDITION},
      // The config's key, which is the caller's.
      {R"({"type":"error","error":{"type":"authentication_error","message":"no credit"}})", 401,
       grpc::UNAUTHENTICATED},
      {R"({"type":"error","error":{"type":"permission_error","message":"no credit"}})", 403,
       grpc::PERMISSION_DENIED},
  };
  for (const Case& test : cases) {
    const FakeUpstream upstream(
        [&](const SeenRequest& request) { return ToldUnder200(request, test.error); });
    for (const RouteCall& call : AtBothDoors({.config = Single(upstream, "anthropic")})) {
      SCOPED_TRACE(test.error + (" " + Describe(call)));
      const RouteAnswer answer = caller_.Call(call);
      EXPECT_EQ(answer.message, test.message);
      if (call.door == Door::kGrpc) {
        EXPECT_EQ(answer.rpc, test.rpc);
      }
      if (!call.stream) {
        EXPECT_EQ(answer.status, test.status);
      }
    }
  }
  // In no shape of its dialect: its words all the same.
  const FakeUpstream odd(
      [](const SeenRequest&) { return RespondJson(200, R"({"error":"the tenant is gone"})"); });
  for (const RouteCall& call : AtBothDoors({.config = Single(odd, "anthropic")})) {
    const RouteAnswer answer = caller_.Call(call);
    EXPECT_EQ(answer.message, "the tenant is gone") << Describe(call);
    EXPECT_EQ(answer.status, 502) << Describe(call);
  }
}

TEST_F(GatewayErrors, KeepTheWordsOfServersOfAllKinds) {
  struct Case {
    int status;
    const char* type;
    const char* body;
    const char* message;
  };
  const std::vector<Case> cases = {
      {400, "application/json",
       R"({"statusCode":400,"error":"Bad Request","message":"body/messages must be array"})",
       "body/messages must be array"},
      {400, "application/json", R"([{"error":{"code":400,"message":"API key not valid","status":"X"}}])",
       "API key not valid"},
      {422, "application/json", R"({"detail":[{"loc":["body","messages"],"msg":"Field required"}]})",
       "body.messages: Field required"},
      {403, "application/json", R"({"errors":[{"message":"not for you"},{"message":"nor now"}]})",
       "not for you; nor now"},
      {500, "application/json", R"({"code":7,"msg":"disk full"})", "disk full"},
      {503, "application/json", R"({"Message":"Capacity"})", "Capacity"},
      {404, "application/json", R"({"error":"model 'x' not found"})", "model 'x' not found"},
      {429, "application/problem+json", R"({"title":"Slow down","status":429})", "Slow down"},
      {500, "application/json", R"({"unheard":{"of":1}})", R"({"unheard":{"of":1}})"},
      {502, "text/html", "<html><head><title>502 Bad Gateway</title></head></html>", "502 Bad Gateway"},
      {404, "text/html", "<html><title>Error</title><pre>Cannot POST /chat</pre></html>",
       "Error: Cannot POST /chat"},
      {504, "text/plain", "upstream request timeout", "upstream request timeout"},
  };
  for (const Case& test : cases) {
    const FakeUpstream upstream(
        [&](const SeenRequest&) { return Respond(test.status, test.body, {{"Content-Type", test.type}}); });
    for (const char* provider : {"openai", "anthropic"}) {
      for (const RouteCall& call : AtBothDoors({.config = Single(upstream, provider)})) {
        SCOPED_TRACE(std::string(provider) + " " + test.body + " " + Describe(call));
        const RouteAnswer answer = caller_.Call(call);
        EXPECT_EQ(answer.status, test.status);
        EXPECT_EQ(answer.message, test.message);
      }
    }
  }
}

TEST_F(GatewayErrors, SayWhichUrlWasCalledAtAHostOfOnesOwn) {
  const FakeUpstream upstream(
      [](const SeenRequest&) { return RespondJson(404, R"({"detail":"Not Found"})"); });
  const FakeUpstream openai([](const SeenRequest&) {
    return RespondJson(404, R"({"error":{"message":"no such path","code":"nope"}})");
  });
  FakeUpstream gone([](const SeenRequest&) { return Script(); });
  gone.Stop();
  const std::string broken_events = OpenAiDelta(R"({"content":"a"})");
  const FakeUpstream broken([&](const SeenRequest& request) {
    return IsStreamed(request) ? Script().Send(StreamHead() + Chunk(broken_events)).CutOff()
                               : Script().CutOff();
  });
  struct Case {
    const char* what;
    const FakeUpstream& upstream;
    const char* provider;
    const char* path;
  };
  const Case cases[] = {{"wrapped", upstream, "openai", "/chat/completions"},
                        {"passed untouched", openai, "openai", "/chat/completions"},
                        {"translated", upstream, "anthropic", "/messages"},
                        {"refused", gone, "openai", "/chat/completions"},
                        {"cut off", broken, "openai", "/chat/completions"}};
  for (const Case& test : cases) {
    const std::string url = "POST " + test.upstream.url() + test.path;
    RouteCall base;
    base.headers = {{"x-portolan-custom-host", test.upstream.url() + "/"},
                    {"x-portolan-provider", test.provider}};
    for (const RouteCall& call : AtBothDoors(base)) {
      SCOPED_TRACE(test.what + (" " + Describe(call)));
      EXPECT_EQ(caller_.Call(call).upstream, url);
    }
    // Named by a config.
    for (const RouteCall& call : AtBothDoors({.config = Single(test.upstream, test.provider)})) {
      SCOPED_TRACE(test.what + (" " + Describe(call)));
      EXPECT_EQ(caller_.Call(call).upstream, "POST " + test.upstream.url() + "/v1" + test.path);
    }
  }
  // Of a GET, without its query.
  TestClient client(gateway_.http_address());
  const TestAnswer models =
      client.Get("/v1/models/a/b?limit=5", {{"x-portolan-custom-host", upstream.url() + "/v1"}});
  EXPECT_EQ(json::parse(models.body)["error"]["portolan"]["upstream"],
            json({{"method", "GET"}, {"url", upstream.url() + "/v1/models/a/b"}}));
}

TEST_F(GatewayErrors, SayNoUrlWhereNobodyWasCalled) {
  for (const char* host : {"http://u:secret@127.0.0.1:1/v1", "ftp://x", "http://10.1.2.3/v1"}) {
    RouteCall base;
    base.headers = {{"x-portolan-custom-host", host}};
    for (const RouteCall& call : AtBothDoors(base)) {
      const RouteAnswer answer = caller_.Call(call);
      EXPECT_NE(answer.status, 200) << host;
      EXPECT_EQ(answer.upstream, "") << host;
      EXPECT_THAT(answer.body, Not(HasSubstr("secret")));
    }
  }
}

TEST(GatewayErrorsOfProviders, SayTheUrlOfTheOperatorsOwnAndOfNoOthers) {
  const auto refuse = [](const SeenRequest&) { return RespondJson(404, R"({"detail":"Not Found"})"); };
  ProviderHosts hosts(refuse);
  GatewayFixture gateway(hosts.Options(), {{"OPENAI_API_KEY", "k"}});
  for (const RouteCall& call : AtBothDoors({})) {
    const RouteAnswer answer = RouteCaller(gateway).Call(call);
    EXPECT_EQ(answer.status, 404) << answer.body;
    EXPECT_EQ(answer.message, "Not Found");
    EXPECT_EQ(answer.upstream, "");
  }

  const FakeUpstream lab(refuse);
  const TempFolder folder;
  const std::string file = folder.path() + "/portolan.yaml";
  std::ofstream(file) << "providers:\n  lab: {base_url: \"" << lab.url()
                      << "/v9\"}\nroutes:\n  mine: {custom_host: \"" << lab.url() << "/v8\"}\n";
  GatewayFixture own = GatewayFixture::FromFile(file);
  RouteCall to_lab;
  to_lab.headers = {{"x-portolan-provider", "lab"}};
  for (const RouteCall& call : AtBothDoors(to_lab)) {
    EXPECT_EQ(RouteCaller(own).Call(call).upstream, "POST " + lab.url() + "/v9/chat/completions");
  }
  for (const RouteCall& call : AtBothDoors({.config = "mine"})) {
    EXPECT_EQ(RouteCaller(own).Call(call).upstream, "POST " + lab.url() + "/v8/chat/completions");
  }
}

}  // namespace
}  // namespace portolan::test
