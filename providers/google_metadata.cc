#include "providers/google_metadata.h"

#include <string>
#include <variant>

#include "providers/oauth.h"

namespace portolan::providers {
namespace {

constexpr std::string_view kPath = "/computeMetadata/v1/instance/service-accounts/default/token";

// What is wrong is told in plain words, by GKE's those of IAM: `Unable to generate access token; IAM returned
// 404 Not Found: …`.
std::variant<Token, Refusal> ReadAnswer(int http_status, std::string_view body) {
  std::variant<Token, Refusal> said = ReadTokenAnswer(http_status, body);
  auto* const refusal = std::get_if<Refusal>(&said);
  const bool in_words = !body.empty() && body.front() != '{' && body.front() != '<';
  if (refusal != nullptr && http_status >= 400 && in_words) {
    const std::string words = PrintableWords(body);
    refusal->message += ", " + words.substr(0, words.find_last_not_of(' ') + 1);
  }
  return said;
}

}  // namespace

Need MetadataTokenNeed(std::string_view host) {
  while (host.ends_with('/')) host.remove_suffix(1);
  Need need{.what = "an access token of Google Cloud",
            .method = "GET",
            .headers = {{"metadata-flavor", "Google"}},
            .read = ReadAnswer};
  if (host.find("://") == std::string_view::npos) need.url = "http://";
  need.url.append(host).append(kPath);
  return need;
}

}  // namespace portolan::providers
