// The check of a token in a header of the call.

#include <memory>
#include <utility>

#include "server/base/text.h"
#include "server/guardrails/check_makers.h"
#include "server/guardrails/jwt.h"
#include "server/guardrails/network_parameters.h"
#include "server/guardrails/question.h"

namespace portolan::guardrails::makers {
namespace {

using std::chrono::seconds;

constexpr size_t kMaxKeySet = 256u << 10;
constexpr int64_t kMaxCacheAge = 366 * 86'400;
constexpr int64_t kMaxTolerance = 86'400;
// A set that does not have a key may be behind its time; how old it must be for that.
constexpr seconds kFresh{30};

struct TokenCheck {
  std::string key_set_url;
  std::string header;
  seconds cache_age{86'400};
  JwtRules rules;

  Asked Ask(const Subject& subject) const {
    std::string problem;
    const auto token = Find(subject, &problem);
    if (!token) return Told(false, problem);
    // Whatever its signature, it does not hold.
    const std::string_view wrong = token->ProblemAt(subject.unix_seconds, rules);
    if (!wrong.empty()) return Told(false, wrong);
    std::vector<Question> questions(1);
    Question& question = questions.front();
    question.url = key_set_url;
    question.headers = {{"accept", "application/json"}};
    question.max_answer = kMaxKeySet;
    question.max_age = cache_age;
    return questions;
  }

  Judgement Judge(const Subject& subject, std::span<const Reply> replies) const {
    const Reply& reply = replies.front();
    std::string problem;
    const auto token = Find(subject, &problem);
    if (!token) return {Told(false, problem)};
    if (!reply.failure.empty()) return Unknown(reply, "the keys cannot be had: " + reply.failure);
    if (reply.status < 200 || reply.status > 299) {
      return Unknown(reply, "the keys cannot be had: status " + std::to_string(reply.status));
    }
    switch (token->CheckAgainst(reply.body)) {
      case Jwt::Signature::kGood:
        return {Told(true, "the token is signed and holds")};
      case Jwt::Signature::kWrong:
        return {Told(false, "the token's signature is wrong")};
      case Jwt::Signature::kNoKeySet:
        return Unknown(reply, "the keys cannot be had: what was answered is no set of keys");
      default:
        break;
    }
    Judgement judgement{Told(false, "there is no key of the token's name for its algorithm")};
    AskAgainIfOld(reply, &judgement);
    return judgement;
  }

 private:
  // The token that the call brings; nullopt with the reason.
  std::optional<Jwt> Find(const Subject& subject, std::string* problem) const {
    for (const HeaderField& field : subject.headers) {
      if (field.name != header) continue;
      std::string_view text = TrimBlanks(field.value);
      constexpr std::string_view kScheme = "bearer ";
      if (StartsWithIgnoreCase(text, kScheme)) text = TrimBlanks(text.substr(kScheme.size()));
      return Jwt::Read(text, problem);
    }
    *problem = "the call has no such header";
    return std::nullopt;
  }

  static void AskAgainIfOld(const Reply& reply, Judgement* judgement) {
    if (reply.age >= kFresh) judgement->fresher = kFresh;
  }

  static Judgement Unknown(const Reply& reply, std::string explanation) {
    Judgement judgement{{Verdict::kError, {{"explanation", std::move(explanation)}}}};
    AskAgainIfOld(reply, &judgement);
    return judgement;
  }
};

// Seconds, as a number or as a text with a unit.
int64_t ReadAge(Parameters& parameters, std::string_view name, int64_t otherwise) {
  const nlohmann::json* const value = parameters.Value(name, false);
  if (value == nullptr) return otherwise;
  const std::string text = value->is_string() ? value->get<std::string>() : value->dump();
  if (const auto seconds = ReadTimeSpan(text)) return *seconds;
  parameters.Fail(name, "must be a time, as 90, 15m, 12h or 1d");
  return otherwise;
}

int64_t ReadCount(Parameters& parameters, std::string_view name, int64_t otherwise, int64_t most) {
  const int64_t value = parameters.Count(name, otherwise);
  if (value > most) parameters.Fail(name, "must be " + std::to_string(most) + " at most");
  return value;
}

}  // namespace

void JsonWebToken(Parameters& parameters, Check* check) {
  TokenCheck token;
  token.key_set_url = ReadUrl(parameters, "jwksUri");
  token.header = LowerCase(parameters.Text("headerKey", "authorization"));
  if (token.header.empty()) parameters.Fail("headerKey", "must not be empty");
  token.cache_age = seconds(ReadCount(parameters, "cacheMaxAge", 86'400, kMaxCacheAge));
  token.rules.clock_tolerance = ReadCount(parameters, "clockTolerance", 5, kMaxTolerance);
  token.rules.max_age = ReadAge(parameters, "maxTokenAge", 86'400);
  auto network = std::make_shared<Network>();
  network->header = token.header;
  network->ask = [token](const Subject& subject) { return token.Ask(subject); };
  network->judge = [token](const Subject& subject, std::span<const Reply> replies) {
    return token.Judge(subject, replies);
  };
  check->looks = Looks::kAtTheCall;
  check->network = std::move(network);
}

}  // namespace portolan::guardrails::makers
