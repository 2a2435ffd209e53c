#include <algorithm>
#include <array>

#include "providers/auth.h"
#include "providers/provider.h"
#include "providers/sigv4.h"
#include "server/base/host.h"
#include "server/base/sha256.h"
#include "server/base/text.h"

namespace portolan::providers {
namespace {

constexpr std::string_view kService = "bedrock";
constexpr std::string_view kDefaultRegion = "us-east-1";

struct Address {
  std::string host;  // as the Host header has it
  std::string_view path;
};

// The parts of a base URL, as the upstream client reads it: a signature covers the Host header that it sends.
bool ReadAddress(std::string_view base_url, Address* out) {
  const bool tls = StartsWithIgnoreCase(base_url, "https://");
  if (!tls && !StartsWithIgnoreCase(base_url, "http://")) return false;
  base_url.remove_prefix(base_url.find("//") + 2);
  const size_t end = std::min(base_url.find('/'), base_url.size());
  HostParts parts;
  std::string problem;
  if (!SplitHostPort(base_url.substr(0, end), &parts, &problem)) return false;
  if (!ParseHost(parts.host, &out->host, &problem)) return false;
  if (out->host.find(':') != std::string::npos) out->host = "[" + out->host + "]";
  if (parts.port) {
    const std::optional<uint16_t> port = ParsePort(*parts.port);
    if (!port) return false;
    if (*port != (tls ? 443 : 80)) out->host += ":" + std::to_string(*port);
  }
  out->path = base_url.substr(end);
  while (out->path.ends_with('/')) out->path.remove_suffix(1);
  return true;
}

// `eu-west-1` of `bedrock-runtime.eu-west-1.amazonaws.com`, also of the hosts of its FIPS and VPC endpoints.
std::string_view RegionOf(std::string_view host) {
  constexpr std::array<std::string_view, 2> kServices = {"bedrock-runtime.", "bedrock-runtime-fips."};
  constexpr std::array<std::string_view, 3> kDomains = {".amazonaws.com", ".amazonaws.com.cn", ".api.aws"};
  if (std::none_of(kDomains.begin(), kDomains.end(), [&](std::string_view d) { return host.ends_with(d); })) {
    return {};
  }
  for (const std::string_view service : kServices) {
    const size_t at = host.find(service);
    if (at == std::string_view::npos || (at != 0 && host[at - 1] != '.')) continue;
    host.remove_prefix(at + service.size());
    return host.substr(0, host.find('.'));
  }
  return {};
}

std::string_view ChooseRegion(const Target& target, std::string_view host) {
  if (const std::string_view given = target.option("aws_region"); !given.empty()) return given;
  if (const std::string_view named = RegionOf(host); !named.empty()) return named;
  for (const ProviderOption& option : target.provider->options) {
    if (option.name == "aws_region" && !option.fallback.empty()) return option.fallback;
  }
  return kDefaultRegion;
}

// With one half of a key alone the gateway's own would be used, which is not what was meant.
std::optional<Error> CheckOptions(const Target& target) {
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

class Aws final : public Auth {
 public:
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

  Outcome Apply(const SignInput& input, const Target& target,
                std::vector<HeaderField>* headers) const override {
    if (std::optional<Error> error = CheckOptions(target)) return *std::move(error);
    const auto credentials = sigv4::ParseCredentials(target.api_key.Reveal());
    if (!credentials) return BearerAuth().Apply(input, target, headers);
    Address address;
    if (!ReadAddress(input.base_url, &address)) {
      return Error::InvalidRequest("invalid_custom_host", "the custom host is not usable",
                                   "x-portolan-custom-host");
    }
    const std::string hash = Hex(Sha256(input.body));
    const std::string date_time = sigv4::FormatDateTime(input.unix_seconds);
    headers->push_back({"x-amz-date", date_time});
    headers->push_back({"x-amz-content-sha256", hash});
    if (!credentials->session_token.empty()) {
      headers->push_back({"x-amz-security-token", std::string(credentials->session_token)});
    }
    // What proxies add or change is left out.
    std::vector<HeaderView> covered = {{"host", address.host}};
    if (const auto type = FindHeader(input.headers, "content-type"))
      covered.push_back({"content-type", *type});
    for (const HeaderField& header : *headers) covered.push_back({header.name, header.value});
    const std::string path = std::string(address.path).append(input.path);
    headers->push_back(
        {"authorization",
         sigv4::Authorization(*credentials, {ChooseRegion(target, address.host), kService, date_time},
                              {input.method, path, covered, hash})});
    return Done();
  }
};

}  // namespace

const Auth& AwsAuth() {
  static const Aws auth;
  return auth;
}

}  // namespace portolan::providers
