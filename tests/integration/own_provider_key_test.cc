// How a provider of the operator's own is sent its key: in the header that the config file names.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

constexpr char kChat[] = "/v1/chat/completions";
constexpr char kBody[] = R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})";
constexpr char kAnswer[] =
    R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]})";
constexpr char kClaudesAnswer[] =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"yes"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}})";

class OwnProviderKey : public ::testing::Test {
 protected:
  GatewayFixture Start(const std::string& more = "") const {
    const std::string url = upstream_.url();
    std::ofstream(folder_.path() + "/portolan.yaml")
        << "providers:\n"
        << "  lab: {base_url: '" << url << "/v1', api_key: env:LAB_KEY, auth: {header: X-Lab-Key}}\n"
        << "  claude: {base_url: '" << url
        << "/v1', dialect: anthropic, api_key: env:LAB_KEY, auth: {header: api-key}}\n"
        << "  openai: {base_url: '" << url << "/v1', api_key: env:LAB_KEY, auth: {header: x-api-key}}\n"
        << "  plain: {base_url: '" << url << "/v1', api_key: env:LAB_KEY, auth: {}}\n"
        << more;
    return GatewayFixture::FromFile(folder_.path() + "/portolan.yaml", {{"LAB_KEY", "lab-key"}});
  }

  // What the provider saw of keys: `HEADER: VALUE`, a line each.
  std::string KeysSeen() const {
    const SeenRequest seen = upstream_.requests().back();
    std::string lines;
    for (const char* name : {"authorization", "x-lab-key", "x-api-key", "api-key"}) {
      for (int i = seen.CountHeader(name); i > 0; --i) lines += name + (": " + seen.Header(name)) + "\n";
    }
    return lines;
  }

  const FakeUpstream upstream_{[](const SeenRequest& request) {
    return RespondJson(200, request.target == "/v1/messages" ? kClaudesAnswer : kAnswer);
  }};
  const TempFolder folder_;
};

TEST_F(OwnProviderKey, GoesInTheHeaderThatItsOwnerNames) {
  GatewayFixture gateway = Start();
  TestClient client(gateway.http_address());
  const auto keys = [&](const char* provider, const char* path) {
    const TestAnswer answer = client.Post(path, kBody, {{"x-portolan-provider", provider}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    return KeysSeen();
  };
  EXPECT_EQ(keys("lab", kChat), "x-lab-key: lab-key\n");
  EXPECT_EQ(keys("lab", "/v1/anything"), "x-lab-key: lab-key\n");
  EXPECT_EQ(keys("lab", "/v1/messages"), "x-lab-key: lab-key\n");
  EXPECT_EQ(keys("claude", kChat), "api-key: lab-key\n");
  EXPECT_EQ(keys("claude", "/v1/messages"), "api-key: lab-key\n");
  EXPECT_EQ(keys("openai", kChat), "x-api-key: lab-key\n");
  EXPECT_EQ(keys("plain", kChat), "authorization: Bearer lab-key\n");
}

TEST_F(OwnProviderKey, OfACallerGoesThereToo) {
  GatewayFixture gateway = Start("upstream: {direct_keys: true}\n");
  TestClient client(gateway.http_address());
  const auto keys = [&](const Headers::value_type& key) {
    EXPECT_EQ(client.Post(kChat, kBody, {{"x-portolan-provider", "lab"}, key}).status, 200);
    return KeysSeen();
  };
  EXPECT_EQ(keys({"x-lab-key", "theirs"}), "x-lab-key: theirs\n");
  EXPECT_EQ(keys({"authorization", "Bearer theirs"}), "x-lab-key: theirs\n");
}

// Nothing that a caller sends under its name stands beside it, or goes elsewhere.
TEST_F(OwnProviderKey, StandsAlone) {
  GatewayFixture gateway = Start();
  TestClient client(gateway.http_address());
  const Headers::value_type forward = {"x-portolan-forward-headers", "x-lab-key"};
  const Headers::value_type theirs = {"x-lab-key", "theirs"};
  EXPECT_EQ(client.Post(kChat, kBody, {{"x-portolan-provider", "lab"}, forward, theirs}).status, 200);
  EXPECT_EQ(KeysSeen(), "x-lab-key: lab-key\n");
  EXPECT_EQ(client.Post(kChat, kBody, {{"x-portolan-provider", "plain"}, theirs}).status, 200);
  EXPECT_EQ(KeysSeen(), "authorization: Bearer lab-key\n");
  // A host of the caller's gets no key of the operator's.
  const Headers elsewhere = {{"x-portolan-provider", "lab"}, {"x-portolan-custom-host", upstream_.url()}};
  client.Post(kChat, kBody, elsewhere);
  EXPECT_EQ(KeysSeen(), "");
}

}  // namespace
}  // namespace portolan::test
