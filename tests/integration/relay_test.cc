// Calls of paths that no rpc has: which bytes and headers the provider gets, and the caller back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = nlohmann::json;

Headers ToHost(const FakeUpstream& upstream, Headers more = {}) {
  Headers headers = {{"x-portolan-custom-host", upstream.url() + "/v1"}, {"authorization", "Bearer sk-me"}};
  headers.insert(headers.end(), more.begin(), more.end());
  return headers;
}

FakeUpstream::Handler Ok() {
  return [](const SeenRequest&) { return RespondJson(200, R"({"object":"list"})"); };
}

std::string Code(const TestAnswer& answer) {
  const Json body = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  return body.is_object() ? body["error"].value("code", "") : "not JSON: " + answer.body;
}

// What a part of a multipart form looks like; bytes that no text has are in it.
const std::string kForm =
    "--b\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--b\r\n"
    "content-disposition: form-data; name=\"file\"; filename=\"a.jsonl\"\r\n\r\n" +
    std::string("\0\x01\xFF{}\n", 6) + "\r\n--b--\r\n";

TEST(Relay, PassesMethodPathQueryAndBodyAsTheyAre) {
  FakeUpstream upstream(Ok());
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  struct Call {
    std::string method, path, type, body;
  };
  const std::vector<Call> calls = {
      {"GET", "/v1/files?limit=2&after=f%2F1", "", ""},
      {"DELETE", "/v1/files/file-1", "", ""},
      {"POST", "/v1/files", "multipart/form-data; boundary=b", kForm},
      {"POST", "/v1/assistants", "application/json", "{ \"model\" : \"gpt-4o\", \"x\":1.50, \"y\":1e2 }"},
      {"POST", "/v1/batches", "application/json", "[1,2]"},
      {"POST", "/v1/assistants", "application/json", R"({"model":7})"},
      {"PUT", "/v1/any/thing", "text/plain", "caf\xC3\xA9"},
      {"PATCH", "/v1/a%20b", "application/octet-stream", std::string("\0\x80", 2)},
      {"GET", "/v1/chat/completions?limit=1", "", ""},
      {"DELETE", "/v1/models/ft:gpt-4o:me", "", ""},
      {"POST", "/v1/threads/t/runs/r/cancel", "", ""},
  };
  for (const Call& call : calls) {
    Headers headers = ToHost(upstream);
    if (!call.type.empty()) headers.push_back({"content-type", call.type});
    ASSERT_TRUE(client.Send(call.method, call.path, call.body, headers));
    EXPECT_EQ(client.ReadAnswer().body, R"({"object":"list"})") << call.path;
    const SeenRequest seen = upstream.requests().back();
    EXPECT_EQ(seen.method, call.method);
    EXPECT_EQ(seen.target, call.path);
    EXPECT_EQ(seen.body, call.body);
    EXPECT_EQ(seen.Header("content-type"), call.type);
    EXPECT_EQ(seen.Header("authorization"), "Bearer sk-me");
  }
}

// These ask for a model, which a call of their own API names in its path or not at all.
TEST(Relay, NeedsNoModelWhereOthersDo) {
  FakeUpstream upstream(Ok());
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  struct Call {
    std::string config, path, target;
  };
  const std::string aws =
      R"("aws_region":"eu-west-1","aws_access_key_id":"AKIDMAKER","aws_secret_access_key":"s")";
  const std::string google = R"("vertex_project_id":"p","vertex_region":"global","api_key":"ya29.token")";
  const std::vector<Call> calls = {
      {R"("provider":"sagemaker",)" + aws, "/v1/endpoints/my-llama/invocations",
       "/endpoints/my-llama/invocations"},
      {R"("provider":"vertex-ai",)" + google,
       "/v1/projects/p/locations/global/publishers/google/models/i:predict",
       "/v1/projects/p/locations/global/publishers/google/models/i:predict"},
      {R"("provider":"vertex-ai",)" + google, "/v1/v1beta1/projects/p/locations/global/cachedContents",
       "/v1beta1/projects/p/locations/global/cachedContents"},
  };
  for (const Call& call : calls) {
    for (const char* body : {R"({"inputs":"hi"})", R"({"inputs":"hi","model":"other"})"}) {
      const TestAnswer answer = client.Post(
          call.path, body,
          {{"x-portolan-config", "{" + call.config + R"(,"custom_host":")" + upstream.url() + "\"}"}});
      ASSERT_EQ(answer.status, 200) << answer.body;
      EXPECT_EQ(answer.body, R"({"object":"list"})");
      EXPECT_EQ(upstream.requests().back().target, call.target);
      EXPECT_EQ(upstream.requests().back().body, body);
    }
  }
}

