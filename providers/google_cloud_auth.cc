#include <array>
#include <utility>

#include "providers/auth.h"
#include "providers/google_credentials.h"
#include "providers/google_impersonation.h"
#include "providers/google_metadata.h"
#include "providers/oauth.h"
#include "providers/provider.h"
#include "server/base/sha256.h"

namespace portolan::providers {
namespace {

constexpr std::string_view kJsonOption = "vertex_service_account_json";
constexpr std::string_view kProjectOption = "vertex_project_id";
constexpr std::string_view kMetadataOption = "vertex_metadata_host";

bool IsJson(std::string_view key) { return key.starts_with('{'); }
bool IsMetadataServer(std::string_view key) { return key == kMetadataServerKey; }

std::string_view MetadataHost(const Target& target) {
  const std::string_view host = target.provider == nullptr
                                    ? target.option(kMetadataOption)
                                    : target.provider->OptionOf(target, kMetadataOption);
  return host.empty() ? kMetadataHost : host;
}

std::string NameOf(const Target& target) {
  const std::string_view key = target.api_key.Reveal();
  const bool metadata = IsMetadataServer(key);
  const std::array<std::string_view, 2> pieces = {metadata ? "google-metadata:" : "google-cloud:",
                                                  metadata ? MetadataHost(target) : key};
  return Hex(Sha256(pieces));
}

// Of the token that is exchanged for the one that is sent.
std::string SourceNameOf(const Target& target) {
  const std::array<std::string_view, 2> pieces = {"google-cloud-source:", target.api_key.Reveal()};
  return Hex(Sha256(pieces));
}

Error Bad(const Target& target, std::string message, std::string_view param = {}) {
  Error error = Error::InvalidRequest("invalid_service_account", std::move(message), std::string(param));
  if (target.key_from_caller) return error;
  error.error_class = ErrorClass::kGateway;
  error.http_status = 500;
  return error;
}

Error BadCredentials(const Target& target, const std::string& problem) {
  return Bad(target, "the JSON of the service account: " + problem, kJsonOption);
}

class GoogleCloud final : public Auth {
 public:
  std::string KeyFromOptions(const Target& target) const override {
    return std::string(target.option(kJsonOption));
  }

  std::string OptionFromKey(std::string_view option, const Target& target) const override {
    const std::string_view key = target.api_key.Reveal();
    return option == kProjectOption && IsJson(key) ? GoogleProjectOf(key) : std::string();
  }

  std::string ProblemOf(std::string_view key) const override {
    GoogleCredentials credentials;
    if (!IsJson(key)) return {};
    if (std::string problem = ReadGoogleCredentials(key, &credentials); !problem.empty()) return problem;
    return GoogleTokenRequest(credentials, 0).empty() ? std::string(kBadKey) : std::string();
  }

  std::string TokenName(const Target& target) const override {
    return IsFetchedFor(target.api_key.Reveal()) ? NameOf(target) : std::string();
  }

  Outcome Apply(const SignInput& input, const Target& target,
                std::vector<HeaderField>* headers) const override {
    const std::string_view key = target.api_key.Reveal();
    if (!IsFetchedFor(key)) return BearerAuth().Apply(input, target, headers);
    // What the machine has is the operator's to give away.
    if (IsMetadataServer(key) && target.key_from_caller) {
      return Bad(target, "metadata-server: only the gateway's operator may let its own identity be used");
    }
    std::string name = NameOf(target);
    const Secret* const token = Find(input, name);
    if (token == nullptr) return NeedOf(input, target, std::move(name));
    headers->push_back({"authorization", "Bearer " + std::string(token->Reveal())});
    return Done();
  }

 private:
  static bool IsFetchedFor(std::string_view key) { return IsJson(key) || IsMetadataServer(key); }

  static const Secret* Find(const SignInput& input, std::string_view name) {
    return input.tokens == nullptr ? nullptr : input.tokens->Find(name);
  }

  static constexpr std::string_view kBadKey =
      "its private_key is not a key of RSA in PEM, not encrypted, of 1024 to 4096 bits";

  static Outcome NeedOf(const SignInput& input, const Target& target, std::string name) {
    if (IsMetadataServer(target.api_key.Reveal())) {
      Need need = MetadataTokenNeed(MetadataHost(target));
      need.name = std::move(name);
      return need;
    }
    GoogleCredentials credentials;
    if (const std::string problem = ReadGoogleCredentials(target.api_key.Reveal(), &credentials);
        !problem.empty()) {
      return BadCredentials(target, problem);
    }
    // A caller must not choose whom the gateway calls.
    const std::string only = target.key_from_caller ? OnlyForOperators(credentials) : std::string();
    if (!only.empty()) return BadCredentials(target, only);
    if (!credentials.impersonation_url.empty()) {
      std::string own_name = SourceNameOf(target);
      if (const Secret* const own = Find(input, own_name)) {
        Need need = ImpersonationNeed(credentials, own->Reveal());
        need.name = std::move(name);
        return need;
      }
      name = std::move(own_name);
    }
    std::string body = GoogleTokenRequest(credentials, input.unix_seconds);
    if (body.empty()) return BadCredentials(target, std::string(kBadKey));
    return Need{.name = std::move(name),
                .what = "an access token of Google Cloud",
                .url = std::move(credentials.token_url),
                .headers = {{"content-type", "application/x-www-form-urlencoded"}},
                .body = Secret(std::move(body)),
                .body_file = std::move(credentials.token_file),
                .read = ReadTokenAnswer};
  }
};

}  // namespace

const Auth& GoogleCloudAuth() {
  static const GoogleCloud auth;
  return auth;
}

}  // namespace portolan::providers
