#include "providers/sts.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "providers/markup.h"
#include "providers/oauth.h"
#include "providers/url_part.h"
#include "server/base/sha256.h"
#include "server/base/text.h"

namespace portolan::providers::sts {
namespace {

constexpr std::string_view kService = "sts";
constexpr std::string_view kSession = "portolan";
// The longest that every role allows, also one that was assumed by another.
constexpr std::chrono::seconds kLifetime{3600};
constexpr size_t kLongestArn = 2048;
constexpr size_t kLongestExternalId = 1224;
constexpr size_t kLongestPart = 16 * 1024;  // of credentials: AWS bounds no session token

// Partitions by how their regions begin; all others are of AWS's own.
struct Partition {
  std::string_view regions;
  std::string_view domain;
};
constexpr std::array<Partition, 6> kPartitions = {{{"cn-", "amazonaws.com.cn"},
                                                   {"eusc-", "amazonaws.eu"},
                                                   {"us-iso-", "c2s.ic.gov"},
                                                   {"us-isob-", "sc2s.sgov.gov"},
                                                   {"eu-isoe-", "cloud.adc-e.uk"},
                                                   {"us-isof-", "csp.hci.ic.gov"}}};

std::string EndpointOf(const Role& role) {
  if (!role.endpoint.empty()) return std::string(role.endpoint);
  const auto* const found = std::find_if(kPartitions.begin(), kPartitions.end(), [&](const Partition& one) {
    return role.region.starts_with(one.regions);
  });
  const std::string_view domain = found == kPartitions.end() ? "amazonaws.com" : found->domain;
  return std::string("https://sts.").append(role.region).append(".").append(domain);
}

// `arn:aws:iam::123456789012:role/path/name`
bool IsRoleArn(std::string_view arn) {
  if (arn.size() > kLongestArn || !std::all_of(arn.begin(), arn.end(), IsVisible)) return false;
  const size_t service = arn.find(":iam::");
  const size_t role = arn.find(":role/");
  return arn.starts_with("arn:aws") && service != std::string_view::npos && role != std::string_view::npos &&
         service < role && role + 6 < arn.size();
}

bool IsExternalId(std::string_view id) {
  constexpr std::string_view kMarks = "_+=,.@:/-";
  return id.size() >= 2 && id.size() <= kLongestExternalId && std::all_of(id.begin(), id.end(), [&](char c) {
           return IsLetterOrDigit(c) || kMarks.find(c) != std::string_view::npos;
         });
}

// What stands between `<name>` and `</name>`, the first time; empty if that is not there. None of the
// elements that are looked for has attributes or elements.
std::string_view ElementText(std::string_view xml, std::string_view name) {
  const std::string begin = std::string("<").append(name).append(">");
  const std::string end = std::string("</").append(name).append(">");
  const size_t from = xml.find(begin);
  if (from == std::string_view::npos) return {};
  xml.remove_prefix(from + begin.size());
  const size_t size = xml.find(end);
  return size == std::string_view::npos ? std::string_view() : xml.substr(0, size);
}

bool IsPart(std::string_view text) {
  return !text.empty() && text.size() <= kLongestPart && std::all_of(text.begin(), text.end(), [](char c) {
    return IsVisible(c) && c != ':' && c != '<' && c != '&';
  });
}

// `AccessDenied: User: arn:… is not authorized to perform: sts:AssumeRole on resource: arn:…`; empty for what
// is no error of the service's.
std::string RefusalIn(std::string_view code, std::string_view body) {
  if (code.empty()) return {};
  std::string words = PrintableWords(code);
  if (ElementText(body, "Message").empty()) return words;
  return words + ": " + PrintableWords(sigv4::WithoutWhatWasSigned(MarkupText(body)));
}

// Services of this protocol say so with status 400 too. The second to last: whoever issued a workload's token
// could not be asked about it, which AWS says to try again.
bool PassesByItself(std::string_view code) {
  return code.starts_with("Throttling") || code == "RequestLimitExceeded" ||
         code == "IDPCommunicationError" || code == "TooManyRequestsException";
}

constexpr std::string_view kFormType = "application/x-www-form-urlencoded; charset=utf-8";

// What both calls begin with.
std::string FormOf(std::string_view action, std::string_view role_arn) {
  std::string form;
  AddFormParameter("Action", action, &form);
  AddFormParameter("Version", "2011-06-15", &form);
  AddFormParameter("RoleArn", role_arn, &form);
  AddFormParameter("RoleSessionName", kSession, &form);
  AddFormParameter("DurationSeconds", std::to_string(kLifetime.count()), &form);
  return form;
}

// A need without its body, and where its endpoint is; the URL is empty if that is nowhere.
Need NeedAt(std::string_view endpoint, sigv4::Address* address) {
  Need need{.what = "temporary credentials of AWS", .read = ReadAnswer};
  if (!sigv4::ReadAddress(endpoint, address)) return need;
  need.url = endpoint.substr(0, endpoint.size() - (endpoint.ends_with('/') ? 1 : 0));
  need.url += '/';
  // XML is what the service's description has; asked for JSON it would answer in a form that it does not
  // describe.
  need.headers = {{"accept", "text/xml"}, {"content-type", std::string(kFormType)}};
  return need;
}

}  // namespace

Problem ProblemOf(const Role& role) {
  if (!IsRoleArn(role.arn)) {
    return {"aws_role_arn",
            "aws_role_arn: expected the ARN of a role, as in arn:aws:iam::123456789012:role/name"};
  }
  if (!role.external_id.empty() && !IsExternalId(role.external_id)) {
    return {"aws_external_id", "aws_external_id: 2 to 1224 letters, digits and the marks _+=,.@:/- only"};
  }
  return ProblemOfRegion(role);
}

Problem ProblemOfRegion(const Role& role) {
  const UrlPart part;
  if (Fits(part, role.region)) return {};
  return {"aws_region", "aws_region: " + std::string(part.rule)};
}

std::string ReadWebIdentity(std::string_view key, WebIdentity* out) {
  *out = {};
  constexpr std::string_view kRole = ":role/";
  const size_t role = key.find(kRole);
  // No name of a role has a colon.
  const size_t end = role == std::string_view::npos ? role : key.find(':', role + kRole.size());
  out->role_arn = key.substr(0, end);
  if (!IsRoleArn(out->role_arn)) {
    return "expected the ARN of a role, as in arn:aws:iam::123456789012:role/name, before the file of its "
           "token";
  }
  if (end != std::string_view::npos) out->token_file = key.substr(end + 1);
  if (!out->token_file.starts_with('/'))
    return "expected the path of the token's file, from / on, after the role";
  return {};
}

std::string NameOf(std::string_view key, const Role& role) {
  const std::string endpoint = EndpointOf(role);
  const std::array<std::string_view, 9> pieces = {"aws-role:",      key,  "\n",        role.arn, "\n",
                                                  role.external_id, "\n", role.region, endpoint};
  return Hex(Sha256(pieces));
}

std::string NameOfWebIdentity(std::string_view key, const Role& service) {
  const std::string endpoint = EndpointOf(service);
  const std::array<std::string_view, 4> pieces = {"aws-web-identity:", key, "\n", endpoint};
  return Hex(Sha256(pieces));
}

Need AssumeRole(const sigv4::Credentials& base, const Role& role, int64_t unix_seconds) {
  std::string form = FormOf("AssumeRole", role.arn);
  if (!role.external_id.empty()) AddFormParameter("ExternalId", role.external_id, &form);
  const std::string endpoint = EndpointOf(role);
  sigv4::Address address;
  Need need = NeedAt(endpoint, &address);
  if (need.url.empty()) return need;
  const std::string path = std::string(address.path) + "/";
  const std::string date_time = sigv4::FormatDateTime(unix_seconds);
  need.headers.push_back({"x-amz-date", date_time});
  std::vector<HeaderView> covered = {
      {"host", address.host}, {"content-type", kFormType}, {"x-amz-date", date_time}};
  if (!base.session_token.empty()) {
    need.headers.push_back({"x-amz-security-token", std::string(base.session_token)});
    covered.push_back({"x-amz-security-token", base.session_token});
  }
  const std::string_view body = form;
  const std::string hash = Hex(Sha256({&body, 1}));
  need.headers.push_back({"authorization", sigv4::Authorization(base, {role.region, kService, date_time},
                                                                {need.method, path, covered, hash})});
  need.body = Secret(std::move(form));
  return need;
}

Need AssumeRoleWithWebIdentity(const WebIdentity& identity, const Role& service) {
  std::string form = FormOf("AssumeRoleWithWebIdentity", identity.role_arn);
  AddFormParameter("WebIdentityToken", {}, &form);
  sigv4::Address address;
  Need need = NeedAt(EndpointOf(service), &address);
  need.body = Secret(std::move(form));
  need.body_file = identity.token_file;
  return need;
}

std::variant<Token, Refusal> ReadAnswer(int http_status, std::string_view body) {
  if (http_status != 200) {
    const std::string_view code = ElementText(body, "Code");
    const bool later = http_status == 408 || http_status == 429 || PassesByItself(code);
    const std::string status = "status " + std::to_string(http_status);
    const std::string why = RefusalIn(code, body);
    return Refusal{http_status >= 400 && http_status < 500 && !later,
                   why.empty() ? status : status + ", " + why};
  }
  const std::string_view id = ElementText(body, "AccessKeyId");
  const std::string_view secret = ElementText(body, "SecretAccessKey");
  const std::string_view token = ElementText(body, "SessionToken");
  if (!IsPart(id) || !IsPart(secret) || !IsPart(token)) {
    return Refusal{false, "an answer that holds no credentials"};
  }
  // They are good for as long as was asked for, whatever this machine's clock says.
  return Token{Secret(std::string(id).append(":").append(secret).append(":").append(token)), kLifetime};
}

}  // namespace portolan::providers::sts
