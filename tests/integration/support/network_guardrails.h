#pragma once

// Calls whose guardrails ask a server of the test's.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "tests/integration/support/route_caller.h"

namespace portolan::test {

inline constexpr char kBody[] =
    R"({"model":"m", "temperature":1,"messages":[{"role":"system","content":"be kind"},{"role":"user","content":"hi"}]})";
inline constexpr char kAsksForStream[] =
    R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";
inline constexpr char kYes[] = R"({"verdict":true})";
inline constexpr char kNo[] = R"({"verdict":false,"data":{"why":"rude"}})";

inline Script Says(const std::string& json) { return RespondJson(200, json); }

inline std::string Replacing(const std::string& place, const nlohmann::json& by) {
  return nlohmann::json{{"verdict", true}, {"transformedData", {{place, {{"json", by}}}}}}.dump();
}

class NetworkGuardrails : public ::testing::Test {
 protected:
  std::string Target(const std::string& hooks) { return TargetOf(upstream_, "openai", hooks); }
  // `,"input_guardrails":[{"webhook":{…}…}]`; `more`: parameters, `rest`: of the guardrail.
  std::string Hooked(const std::string& place, const std::string& more = "",
                     const std::string& rest = R"(,"deny":true)") const {
    return ",\"" + place + R"(":[{"webhook":{"webhookURL":")" + hook_.url() + R"(/check?key=q")" + more +
           "}" + rest + "}]";
  }
  TestAnswer Post(const std::string& config, const std::string& body = kBody, Headers headers = {},
                  const std::string& path = "/v1/chat/completions") const {
    headers.emplace_back("x-portolan-config", config);
    return TestClient(gateway_.http_address()).Post(path, body, headers);
  }
  void Answers(const std::string& text) {
    answer_ = [text](const SeenRequest& request) { return Answering(request, text); };
  }
  void Hears(const std::string& json) {
    verdict_ = [json](const SeenRequest&) { return Says(json); };
  }
  nlohmann::json Posted(size_t index = 0) const {
    return nlohmann::json::parse(hook_.requests().at(index).body);
  }

  FakeUpstream::Handler answer_ = [](const SeenRequest& request) { return Answering(request, "fine"); };
  FakeUpstream::Handler verdict_ = [](const SeenRequest&) { return Says(kYes); };
  FakeUpstream upstream_{[this](const SeenRequest& request) { return answer_(request); }};
  FakeUpstream hook_{[this](const SeenRequest& request) { return verdict_(request); }};
  GatewayFixture gateway_;
};

}  // namespace portolan::test
