#pragma once

// Vertex AI as a test has it: an endpoint for tokens, a host of models, and a gateway whose operator has
// named both.

#include <map>
#include <memory>
#include <string>

#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {

// `{"access_token":"token-N","expires_in":3599,"token_type":"Bearer"}`, N counting what this script gave.
FakeUpstream::Handler Tokens();
// An answer in the dialect of the path.
Script AnsweringAsVertex(const SeenRequest& request);
// Likewise, to those who bring `token`; to others 401, as Google says it.
Script AnsweringToToken(const SeenRequest& request, const std::string& token);

class VertexLab {
 public:
  explicit VertexLab(FakeUpstream::Handler tokens, FakeUpstream::Handler models = AnsweringAsVertex);
  // With another key than the service account's, where `{tokens}` stands for the host and port of the first
  // server and `{folder}` for a folder of the test. `environment` and `more`, which is added to the config
  // file, likewise.
  VertexLab(FakeUpstream::Handler tokens, FakeUpstream::Handler models, const std::string& key,
            std::map<std::string, std::string> environment, const std::string& more = {});

  const FakeUpstream& tokens() const { return tokens_; }
  const FakeUpstream& models() const { return models_; }
  GatewayFixture& gateway() { return *gateway_; }
  // `http://…/token`, which the service account names.
  std::string token_url() const { return tokens_.url() + "/token"; }
  std::string file(const std::string& name) const { return folder_.path() + "/" + name; }

 private:
  std::string FilledIn(std::string text) const;
  void Start(const std::string& key, std::map<std::string, std::string> environment, const std::string& more);

  const TempFolder folder_;
  FakeUpstream tokens_;
  FakeUpstream models_;
  std::unique_ptr<GatewayFixture> gateway_;
};

// A unary chat request to `model` at the OpenAI door, with `headers` besides.
TestAnswer AskVertex(const GatewayFixture& gateway, const Headers& headers = {},
                     const std::string& model = "gemini-2.5-flash");
// `error.code` of an answer.
std::string CodeOf(const TestAnswer& answer);

}  // namespace portolan::test
