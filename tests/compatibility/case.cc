#include "tests/compatibility/case.h"

namespace portolan::compatibility {

test::Script GoodAnswer() {
  return test::RespondJson(
      200, R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[)"
           R"({"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]})");
}

test::Script GoodEmbedding() {
  return test::RespondJson(
      200, R"({"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.5]}],)"
           R"("usage":{"prompt_tokens":1,"total_tokens":1}})");
}

test::Headers Config(const std::string& config) { return {{"x-portkey-config", config}}; }

std::string AtUpstream(const std::string& members) {
  return R"({"provider":"openai","api_key":"k","custom_host":"UPSTREAM")" + members + "}";
}

std::vector<Case> AllCases() {
  std::vector<Case> all;
  for (const auto& cases : {ConfigCases(), InheritanceCases(), StrategyCases(), ConditionCases(),
                            RetryCases(), HeaderCases(), GuardrailCases(), ErrorCases()}) {
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

}  // namespace portolan::compatibility
