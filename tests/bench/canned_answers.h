#pragma once

// The answers that the instant upstream gives: of the size and shape of real ones.

#include <string>
#include <string_view>
#include <vector>

namespace bench {

inline constexpr int kDeltas = 100;

inline constexpr std::string_view kOpenAiAnswer =
    R"({"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion","created":1741569952,)"
    R"("model":"gpt-4.1-2025-04-14","choices":[{"index":0,"message":{"role":"assistant",)"
    R"("content":"Hello! How can I assist you today? I can help with writing, code and research.",)"
    R"("refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":19,"completion_tokens":20,"total_tokens":39,)"
    R"("prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},)"
    R"("completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,)"
    R"("accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},)"
    R"("service_tier":"default","system_fingerprint":"fp_b376dfbbd5"})";

inline constexpr std::string_view kAnthropicAnswer =
    R"({"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant",)"
    R"("model":"claude-sonnet-4-20250514","content":[{"type":"text",)"
    R"("text":"Hello! How can I assist you today? I can help with writing, code and research."}],)"
    R"("stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":19,)"
    R"("cache_creation_input_tokens":0,"cache_read_input_tokens":0,)"
    R"("cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},)"
    R"("output_tokens":20,"service_tier":"standard"}})";

// The events of a stream, in the pieces in which they are sent: one a delta.
inline std::vector<std::string> OpenAiEvents() {
  const std::string start =
      R"(data: {"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk",)"
      R"("created":1741569952,"model":"gpt-4.1-2025-04-14","service_tier":"default",)"
      R"("system_fingerprint":"fp_b376dfbbd5","choices":[{"index":0,"delta":)";
  std::vector<std::string> events;
  events.push_back(start + R"({"role":"assistant","content":"","refusal":null},"finish_reason":null}]})" +
                   "\n\n");
  for (int i = 2; i < kDeltas; ++i) {
    events.push_back(start + R"({"content":" token"},"finish_reason":null}]})" + "\n\n");
  }
  events.push_back(start + R"({},"finish_reason":"stop"}]})" + "\n\ndata: [DONE]\n\n");
  return events;
}

inline std::vector<std::string> AnthropicEvents() {
  std::vector<std::string> events;
  events.push_back(
      "event: message_start\ndata: "
      R"({"type":"message_start","message":{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message",)"
      R"("role":"assistant","model":"claude-sonnet-4-20250514","content":[],"stop_reason":null,)"
      R"("stop_sequence":null,"usage":{"input_tokens":19,"output_tokens":1}}})"
      "\n\nevent: content_block_start\ndata: "
      R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
      "\n\n");
  for (int i = 2; i < kDeltas; ++i) {
    events.push_back(
        "event: content_block_delta\ndata: "
        R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" token"}})"
        "\n\n");
  }
  events.push_back(
      "event: content_block_stop\ndata: "
      R"({"type":"content_block_stop","index":0})"
      "\n\nevent: message_delta\ndata: "
      R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},)"
      R"("usage":{"output_tokens":99}})"
      "\n\nevent: message_stop\ndata: "
      R"({"type":"message_stop"})"
      "\n\n");
  return events;
}

}  // namespace bench
