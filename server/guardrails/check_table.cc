#include <array>
#include <utility>

#include "server/base/nearest.h"
#include "server/guardrails/check.h"
#include "server/guardrails/check_makers.h"

namespace portolan::guardrails {
namespace {

constexpr std::string_view kDefault = "default.";

constexpr CheckKind kChecks[] = {
    {"regexMatch", "", "`rule` (or `regex`), `not` (`false`)", "the pattern is found in the text",
     makers::RegexMatch},
    {"contains", "", "`words`, `operator` (`any`): `any`, `all`, `none`",
     "so many of the words are in the text, by their exact letters", makers::Contains},
    {"sentenceCount", "", "`minSentences` (0), `maxSentences` (99999), `not`",
     "the number of `.`, `!` and `?` is in the range", makers::SentenceCount},
    {"wordCount", "", "`minWords` (0), `maxWords` (99999), `not`",
     "the number of words, with white space between them, is in the range", makers::WordCount},
    {"characterCount", "", "`minCharacters` (0), `maxCharacters` (9999999), `not`",
     "the number of code points is in the range", makers::CharacterCount},
    {"jsonSchema", "", "`schema`, `not`",
     "some JSON in the text fits the schema, of draft 2020-12; without JSON it fails",
     makers::JsonSchemaFits},
    {"jsonKeys", "", "`keys`, `operator` (`any`): `any`, `all`, `none`",
     "some JSON object in the text has so many of the keys; `none`: no object has any", makers::JsonKeys},
    {"containsCode", "", "`format` (`Python`, `SQL` …), `not`", "there is a fenced block of that language",
     makers::ContainsCode},
    {"alluppercase", "", "`not`", "there is no letter from a to z", makers::AllUpperCase},
    {"alllowercase", "", "`not`", "there is no letter from A to Z", makers::AllLowerCase},
    {"endsWith", "", "`suffix`, `not`", "the text ends so, or so and a full stop", makers::EndsWith},
    {"notNull", "", "`not`", "the text is not empty and not blank", makers::NotNull},
    {"modelWhitelist", "modelwhitelist", "`models`, `not`",
     "the model that the target is asked for is listed", makers::ModelWhitelist},
    {"modelRules", "", "`rules`: `{defaults: [], metadata: {KEY: {VALUE: [MODEL]}}}`, `not`",
     "the model is among those of the call's metadata, else among the defaults", makers::ModelRules},
    {"allowedRequestTypes", "", "`allowedTypes`, `blockedTypes`: lists or comma lists",
     "the operation (`chatComplete`, `complete`, `embed` …) is allowed and not blocked; without the "
     "parameters "
     "the metadata `supported_endpoints` and `blocked_endpoints` say so",
     makers::AllowedRequestTypes},
    {"requiredMetadataKeys", "", "`metadataKeys`, `operator` (`all`): `all`, `any`, `none`",
     "the call's metadata have so many of the keys", makers::RequiredMetadataKeys},
    {"regexReplace", "",
     "`rule`, a pattern or `/…/flags`; `redactText` (`[REDACTED]`; `$1`, `$&`, `$$`); `failOnDetection` "
     "(`false`)",
     "always, or with `failOnDetection` if nothing was found; every match is replaced", makers::RegexReplace},
    {"addPrefix", "", "`prefix`, `applyToRole` (`user`), `addToExisting` (`true`), `onlyIfEmpty` (`false`)",
     "always; the first message of the role, or the prompt, gets the prefix", makers::AddPrefix},
    {"webhook", "", "`webhookURL`, `headers` (an object, or its JSON text), `timeout` (3000 ms)",
     "the server at the URL says so; it may change what is asked or answered", makers::Webhook},
    {"log", "", "`logURL`, `headers`, `timeout` (3000 ms)",
     "always; what is asked or answered is posted to the URL, and nobody waits for it", makers::Log},
    {"jwt", "",
     "`jwksUri`, `headerKey` (`authorization`), `cacheMaxAge` (86400 s), `clockTolerance` (5 s), "
     "`maxTokenAge` (`1d`)",
     "the header of the call is a JSON Web Token that one of the keys at the URL has signed, and that holds",
     makers::JsonWebToken},
    {"validUrls", "", "`onlyDNS` (`false`), `not`",
     "there are URLs in the text, and each answers; with `onlyDNS`: the host of each exists",
     makers::ValidUrls},
    {"portolan.pii", "", "`kinds`: `email`, `phone`, `card`, `iban`, `ssn`, `ip` (all), `redact` (`false`)",
     "there is none in the text, by form and check digits; with `redact` always: each becomes `[EMAIL]` and "
     "so on",
     makers::Pii},
};

// Groups of checks that Portkey has of its partners, each a service of the network.
constexpr std::array<std::string_view, 20> kPartners = {
    "acuvity",       "aporia",  "azure",   "bedrock",   "crowdstrike-aidr", "exa",
    "f5-guardrails", "javelin", "lasso",   "mistral",   "panw-prisma-airs", "pangea",
    "patronus",      "pillar",  "portkey", "promptfoo", "promptsecurity",   "qualifire",
    "sydelabs",      "walledai"};

std::string FullName(std::string_view name) {
  return name.find('.') == std::string_view::npos ? std::string(kDefault) + std::string(name)
                                                  : std::string(name);
}

bool IsNamed(const CheckKind& kind, std::string_view full) {
  return full == FullName(kind.name) || (!kind.alias.empty() && full == FullName(kind.alias));
}

std::string NoSuchCheck(const std::string& full) {
  const std::string_view group = std::string_view(full).substr(0, full.find('.'));
  for (const std::string_view partner : kPartners) {
    if (group == partner) {
      return "checks of " + std::string(partner) +
             " are not built in: call its service from a webhook or a gRPC middleware";
    }
  }
  std::vector<std::string> names;
  for (const CheckKind& kind : kChecks) names.push_back(FullName(kind.name));
  const std::vector<std::string_view> words(names.begin(), names.end());
  const std::string_view near = NearWord(full, words);
  return "there is no such check" + (near.empty() ? "" : "; did you mean " + std::string(near) + "?");
}

// What all checks have. What forbids or changes may look at less.
void ReadCommon(Parameters& parameters, Check* check) {
  check->pass_on_error = !parameters.Flag("failOnError", true);
  if (check->looks != Looks::kAtEverything) return;
  const nlohmann::json* messages = parameters.Value("messages", false);
  if (messages == nullptr || *messages == "all") return;
  if (*messages == "last") {
    check->only_last = true;
  } else if (messages->is_array()) {
    check->roles = parameters.Texts("messages");
  } else {
    parameters.Fail("messages", "must be all, last or a list of roles");
  }
}

}  // namespace

std::span<const CheckKind> CheckTable() { return kChecks; }

Finding Told(bool passes, std::string_view explanation) {
  Finding finding{passes ? Verdict::kPass : Verdict::kFail, nlohmann::json::object()};
  finding.data.emplace("explanation", explanation);
  return finding;
}

std::optional<Check> MakeCheck(std::string_view id, const nlohmann::json& parameters, const std::string& path,
                               Problem* problem) {
  const std::string full = FullName(id);
  for (const CheckKind& kind : kChecks) {
    if (!IsNamed(kind, full)) continue;
    const nlohmann::json none = nlohmann::json::object();
    if (!parameters.is_object() && !parameters.is_null()) {
      *problem = {path, "the parameters of a check are an object"};
      return std::nullopt;
    }
    Parameters reader(parameters.is_null() ? none : parameters, path);
    Check check;
    check.id = FullName(kind.name);
    kind.make(reader, &check);
    ReadCommon(reader, &check);
    if (auto found = reader.Finish()) {
      *problem = *std::move(found);
      return std::nullopt;
    }
    return check;
  }
  *problem = {path, NoSuchCheck(full)};
  return std::nullopt;
}

std::string CheckTableMarkdown() {
  std::string out = "| check | parameters (default) | passes when |\n|---|---|---|\n";
  for (const CheckKind& kind : kChecks) {
    out += "| `" + FullName(kind.name) + "`";
    if (!kind.alias.empty()) out += ", `" + FullName(kind.alias) + "`";
    out.append(" | ").append(kind.parameters).append(" | ").append(kind.passes).append(" |\n");
  }
  return out;
}

}  // namespace portolan::guardrails
