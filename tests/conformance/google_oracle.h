#pragma once

// What is to be expected of Google's dialect, worked out from the recorded JSON alone. Nothing here uses the
// code under test.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::conformance {

// The events of a recorded stream, be it server-sent events or one JSON array.
std::vector<nlohmann::json> GoogleEventsOf(const nlohmann::json& body);
// The answer that a stream's events make up: its parts in their order, texts of one kind joined; else what
// the last event says.
nlohmann::json AssembleGoogleEvents(const std::vector<nlohmann::json>& events);

// What a caller must get of an answer, in one flat form:
//   {id, model, usage: {prompt_tokens, completion_tokens, total_tokens, cached_tokens, reasoning_tokens},
//    choices: [{content, reasoning, calls: [{name, arguments, signature}], signature, finish_reason, links}]}
// Absent things are null.
nlohmann::json ExpectedOfGoogle(const nlohmann::json& answer);
// The same form, read from a chat completion of the hub.
nlohmann::json SummaryOfHub(const nlohmann::json& completion);

// The chat completion that an OpenAI SDK makes of a stream: `content`, `reasoning_content` and arguments are
// joined, calls go by their index; of other members of a delta the last one stays.
nlohmann::json AssembleChunks(const std::vector<nlohmann::json>& chunks);

// The parts that must go back for an answer's first candidate: without thoughts and what says nothing.
nlohmann::json PartsToSendBack(const nlohmann::json& answer);

// A hub request that says what a recorded request says, and a request with those spellings made one that mean
// the same. `model` is the one of the URL.
nlohmann::json HubRequestForGoogle(const std::string& model, const nlohmann::json& request);
nlohmann::json NormalisedGoogle(nlohmann::json request);

}  // namespace portolan::conformance
