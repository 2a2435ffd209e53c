#pragma once

// What is to be expected of the Anthropic adapter, worked out from the recorded JSON alone. Nothing here uses
// the code under test.

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace portolan::conformance {

// The data of the events of a recorded stream.
std::vector<nlohmann::json> EventsOf(std::string_view sse);

// The message that a stream's events make up, in the form of an answer that was not streamed.
nlohmann::json AssembleEvents(const std::vector<nlohmann::json>& events);

// What a caller must get of a message, in one flat form:
//   {id, model, content, reasoning, refusal, calls: [{id, name, arguments}], finish_reason, stop_sequence,
//    prompt_tokens, completion_tokens, total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens,
//    links: [url]}
// Absent things are null.
nlohmann::json ExpectedOf(const nlohmann::json& message);

// The same form, read from a chat completion of the hub, and from the chunks of a streamed one. `error` in
// the result tells what is wrong with the stream's form (role twice, calls out of order …).
nlohmann::json SummaryOf(const nlohmann::json& completion);
nlohmann::json SummaryOfChunks(const std::vector<nlohmann::json>& chunks);

// The ordered blocks that the chunks' `content_blocks` make up.
nlohmann::json AssembleBlocks(const std::vector<nlohmann::json>& chunks);

// A hub request that says what a recorded Anthropic request says.
nlohmann::json HubRequestFor(const nlohmann::json& request);

// A request with those spellings made one that mean the same: text as blocks, neighbours of one role joined,
// defaults left out.
nlohmann::json Normalised(nlohmann::json request);

}  // namespace portolan::conformance
