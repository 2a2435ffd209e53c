#include <algorithm>
#include <array>
#include <utility>

#include "providers/auth.h"
#include "providers/aws_container.h"
#include "providers/provider.h"
#include "providers/sigv4.h"
#include "providers/sts.h"
#include "server/base/sha256.h"

namespace portolan::providers {
namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";
constexpr std::string_view kAuthType = "aws_auth_type";
constexpr std::string_view kAssumedRole = "assumedRole";
constexpr std::string_view kApiKey = "apiKey";

// A service that is called, as signatures name it, and how its hosts begin before their region.
struct Service {
  std::string_view name;
  std::array<std::string_view, 2> hosts;
  bool has_own_keys = false;  // which go as a bearer
};
constexpr Service kBedrock = {"bedrock", {"bedrock-runtime.", "bedrock-runtime-fips."}, true};
constexpr Service kSageMaker = {"sagemaker", {"runtime.sagemaker.", "runtime-fips.sagemaker."}};

// `eu-west-1` of `bedrock-runtime.eu-west-1.amazonaws.com`, also of the hosts of its FIPS and VPC endpoints.
std::string_view RegionOf(const Service& service, std::string_view host) {
  constexpr std::array<std::string_view, 3> kDomains = {".amazonaws.com", ".amazonaws.com.cn", ".api.aws"};
  if (std::none_of(kDomains.begin(), kDomains.end(), [&](std::string_view d) { return host.ends_with(d); })) {
    return {};
  }
  for (const std::string_view begin : service.hosts) {
    const size_t at = host.find(begin);
    if (at == std::string_view::npos || (at != 0 && host[at - 1] != '.')) continue;
    host.remove_prefix(at + begin.size());
    return host.substr(0, host.find('.'));
  }
  return {};
}

std::string_view ChooseRegion(const Service& service, const Target& target, std::string_view host) {
  if (const std::string_view given = target.option("aws_region"); !given.empty()) return given;
  if (const std::string_view named = RegionOf(service, host); !named.empty()) return named;
  for (const ProviderOption& option : target.provider->options) {
    if (option.name == "aws_region" && !option.fallback.empty()) return option.fallback;
  }
  return kDefaultRegion;
}

// With one half of a key alone the gateway's own would be used, which is not what was meant.
std::optional<Error> CheckKeyOptions(const Target& target) {
  const bool id = !target.option("aws_access_key_id").empty();
  const bool secret = !target.option("aws_secret_access_key").empty();
  const bool token = !target.option("aws_session_token").empty();
  if (id == secret && (id || !token)) return std::nullopt;
  const std::string missing = id ? "aws_secret_access_key" : "aws_access_key_id";
  return Error::InvalidRequest(
      "missing_option",
      "aws_access_key_id and aws_secret_access_key go together, and aws_session_token "
      "with both",
      missing);
}

// The role that is to be assumed; its ARN is empty: none.
sts::Role RoleOf(const Target& target, std::string_view region) {
  return {.arn = target.option("aws_role_arn"),
          .external_id = target.option("aws_external_id"),
          .region = region,
          .endpoint = target.provider->OptionOf(target, "aws_sts_endpoint")};
}

// Whether a key is where the gateway runs, by which AWS or what stands beside it knows the workload.
bool IsOfWorkload(std::string_view key) { return sts::IsWebIdentity(key) || container::IsSource(key); }

std::string ProblemOfWorkload(std::string_view key) {
  container::Source source;
  sts::WebIdentity identity;
  return container::IsSource(key) ? container::Read(key, &source) : sts::ReadWebIdentity(key, &identity);
}

std::string NameOfWorkload(std::string_view key, const sts::Role& service) {
  return container::IsSource(key) ? container::NameOf(key) : sts::NameOfWebIdentity(key, service);
}

// The call that fetches its credentials, but for the name of the need. The key has no problem.
Need NeedOfWorkload(std::string_view key, const sts::Role& service) {
  if (container::IsSource(key)) {
    container::Source source;
    container::Read(key, &source);
    return container::Fetch(source);
  }
  sts::WebIdentity identity;
  sts::ReadWebIdentity(key, &identity);
  return sts::AssumeRoleWithWebIdentity(identity, service);
}

// Whoever gave the key gave these options too.
Error Bad(const Target& target, std::string code, std::string message, std::string option) {
  Error error = Error::InvalidRequest(std::move(code), std::move(message), std::move(option));
  if (target.key_from_caller) return error;
  error.error_class = ErrorClass::kGateway;
  error.http_status = 500;
  return error;
}

std::optional<Error> CheckRole(const Target& target, const sts::Role& role, bool signs, bool of_workload) {
  const std::string_view type = target.option(kAuthType);
  if (!type.empty() && type != kAssumedRole && type != kApiKey) {
    return Bad(target, "invalid_option", "aws_auth_type: assumedRole or apiKey", std::string(kAuthType));
  }
  if (role.arn.empty()) {
    // A workload always has one.
    const bool wanted = (type == kAssumedRole && !of_workload) || !role.external_id.empty();
    if (!wanted) return std::nullopt;
    return Bad(target, "missing_option", "a role is assumed by its ARN, the option aws_role_arn",
               "aws_role_arn");
  }
  if (!signs) {
    return Bad(target, "invalid_option",
               "aws_role_arn: a role is assumed with a key of AWS (an id and a secret), not with a bearer",
               "aws_role_arn");
  }
  sts::Problem problem = sts::ProblemOf(role);
  if (problem.option.empty()) return std::nullopt;
  // Callers may say the region beside the operator's key.
  if (problem.option == "aws_region") {
    return Error::InvalidRequest("invalid_option", std::move(problem.message), std::move(problem.option));
  }
  return Bad(target, "invalid_option", std::move(problem.message), std::move(problem.option));
}

class Aws final : public Auth {
 public:
  explicit Aws(const Service& service) : service_(service) {}

