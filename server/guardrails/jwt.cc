#include "server/guardrails/jwt.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "server/base/jws.h"
#include "server/base/text.h"
#include "server/guardrails/json_schema.h"

namespace portolan::guardrails {
namespace {

using nlohmann::json;

constexpr size_t kMaxToken = 32u << 10;
// Of one name in a set: keys of different types may share theirs (RFC 7517, section 4.5).
constexpr size_t kMaxCandidates = 4;

std::optional<json> DecodeObject(std::string_view part) {
  const auto text = DecodeBase64Url(part);
  if (!text) return std::nullopt;
  auto object = ParseJson(*text);
  return object && object->is_object() ? std::move(object) : std::nullopt;
}

std::string TextAt(const json& object, std::string_view name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string BytesAt(const json& key, std::string_view name) {
  return DecodeBase64Url(TextAt(key, name)).value_or("");
}

// Whether the key itself says that it is not for such signatures.
bool IsForOthers(const json& key, std::string_view algorithm) {
  if (key.contains("use") && key["use"] != "sig") return true;
  if (key.contains("alg") && key["alg"] != algorithm) return true;
  if (!key.contains("key_ops")) return false;
  const json& uses = key["key_ops"];
  return !uses.is_array() || std::find(uses.begin(), uses.end(), json("verify")) == uses.end();
}

std::optional<PublicKey> ReadKey(const json& key) {
  const std::string type = TextAt(key, "kty");
  if (type == "RSA") return PublicKey::Rsa(BytesAt(key, "n"), BytesAt(key, "e"));
  if (type == "EC") return PublicKey::Ec(TextAt(key, "crv"), BytesAt(key, "x"), BytesAt(key, "y"));
  if (type == "OKP") return PublicKey::Okp(TextAt(key, "crv"), BytesAt(key, "x"));
  return std::nullopt;
}

// Whether a type of key is one that such signatures are checked with.
bool FitsType(const json& key, std::string_view algorithm) {
  const std::string type = TextAt(key, "kty");
  if (algorithm == "EdDSA") return type == "OKP";
  return type == (algorithm.starts_with('E') ? "EC" : "RSA");
}

struct Unit {
  std::string_view name;
  double seconds;
};

constexpr std::array<Unit, 6> kUnits = {{{"second", 1},
                                         {"minute", 60},
                                         {"hour", 3600},
                                         {"day", 86'400},
                                         {"week", 604'800},
                                         {"year", 31'557'600}}};
constexpr std::array<Unit, 10> kShortUnits = {{{"s", 1},
                                               {"sec", 1},
                                               {"m", 60},
                                               {"min", 60},
                                               {"h", 3600},
                                               {"hr", 3600},
                                               {"d", 86'400},
                                               {"w", 604'800},
                                               {"y", 31'557'600},
                                               {"yr", 31'557'600}}};

double SecondsOf(std::string_view unit) {
  if (unit.empty()) return 1;
  const std::string_view one =
      unit.size() > 1 && unit.ends_with('s') ? unit.substr(0, unit.size() - 1) : unit;
  for (const Unit& known : kUnits) {
    if (one == known.name) return known.seconds;
  }
  for (const Unit& known : kShortUnits) {
    if (unit == known.name || (one == known.name && known.name.size() > 1)) return known.seconds;
  }
  return 0;
}

}  // namespace

std::optional<Jwt> Jwt::Read(std::string_view text, std::string* problem) {
  const auto fail = [&](std::string_view why) {
    *problem = why;
    return std::nullopt;
  };
  const size_t first = text.find('.');
  const size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos) {
    return fail("the token is no signed JSON Web Token");
  }
  if (text.size() > kMaxToken) return fail("the token is longer than 32 KB");
  const auto header = DecodeObject(text.substr(0, first));
  auto claims = DecodeObject(text.substr(first + 1, second - first - 1));
  auto signature = DecodeBase64Url(text.substr(second + 1));
  if (!header || !claims || !signature) return fail("the token is no signed JSON Web Token");
  Jwt token;
  token.algorithm_ = TextAt(*header, "alg");
  token.key_id_ = TextAt(*header, "kid");
  if (!IsSignatureAlgorithm(token.algorithm_)) {
    return fail("the token's algorithm is none of RS, PS, ES and EdDSA");
  }
  if (header->contains("crit")) return fail("the token has extensions that are not known");
  if (token.key_id_.empty()) return fail("the token does not name its key");
  token.signed_text_ = text.substr(0, second);
  token.signature_ = *std::move(signature);
  token.claims_ = *std::move(claims);
  return token;
}

std::string_view Jwt::ProblemAt(int64_t unix_seconds, JwtRules rules) const {
  for (const char* const name : {"exp", "nbf", "iat"}) {
    if (claims_.contains(name) && !claims_[name].is_number()) return "a time in the token is no number";
  }
  const auto now = static_cast<double>(unix_seconds);
  const auto tolerance = static_cast<double>(rules.clock_tolerance);
  if (claims_.contains("exp") && claims_["exp"].get<double>() <= now - tolerance) {
    return "the token has expired";
  }
  if (claims_.contains("nbf") && claims_["nbf"].get<double>() > now + tolerance) {
    return "the token does not hold yet";
  }
  if (!claims_.contains("iat")) return "the token does not say when it was issued";
  const double age = now - claims_["iat"].get<double>();
  if (age < -tolerance) return "the token is issued in the future";
  if (age - tolerance > static_cast<double>(rules.max_age)) return "the token is too old";
  return {};
}

Jwt::Signature Jwt::CheckAgainst(std::string_view key_set) const {
  const auto set = ParseJson(key_set);
  if (!set || !set->is_object() || !set->contains("keys") || !(*set)["keys"].is_array()) {
    return Signature::kNoKeySet;
  }
  size_t tried = 0;
  for (const json& key : (*set)["keys"]) {
    if (!key.is_object() || TextAt(key, "kid") != key_id_) continue;
    if (!FitsType(key, algorithm_) || IsForOthers(key, algorithm_)) continue;
    const std::optional<PublicKey> read = ReadKey(key);
    if (!read) continue;
    if (read->Verifies(algorithm_, signed_text_, signature_)) return Signature::kGood;
    if (++tried == kMaxCandidates) break;
  }
  return tried == 0 ? Signature::kNoKey : Signature::kWrong;
}

std::optional<int64_t> ReadTimeSpan(std::string_view text) {
  constexpr double kCentury = 100 * 31'557'600.0;
  const std::string lower = LowerCase(TrimBlanks(text));
  double number = 0;
  const char* const end = lower.data() + lower.size();
  const auto [stop, problem] = std::from_chars(lower.data(), end, number, std::chars_format::fixed);
  if (problem != std::errc() || lower.empty() || !IsDigit(lower.front())) return std::nullopt;
  const double seconds =
      number * SecondsOf(TrimBlanks(std::string_view(stop, static_cast<size_t>(end - stop))));
  if (!(seconds >= 1) || seconds > kCentury) return std::nullopt;
  return static_cast<int64_t>(seconds);
}

}  // namespace portolan::guardrails
