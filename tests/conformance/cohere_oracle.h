#pragma once

// What is to be expected of the Cohere adapter, worked out from the recorded JSON alone. Nothing here uses
// the code under test.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::conformance::cohere {

// The data of the events of a recorded stream, without `[DONE]`.
std::vector<nlohmann::json> EventsOf(std::string_view bytes);

// The answer that events make up, in the form of one that was not streamed; `error` is that of its end.
nlohmann::json AssembleEvents(const std::vector<nlohmann::json>& events);

// What a caller must get of an answer, in one flat form:
//   {id, content, reasoning, calls: [{id, name, arguments}], citations, finish_reason, prompt_tokens,
//    completion_tokens, total_tokens, cached_tokens, reasoning_tokens, billed}
// Absent things are null.
nlohmann::json ExpectedOf(const nlohmann::json& answer);

// The same form, read from a chat completion of the hub, and from the chunks of a streamed one. `error` in
// the result tells what is wrong with the stream's form.
nlohmann::json SummaryOf(const nlohmann::json& completion);
nlohmann::json SummaryOfChunks(const std::vector<nlohmann::json>& chunks);

// A hub request that says what a recorded request says.
nlohmann::json HubRequestFor(const nlohmann::json& request);

// A request in the spelling that Cohere's types have, without what says nothing.
nlohmann::json Normalised(nlohmann::json request);

}  // namespace portolan::conformance::cohere