TEST(Relay, HeadersGoWhereTheTablesSay) {
  FakeUpstream upstream([](const SeenRequest&) {
    return Respond(206, "part",
                   {{"content-type", "audio/mpeg"},
                    {"content-range", "bytes 0-3/9"},
                    {"content-disposition", "attachment; filename=\"a.mp3\""},
                    {"etag", "\"7\""},
                    {"set-cookie", "session=1"},
                    {"server", "uvicorn"},
                    {"x-request-id", "req_1"},
                    {"openai-processing-ms", "12"}});
  });
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const TestAnswer answer =
      client.Get("/v1/files/file-1/content", ToHost(upstream, {{"range", "bytes=0-3"},
                                                               {"accept", "audio/*"},
                                                               {"if-none-match", "\"6\""},
                                                               {"cookie", "secret=1"},
                                                               {"accept-encoding", "gzip"},
                                                               {"openai-organization", "org-1"},
                                                               {"openai-beta", "assistants=v2"},
                                                               {"x-portolan-metadata", "{}"},
                                                               {"x-forwarded-for", "10.0.0.1"}}));
  EXPECT_EQ(answer.status, 206);
  EXPECT_EQ(answer.body, "part");
  EXPECT_EQ(answer.Header("content-type"), "audio/mpeg");
  EXPECT_EQ(answer.Header("content-length"), "4");
  EXPECT_EQ(answer.Header("content-range"), "bytes 0-3/9");
  EXPECT_EQ(answer.Header("content-disposition"), "attachment; filename=\"a.mp3\"");
  EXPECT_EQ(answer.Header("etag"), "\"7\"");
  EXPECT_EQ(answer.Header("openai-processing-ms"), "12");
  EXPECT_EQ(answer.Header("x-portolan-upstream-request-id"), "req_1");
  EXPECT_EQ(answer.Header("set-cookie"), "");
  EXPECT_EQ(answer.Header("server"), "");
  const SeenRequest seen = upstream.requests().at(0);
  EXPECT_EQ(seen.Header("range"), "bytes=0-3");
  EXPECT_EQ(seen.Header("accept"), "audio/*");
  EXPECT_EQ(seen.Header("if-none-match"), "\"6\"");
  EXPECT_EQ(seen.Header("openai-organization"), "org-1");
  EXPECT_EQ(seen.Header("openai-beta"), "assistants=v2");
  for (const char* name : {"cookie", "accept-encoding", "x-portolan-metadata", "x-forwarded-for"}) {
    EXPECT_EQ(seen.CountHeader(name), 0) << name;
  }
}

TEST(Relay, AnswersOfAnyStatusPass) {
  int status = 0;
  FakeUpstream upstream([&](const SeenRequest&) {
    if (status == 204 || status == 304) return Script().Send(Head(status, {{"etag", "\"1\""}}));
    return Respond(status, "<b>as it is</b>", {{"content-type", "text/html"}, {"location", "/there"}});
  });
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  for (const int each : {200, 201, 202, 204, 301, 302, 304, 307, 400, 404, 409, 418, 429, 500, 503}) {
    status = each;
    const TestAnswer answer = client.Get("/v1/containers/c", ToHost(upstream));
    EXPECT_EQ(answer.status, each);
    EXPECT_TRUE(answer.complete);
    const bool bodiless = each == 204 || each == 304;
    EXPECT_EQ(answer.body, bodiless ? "" : "<b>as it is</b>") << each;
    if (!bodiless) {
      EXPECT_EQ(answer.Header("content-type"), "text/html");
    }
    if (each == 302) {
      EXPECT_EQ(answer.Header("location"), "/there");
    }
  }
  EXPECT_THAT(upstream.requests(), SizeIs(15)) << "redirects are not followed, failures not repeated";
}

TEST(Relay, HeadHasTheLengthOfWhatGetWouldGive) {
  FakeUpstream upstream([](const SeenRequest&) {
    return Script().Send(Head(200, {{"content-length", "123456"}, {"content-type", "audio/mpeg"}}));
  });
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  ASSERT_TRUE(client.Send("HEAD", "/v1/files/f/content", "", ToHost(upstream)));
  EXPECT_EQ(client.ReadHead().Header("content-length"), "123456");
}

