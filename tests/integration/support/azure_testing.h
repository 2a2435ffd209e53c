#pragma once

// Azure as a test has it: an endpoint for tokens, a host of models, and a gateway whose operator has named
// both.

#include <map>
#include <memory>
#include <string>

#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {

// `{"access_token":"token-N",…}`, N counting what this script gave.
FakeUpstream::Handler EntraTokens();
// An answer in the dialect of the path.
Script AnsweringAsAzure(const SeenRequest& request);

class AzureLab {
 public:
  // `key`: of both providers, where `{tokens}` and `{models}` stand for the two servers and `{folder}` for a
  // folder of the test. `environment` likewise. `more`: added to the config file.
  explicit AzureLab(const std::string& key, FakeUpstream::Handler tokens = EntraTokens(),
                    FakeUpstream::Handler models = AnsweringAsAzure,
                    std::map<std::string, std::string> environment = {}, const std::string& more = {});

  const FakeUpstream& tokens() const { return tokens_; }
  const FakeUpstream& models() const { return models_; }
  GatewayFixture& gateway() { return *gateway_; }
  std::string file(const std::string& name) const { return folder_.path() + "/" + name; }
  // The last request that the host of models has seen.
  SeenRequest Last() const { return models_.requests().back(); }

 private:
  std::string FilledIn(std::string text) const;

  const TempFolder folder_;
  FakeUpstream tokens_;
  FakeUpstream models_;
  std::unique_ptr<GatewayFixture> gateway_;
};

// A unary chat request to `model` at the OpenAI door, with `headers` besides.
TestAnswer AskAzure(const GatewayFixture& gateway, const Headers& headers = {},
                    const std::string& model = "gpt-4o");
// `error.code` of an answer.
std::string ErrorCode(const TestAnswer& answer);

}  // namespace portolan::test
