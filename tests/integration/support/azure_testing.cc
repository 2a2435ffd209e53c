#include "tests/integration/support/azure_testing.h"

#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/integration/support/route_caller.h"

namespace portolan::test {
namespace {

using nlohmann::json;

void ReplaceAll(const std::string& what, const std::string& with, std::string* text) {
  for (size_t place = text->find(what); place != std::string::npos; place = text->find(what)) {
    text->replace(place, what.size(), with);
  }
}

}  // namespace

FakeUpstream::Handler EntraTokens() {
  auto given = std::make_shared<std::atomic<int>>(0);
  return [given](const SeenRequest&) {
    return RespondJson(200, R"({"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,)"
                            R"("access_token":"token-)" +
                                std::to_string(++*given) + "\"}");
  };
}

Script AnsweringAsAzure(const SeenRequest& request) {
  // The scripts know paths by how they end.
  SeenRequest own = request;
  own.target = request.target.substr(0, request.target.find('?'));
  if (request.method == "GET" || !request.body.starts_with('{')) return RespondJson(200, "{}");
  return Answering(own, "Hello");
}

AzureLab::AzureLab(const std::string& key, FakeUpstream::Handler tokens, FakeUpstream::Handler models,
                   std::map<std::string, std::string> environment, const std::string& more)
    : tokens_(std::move(tokens)), models_(std::move(models)) {
  const std::string config = file("portolan.yaml");
  const std::string held = key.empty() ? "" : ", api_key: \"env:KEY\"";
  environment["KEY"] = FilledIn(key);
  for (auto& [name, value] : environment) value = FilledIn(value);
  std::ofstream(config) << "providers:\n  azure-openai: {base_url: \"" << models_.url() << "/openai\"" << held
                        << "}\n  azure-ai: {base_url: \"" << models_.url() << "\"" << held
                        << "}\n  other: {base_url: \"" << models_.url()
                        << "/other/v1\", dialect: openai, api_key: \"env:OTHER_KEY\"}\n"
                        << FilledIn(more);
  environment["OTHER_KEY"] = "other-key";
  gateway_.reset(new GatewayFixture(GatewayFixture::FromFile(config, std::move(environment))));
}

std::string AzureLab::FilledIn(std::string text) const {
  ReplaceAll("{tokens}", tokens_.url(), &text);
  ReplaceAll("{models}", models_.url(), &text);
  ReplaceAll("{folder}", folder_.path(), &text);
  return text;
}

TestAnswer AskAzure(const GatewayFixture& gateway, const Headers& headers, const std::string& model) {
  TestClient client(gateway.http_address());
  Headers all = headers;
  all.emplace_back("x-portolan-provider", "azure-openai");
  return client.Post("/v1/chat/completions",
                     json{{"model", model}, {"messages", {{{"role", "user"}, {"content", "hi"}}}}}.dump(),
                     all);
}

std::string ErrorCode(const TestAnswer& answer) {
  const json body = json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  const json error = body.is_object() ? body.value("error", json::object()) : json::object();
  return error.is_object() && error.contains("code") && error["code"].is_string()
             ? error["code"].get<std::string>()
             : answer.body;
}

}  // namespace portolan::test
