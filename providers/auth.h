#pragma once

// How a provider wants its credentials. Applied last, over the request as it will be sent, so that a
// signature covers all of it, and nothing that a caller's header says takes its place.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "providers/call.h"
#include "providers/need.h"
#include "server/base/error.h"
#include "server/base/header.h"

namespace portolan::providers {

// The request that is to be authenticated.
struct SignInput {
  std::string_view method;
  std::string_view base_url;
  std::string_view path;  // appended to the path of base_url; with query
  std::span<const HeaderView> headers;
  std::span<const std::string_view> body;  // pieces
  int64_t unix_seconds = 0;                // now
  const Tokens* tokens = nullptr;          // that were fetched; null: none
};

// Immutable, thread-safe. There is one object of each for the whole process.
class Auth {
 public:
  virtual ~Auth() = default;
  // The headers, besides Authorization, in which callers of the provider send a key. Names in lower case.
  virtual std::span<const std::string_view> key_headers() const { return {}; }
  // The key, where options say it (`aws_access_key_id` …); empty: they do not.
  virtual std::string KeyFromOptions(const Target&) const { return {}; }
  // Whether what it adds depends on the body, which must be held whole then.
  virtual bool signs_body() const { return false; }
  // What the key says of an option (the project that it belongs to); empty: nothing.
  virtual std::string OptionFromKey(std::string_view /*option*/, const Target&) const { return {}; }
  // What is wrong with a key, for whoever gave it; empty: nothing that can be seen before it is used.
  virtual std::string ProblemOf(std::string_view /*key*/) const { return {}; }
  // Adds the headers that authenticate the request, or says what is lacking: then it is asked again when that
  // is there. Not called without a key.
  virtual Outcome Apply(const SignInput& input, const Target& target,
                        std::vector<HeaderField>* headers) const = 0;
  // Under which name the token is kept that Apply uses; empty: it uses none.
  virtual std::string TokenName(const Target&) const { return {}; }
  // Whether an answer says that the token is not, or no longer, good.
  virtual bool RefusesToken(int http_status, std::span<const HeaderView> /*headers*/) const {
    return http_status == 401;
  }
};

// `Authorization: Bearer KEY`.
const Auth& BearerAuth();
// `x-api-key: KEY`; tokens of OAuth (`sk-ant-oat…`), and what callers of Anthropic's dialect sent as a
// bearer, go as a bearer, which is the only form in which they are accepted.
const Auth& AnthropicAuth();
// `x-goog-api-key: KEY`.
const Auth& GoogleAuth();
// AWS's Signature Version 4 for the service `bedrock`, if the key is `ID:SECRET` or `ID:SECRET:TOKEN`, also
// of the options `aws_access_key_id`, `aws_secret_access_key` and `aws_session_token`, or the workload's (see
// sts.h, aws_container.h); else it is one of Bedrock's own, which goes as a bearer. The region is the option
// `aws_region`, else the one that the host names, else the option's fallback. With the option `aws_role_arn`
// the request is signed with temporary credentials for that role, which the key fetches (see sts.h).
const Auth& AwsAuth();
// The same for the service `sagemaker`, which has no keys of its own: what cannot sign is refused.
const Auth& SageMakerAuth();
// Google Cloud: `Authorization: Bearer TOKEN`. The key is an access token, or the JSON of a service account
// or of an authorized user (`gcloud auth application-default login`), for which tokens are fetched; the
// option `vertex_service_account_json` may say it too. The JSON that callers give must name Google's own
// endpoint.
const Auth& GoogleCloudAuth();
// Azure: `api-key: KEY` (`x-api-key` where Anthropic's dialect is spoken), or `Authorization: Bearer TOKEN`
// with a token of Microsoft Entra ID: the key itself, if it is a JWT, the option `azure_ad_token`, or one
// that is fetched for credentials, which the key (see AzureCredentials) or the options of `azure_auth_mode`
// say. What the machine has, a managed or workload identity, only the operator may have used.
const Auth& AzureAuth();

}  // namespace portolan::providers
