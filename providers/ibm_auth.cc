#include "providers/ibm_auth.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "providers/oauth.h"
#include "providers/provider.h"
#include "server/base/sha256.h"

namespace portolan::providers {
namespace {

constexpr std::string_view kIam = "https://iam.cloud.ibm.com";

// API keys of IBM's have no dots.
bool IsToken(std::string_view key) {
  return key.starts_with("eyJ") && std::count(key.begin(), key.end(), '.') == 2;
}

std::string EndpointOf(const Target& target) {
  std::string_view endpoint =
      target.provider == nullptr ? std::string_view() : target.provider->OptionOf(target, "ibm_iam_endpoint");
  if (endpoint.empty()) endpoint = kIam;
  while (endpoint.ends_with('/')) endpoint.remove_suffix(1);
  return std::string(endpoint);
}

std::string NameOf(const Target& target) {
  const std::string endpoint = EndpointOf(target);
  const std::array<std::string_view, 4> pieces = {"ibm-iam:", target.api_key.Reveal(), "\n", endpoint};
  return Hex(Sha256(pieces));
}

Need TokenNeed(const Target& target) {
  std::string form;
  AddFormParameter("grant_type", "urn:ibm:params:oauth:grant-type:apikey", &form);
  AddFormParameter("apikey", target.api_key.Reveal(), &form);
  AddFormParameter("response_type", "cloud_iam", &form);
  return {.what = "an access token of IBM Cloud",
          .url = EndpointOf(target) + "/identity/token",
          .headers = {{"content-type", "application/x-www-form-urlencoded"}},
          .body = Secret(std::move(form)),
          .read = ReadIbmTokenAnswer};
}

class IbmCloud final : public Auth {
 public:
  std::string TokenName(const Target& target) const override {
    return IsToken(target.api_key.Reveal()) ? std::string() : NameOf(target);
  }

  Outcome Apply(const SignInput& input, const Target& target,
                std::vector<HeaderField>* headers) const override {
    if (IsToken(target.api_key.Reveal())) return BearerAuth().Apply(input, target, headers);
    std::string name = NameOf(target);
    const Secret* const token = input.tokens == nullptr ? nullptr : input.tokens->Find(name);
    if (token == nullptr) {
      Need need = TokenNeed(target);
      need.name = std::move(name);
      return need;
    }
    headers->push_back({"authorization", "Bearer " + std::string(token->Reveal())});
    return Done();
  }
};

}  // namespace

// `{"context":{…},"errorCode":"BXNIM0415E","errorMessage":"Provided API key could not be found."}`, with
// status 400.
std::variant<Token, Refusal> ReadIbmTokenAnswer(int http_status, std::string_view body) {
  std::variant<Token, Refusal> said = ReadTokenAnswer(http_status, body);
  auto* const refusal = std::get_if<Refusal>(&said);
  if (refusal == nullptr || http_status == 200) return said;
  std::string code;
  std::string message;
  ForEachText(body, [&](std::string_view name, std::string_view value) {
    if (name == "errorCode") code = PrintableWords(value);
    if (name == "errorMessage") message = PrintableWords(value);
  });
  if (!code.empty()) refusal->message += ", " + code;
  if (!message.empty()) refusal->message += (code.empty() ? ", " : ": ") + message;
  return said;
}

const Auth& IbmCloudAuth() {
  static const IbmCloud auth;
  return auth;
}

}  // namespace portolan::providers
