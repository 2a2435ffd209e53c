#include <algorithm>
#include <array>

#include "providers/auth.h"
#include "providers/azure_credentials.h"
#include "providers/provider.h"
#include "server/base/sha256.h"
#include "server/base/text.h"

namespace portolan::providers {
namespace {

using Kind = AzureCredentials::Kind;

// What the row or the environment says, where nobody gave the option.
std::string_view ValueOf(const Target& target, std::string_view option) {
  return target.provider == nullptr ? target.option(option) : target.provider->OptionOf(target, option);
}

std::string_view ModeOf(const Target& target) { return target.option("azure_auth_mode"); }

// Portkey knows the first; an empty one says nothing.
bool IsKeyMode(std::string_view mode) { return mode.empty() || mode == "default" || mode == "api_key"; }

std::string Joined(std::string_view tenant, std::string_view client, std::string_view secret) {
  std::string key(tenant);
  return key.append(":").append(client).append(":").append(secret);
}

std::string_view ScopeOf(const Target& target) {
  const std::string_view given = target.option("azure_entra_scope");
  return given.empty() ? kAzureScope : given;
}

// Whether a scope is one of Azure's AI services, in any of its clouds.
bool IsOfAzureAi(std::string_view scope) {
  constexpr std::array<std::string_view, 2> kServices = {"https://cognitiveservices.azure.",
                                                         "https://ai.azure."};
  constexpr std::array<std::string_view, 3> kClouds = {"com/.default", "us/.default", "cn/.default"};
  return std::any_of(kServices.begin(), kServices.end(), [&](std::string_view service) {
    return scope.starts_with(service) &&
           std::find(kClouds.begin(), kClouds.end(), scope.substr(service.size())) != kClouds.end();
  });
}

Error Bad(const Target& target, std::string message, std::string param) {
  Error error = Error::InvalidRequest("invalid_azure_credentials", std::move(message), std::move(param));
  if (target.key_from_caller) return error;
  error.error_class = ErrorClass::kGateway;
  error.http_status = 500;
  return error;
}

class Azure final : public Auth {
 public:
  std::span<const std::string_view> key_headers() const override {
    static constexpr std::array<std::string_view, 2> kNames = {"api-key", "x-api-key"};
    return kNames;
  }

  // Whatever is missing or wrong in it is told by Apply.
  std::string KeyFromOptions(const Target& target) const override {
    constexpr std::string_view kBearer = "bearer ";
    if (std::string_view token = target.option("azure_ad_token"); !token.empty()) {
      if (StartsWithIgnoreCase(token, kBearer)) token.remove_prefix(kBearer.size());
      return std::string(token);
    }
    const std::string_view mode = ModeOf(target);
    if (IsKeyMode(mode)) return {};
    if (mode == "managed") {
      const std::string_view client = target.option("azure_managed_client_id");
      return client.empty() ? "managed-identity" : "managed-identity:" + std::string(client);
    }
    if (mode == "workload") return Workload(target);
    // Also of a mode that there is not.
    return Joined(target.option("azure_entra_tenant_id"), target.option("azure_entra_client_id"),
                  target.option("azure_entra_client_secret"));
  }

  std::string ProblemOf(std::string_view key) const override {
    AzureCredentials credentials;
    return ReadAzureCredentials(key, &credentials);
  }

  std::string TokenName(const Target& target) const override {
    AzureCredentials credentials;
    const std::string_view key = target.api_key.Reveal();
    if (IsBearer(target) || !ReadAzureCredentials(key, &credentials).empty()) return {};
    return credentials.kind == Kind::kKey || credentials.kind == Kind::kToken ? std::string()
                                                                              : NameOf(target);
  }

  Outcome Apply(const SignInput& input, const Target& target,
                std::vector<HeaderField>* headers) const override {
    if (IsBearer(target)) return BearerAuth().Apply(input, target, headers);
    AzureCredentials credentials;
    if (auto error = Read(target, &credentials)) return *std::move(error);
    if (credentials.kind == Kind::kToken) return BearerAuth().Apply(input, target, headers);
    if (credentials.kind == Kind::kKey) {
      // Claude's host looks where Anthropic does.
      const bool claude = target.dialect != nullptr && target.dialect->name() == "anthropic";
      headers->push_back({claude ? "x-api-key" : "api-key", std::string(target.api_key.Reveal())});
      return Done();
    }
    std::string name = NameOf(target);
    const Secret* const token = input.tokens == nullptr ? nullptr : input.tokens->Find(name);
    if (token == nullptr) {
      Need need = AzureTokenNeed(credentials, ScopeOf(target), ValueOf(target, "azure_identity_host"));
      need.name = std::move(name);
      return need;
    }
    headers->push_back({"authorization", "Bearer " + std::string(token->Reveal())});
    return Done();
  }

 private:
  // The option says what it is, which may have any form.
  static bool IsBearer(const Target& target) { return !target.option("azure_ad_token").empty(); }

  static std::string Workload(const Target& target) {
    std::string key = Joined(ValueOf(target, "azure_tenant_id"), ValueOf(target, "azure_workload_client_id"),
                             ValueOf(target, "azure_federated_token_file"));
    const std::string_view authority = ValueOf(target, "azure_authority_host");
    if (!authority.empty()) key.append(":").append(authority);
    return key;
  }

  static std::string NameOf(const Target& target) {
    const std::array<std::string_view, 6> pieces = {"azure:", target.api_key.Reveal(),
                                                    "\n",     ScopeOf(target),
                                                    "\n",     ValueOf(target, "azure_identity_host")};
    return Hex(Sha256(pieces));
  }

  // Everything that can be seen to be wrong before anybody is called.
  static std::optional<Error> Read(const Target& target, AzureCredentials* out) {
    const std::string_view mode = ModeOf(target);
    if (!IsKeyMode(mode) && mode != "entra" && mode != "managed" && mode != "workload") {
      return Bad(target, "azure_auth_mode: one of default, entra, managed and workload", "azure_auth_mode");
    }
    const std::string problem = ReadAzureCredentials(target.api_key.Reveal(), out);
    if (!problem.empty()) {
      return Bad(target, "the credentials for Azure: " + problem,
                 IsKeyMode(mode) ? std::string() : "azure_auth_mode");
    }
    // What the machine has is the operator's to give away; and a caller must not choose whom the gateway
    // calls.
    if (target.key_from_caller && AreOperators(*out)) {
      return Bad(target, "azure_auth_mode: only the gateway's operator may let its own identity be used",
                 "azure_auth_mode");
    }
    // Nor may a caller have the operator's identity issue tokens for other services.
    if (!target.key_from_caller && out->kind != Kind::kKey && out->kind != Kind::kToken &&
        !IsOfAzureAi(ScopeOf(target))) {
      return Error::InvalidRequest("invalid_option",
                                   "azure_entra_scope: with the gateway's credentials " +
                                       std::string(kAzureScope) + " or https://ai.azure.com/.default",
                                   "azure_entra_scope");
    }
    return std::nullopt;
  }
};

}  // namespace

const Auth& AzureAuth() {
  static const Azure auth;
  return auth;
}

}  // namespace portolan::providers