  std::string KeyFromOptions(const Target& target) const override {
    const std::string_view id = target.option("aws_access_key_id");
    const std::string_view secret = target.option("aws_secret_access_key");
    const std::string_view token = target.option("aws_session_token");
    if (id.empty() || secret.empty()) return {};
    std::string key(id);
    key.append(":").append(secret);
    if (!token.empty()) key.append(":").append(token);
    return key;
  }

  bool signs_body() const override { return true; }

  std::string ProblemOf(std::string_view key) const override {
    return IsOfWorkload(key) ? ProblemOfWorkload(key) : std::string();
  }

  std::string TokenName(const Target& target) const override {
    const std::string_view key = target.api_key.Reveal();
    sigv4::Address address;
    const bool has_role = !target.option("aws_role_arn").empty();
    if (!has_role && !IsOfWorkload(key)) return {};
    if (!sigv4::ReadAddress(target.base_url, &address)) return {};
    const sts::Role role = RoleOf(target, ChooseRegion(service_, target, address.host));
    return has_role ? sts::NameOf(key, role) : NameOfWorkload(key, role);
  }

  // AWS says it with 403, as much else.
  bool RefusesToken(int http_status, std::span<const HeaderView> headers) const override {
    const std::string_view type = FindHeader(headers, "x-amzn-errortype").value_or("");
    return http_status == 403 &&
           (type.starts_with("ExpiredToken") || type.starts_with("UnrecognizedClientException"));
  }

  Outcome Apply(const SignInput& input, const Target& target,
                std::vector<HeaderField>* headers) const override {
    if (std::optional<Error> error = CheckKeyOptions(target)) return *std::move(error);
    const std::string_view key = target.api_key.Reveal();
    const bool of_workload = IsOfWorkload(key);
    auto credentials = of_workload ? std::nullopt : sigv4::ParseCredentials(key);
    const bool signs = of_workload || credentials;
    if (signs && target.option(kAuthType) == kApiKey) {
      // As a bearer it would tell the secret.
      return Bad(target, "invalid_option", "aws_auth_type: apiKey, but the key is one that signs",
                 std::string(kAuthType));
    }
    sigv4::Address address;
    if (signs && !sigv4::ReadAddress(input.base_url, &address)) {
      return Error::InvalidRequest("invalid_custom_host", "the custom host is not usable",
                                   "x-portolan-custom-host");
    }
    const std::string_view region = ChooseRegion(service_, target, address.host);
    if (of_workload || !target.options.empty()) {
      Outcome outcome = Exchange(input, target, RoleOf(target, region), &credentials);
      if (!std::holds_alternative<Done>(outcome)) return outcome;
    }
    if (!credentials && !service_.has_own_keys) {
      return Bad(target, "invalid_aws_credentials",
                 "the credentials for AWS: expected an id and a secret, as ID:SECRET or ID:SECRET:TOKEN", {});
    }
    if (!credentials) return BearerAuth().Apply(input, target, headers);
    Sign(input, *credentials, address, region, headers);
    return Done();
  }

