// The recipes of docs/guardrails.md, as they stand there.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/integration/support/route_caller.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

// The file of the recipe whose heading begins so.
std::string Recipe(const std::string& heading) {
  std::ifstream file("docs/guardrails.md");
  std::ostringstream all;
  all << file.rdbuf();
  const std::string page = all.str();
  const size_t at = page.find("**" + heading);
  const size_t begin = page.find("```yaml\n", at) + 8;
  EXPECT_NE(at, std::string::npos) << heading;
  return page.substr(begin, page.find("```", begin) - begin);
}

class GuardrailRecipes : public ::testing::Test {
 protected:
  GatewayFixture Start(const std::string& heading) {
    const TempFolder folder;
    const std::string path = folder.path() + "/gateway.yaml";
    std::ofstream(path) << Recipe(heading) << "providers: {openai: {base_url: \"" << upstream_.url()
                        << "/v1\", api_key: \"env:OPENAI_API_KEY\"}}\n";
    return GatewayFixture::FromFile(path, {{"OPENAI_API_KEY", "sk-test"}});
  }
  static TestAnswer Post(const GatewayFixture& gateway, const std::string& model, const std::string& text,
                         const Headers& headers = {}) {
    const Json body = {{"model", model}, {"messages", {{{"role", "user"}, {"content", text}}}}};
    return TestClient(gateway.http_address()).Post("/v1/chat/completions", body.dump(), headers);
  }

  std::string says_ = "fine";
  std::string better_says_ = "fine";
  FakeUpstream upstream_{[this](const SeenRequest& request) {
    return Answering(request, Json::parse(request.body)["model"] == "gpt-4.1" ? better_says_ : says_);
  }};
};

TEST_F(GuardrailRecipes, PersonalDataStaysHere) {
  says_ = "ask jane@example.com";
  GatewayFixture gateway = Start("Personal data stays here");
  const TestAnswer answer = Post(gateway, "m", "Write to joe@example.com");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("ask [EMAIL]"));
  EXPECT_EQ(Json::parse(upstream_.requests().at(0).body)["messages"][0]["content"], "Write to [EMAIL]");
}

TEST_F(GuardrailRecipes, JsonMustFitASchema) {
  says_ = "I think it is Jane.";
  better_says_ = R"({"name": "Jane", "age": 7})";
  GatewayFixture gateway = Start("JSON that must fit a schema");
  const TestAnswer answer = Post(gateway, "m", "Who?");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("Jane"));
  EXPECT_EQ(answer.Header("x-portolan-last-used-option-index"), "config.targets[1]");
  better_says_ = "I do not know.";
  const TestAnswer worse = Post(gateway, "m", "Who?");
  EXPECT_EQ(worse.status, 246);
  EXPECT_THAT(worse.body, HasSubstr("I do not know."));
  EXPECT_EQ(Json::parse(worse.body)["hook_results"]["after_request_hooks"][0]["verdict"], false);
}

TEST_F(GuardrailRecipes, EachTeamHasItsModels) {
  GatewayFixture gateway = Start("A list of models for each team");
  EXPECT_EQ(Post(gateway, "gpt-4.1", "hi").status, 446);
  EXPECT_EQ(Post(gateway, "gpt-4.1", "hi", {{"x-portolan-metadata", R"({"team": "sales"})"}}).status, 446);
  EXPECT_THAT(upstream_.requests(), IsEmpty());
  EXPECT_EQ(Post(gateway, "gpt-4.1", "hi", {{"x-portolan-metadata", R"({"team": "research"})"}}).status, 200);
  EXPECT_EQ(Post(gateway, "gpt-4.1-mini", "hi").status, 200);
}

}  // namespace
}  // namespace portolan::test
