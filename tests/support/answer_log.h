#pragma once

// What tests/conformance/openai_answers checks: what callers of OpenAI's API were answered, a line each in
// the file that PORTOLAN_OPENAI_ANSWER_LOG names. Without that variable nothing is logged.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::test {

// An answer or a chunk that a dialect has made of a provider's: {"by": TEST, "provider":…, KIND: `body`},
// where a kind is an operation of the hub's, or `chunk`.
void LogAnswer(std::string_view provider, std::string_view kind, const nlohmann::json& body);

// The chunks of a stream that has come to its good end, logged as a whole besides.
void LogStream(std::string_view provider, const std::vector<nlohmann::json>& chunks);

// What came by REST from the gateway: {"by":…, "provider":…, "path":…, "status":…, "body": TEXT}. `provider`:
// who answered; empty: nobody, and nothing is logged.
void LogReply(std::string_view provider, std::string_view path, int status, const std::string& body);

}  // namespace portolan::test
