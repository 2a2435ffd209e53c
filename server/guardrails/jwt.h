#pragma once

// JSON Web Tokens (RFC 7519) in the compact form of signatures (RFC 7515, section 7.1), and the sets of keys
// that check them (RFC 7517, section 5).

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace portolan::guardrails {

// How old a token may be, in seconds.
struct JwtRules {
  int64_t clock_tolerance = 5;
  int64_t max_age = 86'400;  // since `iat`, which must be there
};

// A token that has been read and not yet believed.
class Jwt {
 public:
  // nullopt with the reason, which never quotes the token: it is none, has no `kid`, names an algorithm that
  // is none of PublicKey's (server/base/jws.h), or extensions that must be understood (`crit`).
  static std::optional<Jwt> Read(std::string_view text, std::string* problem);

  // What its claims `exp`, `nbf` and `iat` say against it at that time; empty: nothing.
  std::string_view ProblemAt(int64_t unix_seconds, JwtRules rules) const;

  // Who has signed it.
  enum class Signature {
    kGood,
    kWrong,
    kNoKey,     // the set has no key of this name for this algorithm
    kNoKeySet,  // what should be a set of keys is none
  };
  Signature CheckAgainst(std::string_view key_set) const;

 private:
  Jwt() = default;

  std::string algorithm_;
  std::string key_id_;
  std::string signed_text_;
  std::string signature_;
  nlohmann::json claims_;
};

// Seconds of `90`, `15m`, `2 hours`, `1d` …: seconds, minutes, hours, days, weeks, years (of 365.25 days), as
// the library `jose` reads them. nullopt for anything else, and for more than a century.
std::optional<int64_t> ReadTimeSpan(std::string_view text);

}  // namespace portolan::guardrails