TEST(Relay, StreamsPassEventByEvent) {
  Latch go;
  FakeUpstream upstream([&](const SeenRequest&) {
    return Script()
        .Send(Head(200, {{"content-type", "text/event-stream"}, {"transfer-encoding", "chunked"}}))
        .Send(Chunk("event: thread.run.created\ndata: {\"id\":\"run_1\"}\n\n"))
        .Hold(go)
        .Send(Chunk("event: done\ndata: [DONE]\n\n") + Chunk(""));
  });
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  Headers headers = ToHost(upstream, {{"content-type", "application/json"}});
  ASSERT_TRUE(client.Send("POST", "/v1/threads/t/runs", R"({"stream":true})", headers));
  TestAnswer answer = client.ReadHead();
  EXPECT_EQ(answer.Header("content-type"), "text/event-stream");
  std::string body;
  while (body.find("run_1") == std::string::npos) body += client.ReadRaw();
  EXPECT_EQ(body.find("[DONE]"), std::string::npos);
  go.Release();
  while (body.find("\r\n0\r\n\r\n") == std::string::npos) body += client.ReadRaw();
  EXPECT_THAT(body, HasSubstr("event: done\ndata: [DONE]\n\n"));
}

TEST(Relay, AnAnswerThatBreaksOffDoesNotLookWhole) {
  FakeUpstream upstream([](const SeenRequest& request) {
    if (request.target == "/v1/chunked") {
      return Script().Send(Head(200, {{"transfer-encoding", "chunked"}}) + Chunk("half")).Reset();
    }
    return Script().Send(Head(200, {{"content-length", "9"}}) + "half").Close();
  });
  GatewayFixture gateway;
  for (const char* path : {"/v1/chunked", "/v1/sized"}) {
    TestClient client(gateway.http_address());
    const TestAnswer answer = client.Get(path, ToHost(upstream));
    EXPECT_FALSE(answer.complete) << path;
    EXPECT_TRUE(client.closed() || client.ReadRaw().empty()) << path;
  }
}

TEST(Relay, JsonTakesTheParametersOfItsRoute) {
  FakeUpstream upstream(Ok());
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const Json config = {{"provider", "openai"},
                       {"api_key", "sk-config"},
                       {"custom_host", upstream.url() + "/v1"},
                       {"override_params", {{"model", "gpt-4o-mini"}, {"metadata", {{"team", "a"}}}}}};
  const Headers headers = {{"x-portolan-config", config.dump()}, {"content-type", "application/json"}};
  TestAnswer answer =
      client.Post("/v1/assistants", R"({"portolan":{}, "model":"gpt-4o", "name" : "n"})", headers);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(upstream.requests().back().body,
            R"({"model":"gpt-4o-mini", "name" : "n","metadata":{"team":"a"}})");
  // What is no JSON object cannot take them, and the caller is told.
  const Headers form = {{"x-portolan-config", config.dump()},
                        {"content-type", "multipart/form-data; boundary=b"}};
  answer = client.Post("/v1/files", kForm, form);
  EXPECT_EQ(upstream.requests().back().body, kForm);
  EXPECT_THAT(answer.Header("x-portolan-ignored"), HasSubstr("override_params"));
}