 private:
  // Makes of *credentials, which are the key's if it is one of AWS, those of the role that is to be assumed;
  // without one, of the workload if the key says where it runs.
  static Outcome Exchange(const SignInput& input, const Target& target, const sts::Role& role,
                          std::optional<sigv4::Credentials>* credentials) {
    const std::string_view key = target.api_key.Reveal();
    const bool of_workload = IsOfWorkload(key);
    if (auto error = CheckRole(target, role, of_workload || *credentials, of_workload)) {
      return *std::move(error);
    }
    // Before anything that was fetched is used: the text of such a key is no secret.
    if (of_workload) {
      if (auto error = CheckWorkload(target, role)) return *std::move(error);
    }
    const auto find = [&](std::string_view name) {
      const Secret* const token = input.tokens == nullptr ? nullptr : input.tokens->Find(name);
      if (token != nullptr) *credentials = sigv4::ParseCredentials(token->Reveal());
      return token != nullptr;
    };
    std::string role_name = role.arn.empty() ? std::string() : sts::NameOf(key, role);
    if (!role_name.empty() && find(role_name)) return Done();
    if (of_workload) {
      std::string name = NameOfWorkload(key, role);
      if (!find(name)) {
        Need need = NeedOfWorkload(key, role);
        need.name = std::move(name);
        return need;
      }
    }
    if (role_name.empty()) return Done();
    Need need = sts::AssumeRole(**credentials, role, input.unix_seconds);
    need.name = std::move(role_name);
    return need;
  }

  static std::optional<Error> CheckWorkload(const Target& target, const sts::Role& service) {
    // What the machine has is the operator's to give away.
    std::string problem = target.key_from_caller
                              ? "only the gateway's operator may let the identity of its workload be used"
                              : ProblemOfWorkload(target.api_key.Reveal());
    if (!problem.empty()) {
      return Bad(target, "invalid_aws_credentials", "the credentials for AWS: " + problem, {});
    }
    sts::Problem region = sts::ProblemOfRegion(service);
    if (region.option.empty()) return std::nullopt;
    return Error::InvalidRequest("invalid_option", std::move(region.message), std::move(region.option));
  }

  void Sign(const SignInput& input, const sigv4::Credentials& credentials, const sigv4::Address& address,
            std::string_view region, std::vector<HeaderField>* headers) const {
    const std::string hash = Hex(Sha256(input.body));
    const std::string date_time = sigv4::FormatDateTime(input.unix_seconds);
    headers->push_back({"x-amz-date", date_time});
    headers->push_back({"x-amz-content-sha256", hash});
    if (!credentials.session_token.empty()) {
      headers->push_back({"x-amz-security-token", std::string(credentials.session_token)});
    }
    // What proxies add or change is left out.
    std::vector<HeaderView> covered = {{"host", address.host}};
    if (const auto type = FindHeader(input.headers, "content-type"))
      covered.push_back({"content-type", *type});
    for (const HeaderField& header : *headers) covered.push_back({header.name, header.value});
    const std::string path = std::string(address.path).append(input.path);
    headers->push_back({"authorization", sigv4::Authorization(credentials, {region, service_.name, date_time},
                                                              {input.method, path, covered, hash})});
  }

  const Service service_;
};

}  // namespace

const Auth& AwsAuth() {
  static const Aws auth(kBedrock);
  return auth;
}

const Auth& SageMakerAuth() {
  static const Aws auth(kSageMaker);
  return auth;
}

}  // namespace portolan::providers
