#pragma once

// What the table of checks is made of: each reads its parameters into *check. Internal to this part.

#include "server/guardrails/check.h"
#include "server/guardrails/parameters.h"

namespace portolan::guardrails::makers {

// Of texts.
void RegexMatch(Parameters& parameters, Check* check);
void Contains(Parameters& parameters, Check* check);
void SentenceCount(Parameters& parameters, Check* check);
void WordCount(Parameters& parameters, Check* check);
void CharacterCount(Parameters& parameters, Check* check);
void ContainsCode(Parameters& parameters, Check* check);
void AllUpperCase(Parameters& parameters, Check* check);
void AllLowerCase(Parameters& parameters, Check* check);
void EndsWith(Parameters& parameters, Check* check);
void NotNull(Parameters& parameters, Check* check);

// Of JSON in texts.
void JsonSchemaFits(Parameters& parameters, Check* check);
void JsonKeys(Parameters& parameters, Check* check);

// Of calls.
void ModelWhitelist(Parameters& parameters, Check* check);
void ModelRules(Parameters& parameters, Check* check);
void AllowedRequestTypes(Parameters& parameters, Check* check);
void RequiredMetadataKeys(Parameters& parameters, Check* check);

// That change texts.
void RegexReplace(Parameters& parameters, Check* check);
void AddPrefix(Parameters& parameters, Check* check);
void Pii(Parameters& parameters, Check* check);

// That ask the network.
void Webhook(Parameters& parameters, Check* check);
void Log(Parameters& parameters, Check* check);
void JsonWebToken(Parameters& parameters, Check* check);
void ValidUrls(Parameters& parameters, Check* check);

}  // namespace portolan::guardrails::makers

namespace portolan::guardrails {

// A verdict with its explanation.
Finding Told(bool passes, std::string_view explanation);

}  // namespace portolan::guardrails
