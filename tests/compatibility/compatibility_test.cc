#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/compatibility/case.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/unit/routing/compile.h"
#include "tests/unit/routing/walk.h"

namespace portolan::compatibility {
namespace {

using nlohmann::json;

void Prove(const Route& route) {
  const auto plan = routing::Compiled(route.config);
  routing::WalkOptions options;
  options.facts = {route.metadata, route.params, route.pathname};
  options.random = [&] { return route.chance; };
  const routing::Walked walked = routing::Walk(*plan, routing::AllHappen(route.happens), options);
  EXPECT_EQ(Told(walked.attempts), route.attempts) << route.config;
  EXPECT_EQ(walked.retry_count, route.retry_count) << route.config;
  std::string ignored;
  for (const std::string& name : plan->ignored) ignored.append(ignored.empty() ? "" : ", ").append(name);
  EXPECT_EQ(ignored, route.ignored) << route.config;
}

void Prove(const Refusal& refusal) {
  std::shared_ptr<const routing::RoutePlan> plan;
  const auto error = routing::Compile(refusal.config, &plan);
  ASSERT_TRUE(error) << refusal.config;
  EXPECT_EQ(error->http_status, 400);
  EXPECT_EQ(error->code, "invalid_config");
  EXPECT_NE(error->message.find(refusal.message), std::string::npos)
      << refusal.config << ": " << error->message;
}

// What a target says, in a fixed order.
std::string Describe(const routing::TargetSpec& target) {
  std::string text = "provider=" + std::string(target.provider == nullptr ? "" : target.provider->name);
  if (!target.api_key.empty()) text.append(" key=").append(target.api_key.Reveal());
  if (!target.custom_host.empty()) text += " host=" + target.custom_host;
  if (target.request_timeout) text += " timeout=" + std::to_string(target.request_timeout->count());
  std::string forward;
  for (const std::string& name : target.forward_headers)
    forward.append(forward.empty() ? "" : ",").append(name);
  if (!forward.empty()) text += " forward=" + forward;
  if (target.strict_open_ai_compliance)
    text += *target.strict_open_ai_compliance ? " strict=true" : " strict=false";
  for (const codec::Edit& edit : target.override_params) text += " " + edit.name + ":" + edit.json;
  for (const auto& [name, value] : target.options) text.append(" ").append(name).append("=").append(value);
  return text;
}

void Prove(const Spec& spec) {
  EXPECT_EQ(Describe(routing::Compiled(spec.config)->targets[0]->target), spec.target) << spec.config;
}

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

void ExpectMembers(const std::string& text, const std::vector<std::pair<std::string, std::string>>& members) {
  if (members.empty()) return;
  const json parsed = json::parse(text, nullptr, false);
  ASSERT_FALSE(parsed.is_discarded()) << text;
  for (const auto& [pointer, value] : members) {
    ASSERT_TRUE(parsed.contains(json::json_pointer(pointer))) << pointer << " is not in " << text;
    EXPECT_EQ(parsed.at(json::json_pointer(pointer)), json::parse(value)) << pointer << " in " << text;
  }
}

void ExpectHeaders(const test::TestAnswer& answer, const test::Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (value == "*") {
      EXPECT_NE(answer.Header(name), "") << name;
    } else {
      EXPECT_EQ(answer.Header(name), value) << name;
    }
  }
}

// TestClient sends a content type unless there is one.
std::string WithoutContentType(const Call& call, const test::Headers& headers) {
  std::string text = call.method + " " + call.path + " HTTP/1.1\r\nhost: localhost\r\n";
  for (const auto& [name, value] : headers) text.append(name).append(": ").append(value).append("\r\n");
  return text + "content-length: " + std::to_string(call.body.size()) + "\r\n\r\n" + call.body;
}

void Prove(const Call& call, const test::GatewayFixture& gateway) {
  std::atomic<size_t> number = 0;
  test::FakeUpstream upstream([&](const test::SeenRequest&) {
    const size_t n = number++;
    return call.answers.empty() ? test::Respond(500, "nobody is to be called")
                                : call.answers[std::min(n, call.answers.size() - 1)];
  });
  test::FakeUpstream gone([](const test::SeenRequest&) { return test::Script(); });
  gone.Stop();
  test::Headers headers = call.headers;
  for (auto& [name, value] : headers)
    value = Replaced(Replaced(value, "UPSTREAM", upstream.url()), "REFUSED", gone.url());

  test::TestClient client(gateway.http_address());
  ASSERT_TRUE(call.content_type ? client.Send(call.method, call.path, call.body, headers)
                                : client.SendRaw(WithoutContentType(call, headers)));
  const test::TestAnswer answer = client.ReadAnswer();
  EXPECT_EQ(answer.status, call.status) << answer.body;
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(upstream.requests().size(), static_cast<size_t>(call.calls)) << answer.body;
  if (!call.text.empty()) {
    EXPECT_EQ(answer.body, call.text);
  }
  if (call.ends_in_error) {
    EXPECT_NE(answer.body.find("\n\ndata: {\"error\":{\"message\":"), std::string::npos) << answer.body;
    EXPECT_EQ(answer.body.find("[DONE]"), std::string::npos) << answer.body;
  }
  ExpectMembers(answer.body, call.says);
  ExpectHeaders(answer, call.answer_headers);
  if (call.calls == 0) return;
  ASSERT_FALSE(upstream.requests().empty());
  const test::SeenRequest last = upstream.requests().back();
  if (!call.upstream_text.empty()) {
    EXPECT_EQ(last.body, call.upstream_text);
  }
  ExpectMembers(last.body, call.upstream_gets);
  for (const auto& [name, value] : call.upstream_headers) EXPECT_EQ(last.Header(name), value) << name;
}

TEST(Compatibility, IsAsTheTableSays) {
  const test::GatewayFixture gateway;
  for (const Case& test : AllCases()) {
    SCOPED_TRACE(test.group + ": " + test.what);
    EXPECT_FALSE(test.routes.empty() && test.refusals.empty() && test.specs.empty() && test.calls.empty())
        << "proves nothing";
    EXPECT_EQ(test.verdict != Verdict::kSame && test.portolan.empty(), false)
        << "does not say what is different";
    for (const Route& route : test.routes) Prove(route);
    for (const Refusal& refusal : test.refusals) Prove(refusal);
    for (const Spec& spec : test.specs) Prove(spec);
    for (const Call& call : test.calls) Prove(call, gateway);
  }
}

}  // namespace
}  // namespace portolan::compatibility
