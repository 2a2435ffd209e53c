#include "tests/integration/support/vertex_testing.h"

#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/integration/support/route_caller.h"
#include "tests/support/service_account.h"

namespace portolan::test {
namespace {

using nlohmann::json;

constexpr char kGemini[] =
    R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Hello"}]},"finishReason":"STOP"}],)"
    R"("usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5},)"
    R"("modelVersion":"gemini-2.5-flash","responseId":"r"})";

void ReplaceAll(const std::string& what, const std::string& with, std::string* text) {
  for (size_t place = text->find(what); place != std::string::npos; place = text->find(what, place)) {
    text->replace(place, what.size(), with);
    place += with.size();
  }
}

bool Holds(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

FakeUpstream::Handler Tokens() {
  auto given = std::make_shared<std::atomic<int>>(0);
  return [given](const SeenRequest&) {
    return RespondJson(200, R"({"access_token":"token-)" + std::to_string(++*given) +
                                R"(","expires_in":3599,"token_type":"Bearer"})");
  };
}

Script AnsweringAsVertex(const SeenRequest& request) {
  // The other dialects are answered by how their own paths end.
  SeenRequest own = request;
  if (Holds(request.target, "awPredict")) {
    own.target = Holds(request.target, "/anthropic/") ? "/v1/messages" : "/v1/chat/completions";
  }
  if (Holds(request.target, ":streamGenerateContent"))
    return RespondEvents({"data: " + std::string(kGemini) + "\n\n"});
  if (Holds(request.target, ":generateContent")) return RespondJson(200, kGemini);
  return Answering(own, "Hello");
}

Script AnsweringToToken(const SeenRequest& request, const std::string& token) {
  if (request.Header("authorization") == "Bearer " + token) return AnsweringAsVertex(request);
  return RespondJson(401,
                     R"({"error":{"code":401,"message":"Request had invalid authentication credentials.",)"
                     R"("status":"UNAUTHENTICATED"}})");
}

VertexLab::VertexLab(FakeUpstream::Handler tokens, FakeUpstream::Handler models)
    : tokens_(std::move(tokens)), models_(std::move(models)) {
  // As Google writes it, over many lines.
  std::ofstream(file("account.json")) << json::parse(ServiceAccountJson(token_url())).dump(2) << "\n";
  Start("file:{folder}/account.json", {}, "");
}

VertexLab::VertexLab(FakeUpstream::Handler tokens, FakeUpstream::Handler models, const std::string& key,
                     std::map<std::string, std::string> environment, const std::string& more)
    : tokens_(std::move(tokens)), models_(std::move(models)) {
  Start(key, std::move(environment), more);
}

void VertexLab::Start(const std::string& key, std::map<std::string, std::string> environment,
                      const std::string& more) {
  const std::string config = file("portolan.yaml");
  std::ofstream(config) << "providers:\n  vertex-ai: {base_url: \"" << models_.url() << "\", api_key: \""
                        << FilledIn(key) << "\"}\n  other: {base_url: \"" << models_.url()
                        << "/other/v1\", dialect: openai, api_key: \"env:OTHER_KEY\"}\n"
                        << FilledIn(more);
  for (auto& [name, value] : environment) value = FilledIn(value);
  environment["OTHER_KEY"] = "other-key";
  gateway_.reset(new GatewayFixture(GatewayFixture::FromFile(config, std::move(environment))));
}

std::string VertexLab::FilledIn(std::string text) const {
  ReplaceAll("{tokens}", tokens_.host_port(), &text);
  ReplaceAll("{folder}", folder_.path(), &text);
  return text;
}

TestAnswer AskVertex(const GatewayFixture& gateway, const Headers& headers, const std::string& model) {
  TestClient client(gateway.http_address());
  Headers all = headers;
  all.emplace_back("x-portolan-provider", "vertex-ai");
  return client.Post("/v1/chat/completions",
                     json{{"model", model}, {"messages", {{{"role", "user"}, {"content", "hi"}}}}}.dump(),
                     all);
}

std::string CodeOf(const TestAnswer& answer) {
  const json body = json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  const json error = body.is_object() ? body.value("error", json::object()) : json::object();
  return error.is_object() && error.contains("code") && error["code"].is_string()
             ? error["code"].get<std::string>()
             : answer.body;
}

}  // namespace portolan::test