TEST(Relay, TheModelsPrefixNamesTheProvider) {
  FakeUpstream upstream(Ok());
  GatewayFixture gateway({}, {{"ANTHROPIC_API_KEY", "sk-ant"}});
  TestClient client(gateway.http_address());
  const TestAnswer answer = client.Post("/v1/batches", R"({"model":"anthropic/claude-x"})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(Code(answer), "unsupported_operation") << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("anthropic has no batches"));
  EXPECT_THAT(upstream.requests(), IsEmpty());
}

TEST(Relay, AttemptsFollowWhereTheBodyIsHeld) {
  FakeUpstream upstream([](const SeenRequest& request) {
    return request.Header("authorization") == "Bearer sk-b"
               ? RespondJson(200, R"({"ok":true})")
               : RespondJson(503, R"({"error":{"message":"busy"}})");
  });
  GatewayFixture gateway;
  TestClient client(gateway.http_address());
  const std::string host = upstream.url() + "/v1";
  const Json config = {{"strategy", {{"mode", "fallback"}}},
                       {"targets",
                        {{{"provider", "openai"}, {"api_key", "sk-a"}, {"custom_host", host}},
                         {{"provider", "openai"}, {"api_key", "sk-b"}, {"custom_host", host}}}}};
  for (const char* type : {"application/json", "multipart/form-data; boundary=b"}) {
    const std::string body = type[0] == 'a' ? R"({"a":1})" : kForm;
    const TestAnswer answer =
        client.Post("/v1/files", body, {{"x-portolan-config", config.dump()}, {"content-type", type}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(upstream.requests().back().body, body);
  }
  EXPECT_THAT(upstream.requests(), SizeIs(4));
}

TEST(Relay, PathsThatCouldLeadElsewhereAreRefused) {
  FakeUpstream upstream(Ok());
  GatewayFixture gateway;
  for (const char* path : {"/v1/a/../b", "/v1/./a", "/v1/a/%2e%2E/b", "/v1/a/.%2e", "/v1/a%2f..%2fb",
                           "/v1/..%5Cb", "/v1/%252e%252e/b", "/v1/.."}) {
    TestClient client(gateway.http_address());
    const TestAnswer answer = client.Get(path, ToHost(upstream));
    EXPECT_EQ(answer.status, 400) << path;
    EXPECT_EQ(Code(answer), "invalid_path") << path;
  }
  struct Refused {
    std::string method, path;
    int status;
    std::string code;
    Headers headers = {};
  };
  const std::vector<Refused> refused = {
      {"GET", "/v2/files", 404, "route_not_found"},
      {"GET", "/files", 404, "route_not_found"},
      {"TRACE", "/v1/files", 405, "method_not_allowed"},
      {"GET", "/v1/realtime", 400, "unsupported_operation", {{"upgrade", "websocket"}}},
      {"GET", "/v1/embeddings", 405, "method_not_allowed"},
  };
  for (const Refused& each : refused) {
    TestClient client(gateway.http_address());
    ASSERT_TRUE(client.Send(each.method, each.path, "", ToHost(upstream, each.headers)));
    const TestAnswer answer = client.ReadAnswer();
    EXPECT_EQ(answer.status, each.status) << each.path;
    EXPECT_EQ(Code(answer), each.code) << each.path;
  }
  EXPECT_THAT(upstream.requests(), IsEmpty());
}

TEST(Relay, AnthropicsClientsGetItsOwnListOfModels) {
  constexpr char kList[] = R"({"data":[{"type":"model","id":"claude-x","x":1.50}],"has_more":false})";
  FakeUpstream upstream([&](const SeenRequest&) { return RespondJson(200, kList); });
  GatewayFixture gateway({}, {{"OPENAI_API_KEY", "sk-o"}});
  TestClient client(gateway.http_address());
  const Headers headers = {{"x-portolan-custom-host", upstream.url() + "/v1"},
                           {"x-api-key", "sk-ant"},
                           {"anthropic-version", "2023-06-01"}};
  for (const char* path : {"/v1/models?limit=2&after_id=a", "/v1/models/claude-x"}) {
    const TestAnswer answer = client.Get(path, headers);
    EXPECT_EQ(answer.body, kList);
    EXPECT_EQ(upstream.requests().back().target, path);
    EXPECT_EQ(upstream.requests().back().Header("x-api-key"), "sk-ant");
  }
  // Of another provider it is the typed list, for which that is asked.
  Headers other = headers;
  other.emplace_back("x-portolan-provider", "openai");
  EXPECT_EQ(client.Get("/v1/models", other).Header("x-portolan-provider"), "openai");
  EXPECT_EQ(upstream.requests().back().CountHeader("anthropic-version"), 0);
}

TEST(Relay, AnthropicsPathsGoToAnthropicInItsWords) {
  FakeUpstream upstream([](const SeenRequest&) { return RespondJson(200, R"({"id":"msgbatch_1"})"); });
  GatewayFixture gateway({}, {{"OPENAI_API_KEY", "sk-o"}});
  TestClient client(gateway.http_address());
  Headers headers = {{"x-portolan-custom-host", upstream.url() + "/v1"},
                     {"x-api-key", "sk-ant"},
                     {"anthropic-version", "2023-06-01"},
                     {"anthropic-beta", "files-api-2025-04-14"},
                     {"content-type", "application/json"}};
  for (const char* path : {"/v1/messages/batches", "/v1/files", "/v1/organizations/usage_report/messages"}) {
    const TestAnswer answer = client.Post(path, R"({"requests":[]})", headers);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.Header("x-portolan-provider"), "anthropic");
    const SeenRequest seen = upstream.requests().back();
    EXPECT_EQ(seen.target, path);
    EXPECT_EQ(seen.Header("x-api-key"), "sk-ant");
    EXPECT_EQ(seen.Header("anthropic-version"), "2023-06-01");
    EXPECT_EQ(seen.Header("anthropic-beta"), "files-api-2025-04-14");
  }
  // No key for it: told as Anthropic would.
  const TestAnswer refused = client.Post("/v1/messages/batches", "{}");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(Json::parse(refused.body)["type"], "error") << refused.body;
}

}  // namespace
}  // namespace portolan::test
