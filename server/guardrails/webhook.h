#pragma once

// What Portkey's webhooks are told and answer
// (https://portkey.ai/docs/product/guardrails/bring-your-own-guardrails).

#include <optional>
#include <string>
#include <string_view>

#include "server/guardrails/question.h"

namespace portolan::guardrails {

// The object that is posted: `{request: {json, text, isStreamingRequest, isTransformed}, response: {json,
// text, statusCode, isTransformed}, provider, requestType, metadata, eventType}`.
std::string WebhookBody(const Subject& subject);

// Its answer: `{verdict, data?, transformedData?: {request: {json}, response: {json}}}`.
struct WebhookAnswer {
  bool verdict = false;
  nlohmann::json data = nullptr;  // null also where it nests deeper than 64 levels
  // JSON objects, in the bytes in which they came.
  std::optional<std::string> request = std::nullopt;
  std::optional<std::string> response = std::nullopt;
};
// nullopt with the reason, as a clause, if it is none.
std::optional<WebhookAnswer> ReadWebhookAnswer(std::string_view body, std::string* problem);

}  // namespace portolan::guardrails
