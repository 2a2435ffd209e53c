#pragma once

// What is to be expected of the Bedrock adapter, worked out from the recorded JSON alone. Nothing here uses
// the code under test.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::conformance::bedrock {

// The bytes of base64.
std::string DecodeBase64(std::string_view text);

// The messages of a recorded stream, each as {type, payload}; CRCs are not looked at.
std::vector<nlohmann::json> FramesOf(std::string_view bytes);

// The answer that the messages of a stream make up, in the form of one that was not streamed.
nlohmann::json AssembleFrames(const std::vector<nlohmann::json>& frames);

// What a caller must get of an answer, in one flat form:
//   {content, reasoning, calls: [{id, name, arguments}], finish_reason, prompt_tokens, completion_tokens,
//   total_tokens,
//    cached_tokens, links: [url], server_calls: [name]}
// Absent things are null.
nlohmann::json ExpectedOf(const nlohmann::json& answer);

// The same form, read from a chat completion of the hub, and from the chunks of a streamed one. `error` in
// the result tells what is wrong with the stream's form.
nlohmann::json SummaryOf(const nlohmann::json& completion);
nlohmann::json SummaryOfChunks(const std::vector<nlohmann::json>& chunks);

// A hub request that says what a recorded request says.
nlohmann::json HubRequestFor(const nlohmann::json& request, std::string_view model);

// A request without those members that mean the same as their absence, and with neighbours of one role
// joined.
nlohmann::json Normalised(nlohmann::json request);

}  // namespace portolan::conformance::bedrock
