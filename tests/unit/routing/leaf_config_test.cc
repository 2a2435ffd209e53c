#include "server/routing/leaf_config.h"

#include <gtest/gtest.h>

namespace portolan::routing {
namespace {

TEST(ParseLeafConfig, ReadsALeaf) {
  LeafConfig config;
  const auto error = ParseLeafConfig(
      R"({"provider":"openai","api_key":"sk","custom_host":"http://h/v1","request_timeout":1500,)"
      R"("override_params":{"model":"m","temperature":0.50},"openai_project":"p","retry":{"attempts":2}})",
      &config);
  ASSERT_FALSE(error) << error->message;
  EXPECT_EQ(config.provider, "openai");
  EXPECT_EQ(config.api_key, "sk");
  EXPECT_EQ(config.custom_host, "http://h/v1");
  EXPECT_EQ(config.request_timeout, std::chrono::milliseconds(1500));
  ASSERT_EQ(config.override_params.size(), 2u);
  EXPECT_EQ(config.override_params[1].name, "temperature");
  EXPECT_EQ(config.override_params[1].json, "0.50");
  ASSERT_EQ(config.options.size(), 1u);
  EXPECT_EQ(config.options[0].first, "openai_project");
  EXPECT_EQ(config.ignored, std::vector<std::string>{"retry"});
  EXPECT_EQ(config.index, "config");
}

TEST(ParseLeafConfig, ReadsAListOfOneTarget) {
  LeafConfig config;
  ASSERT_FALSE(
      ParseLeafConfig(R"({"strategy":{"mode":"single"},"targets":[{"provider":"anthropic"}]})", &config));
  EXPECT_EQ(config.provider, "anthropic");
  EXPECT_EQ(config.index, "config.targets[0]");
}

TEST(ParseLeafConfig, SaysWhatIsWrongAndWhere) {
  struct Case {
    const char* json;
    const char* message;
  };
  const Case cases[] = {
      {"[object Object]", "JSON.stringify"},
      {"pc-123", "send the config as JSON"},
      {"[]", "config: expected an object, got an array"},
      {R"({"provider":5})", "config.provider: expected a string, got a number"},
      {R"({"targets":[]})", "config.targets: must hold exactly one target"},
      {R"({"targets":[{"provider":"a"},{"provider":"b"}]})", "config.targets: must hold exactly one target"},
      {R"({"targets":[{"api_key":null}]})", "config.targets[0].api_key: expected a string, got null"},
      {R"({"request_timeout":1.5})", "config.request_timeout: must be a whole number of milliseconds"},
      {R"({"request_timeout":9000000000000000000})",
       "config.request_timeout: must be a whole number of milliseconds"},
      {R"({"strategy":{"mode":"random"}})", "config.strategy.mode: must be"},
      {R"({"options":[]})", "config.options: is not a member of a config"},
      {R"({"provider":"a"} x)", "text after the end of the value"},
      {R"({"provider":"a")", "not a JSON text"},
  };
  for (const Case& test : cases) {
    LeafConfig config;
    const auto error = ParseLeafConfig(test.json, &config);
    ASSERT_TRUE(error) << test.json;
    EXPECT_EQ(error->http_status, 400);
    EXPECT_NE(error->message.find(test.message), std::string::npos)
        << test.json << " gave: " << error->message;
  }
}

}  // namespace
}  // namespace portolan::routing
