#pragma once

// The answers that the instant upstream gives: of the size and shape of real ones.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
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

inline constexpr std::string_view kGeminiAnswer =
    R"({"candidates":[{"content":{"parts":[{"text":"Hello! How can I assist you today? I can help with writing, )"
    R"(code and research."}],"role":"model"},"finishReason":"STOP","avgLogprobs":-0.0124,"index":0}],)"
    R"("usageMetadata":{"promptTokenCount":19,"candidatesTokenCount":20,"totalTokenCount":39,)"
    R"("promptTokensDetails":[{"modality":"TEXT","tokenCount":19}],)"
    R"("candidatesTokensDetails":[{"modality":"TEXT","tokenCount":20}]},)"
    R"("modelVersion":"gemini-2.5-flash","responseId":"x0Q5aOq3KZ6fkdUP5pGRkQk"})";

inline constexpr std::string_view kBedrockAnswer =
    R"({"metrics":{"latencyMs":551},"output":{"message":{"content":[{"text":"Hello! How can I assist you today? )"
    R"(I can help with writing, code and research."}],"role":"assistant"}},"stopReason":"end_turn",)"
    R"("usage":{"cacheReadInputTokens":0,"cacheWriteInputTokens":0,"inputTokens":19,"outputTokens":20,)"
    R"("serverToolUsage":{},"totalTokens":39}})";

inline constexpr std::string_view kCohereAnswer =
    R"({"id":"c14c80c3-18eb-4519-9460-6c92edd8cfb4","finish_reason":"COMPLETE","message":{"role":"assistant",)"
    R"("content":[{"type":"text","text":"Hello! How can I assist you today? I can help with writing, code and )"
    R"(research."}]},"usage":{"billed_units":{"input_tokens":19,"output_tokens":20},)"
    R"("tokens":{"input_tokens":85,"output_tokens":22}}})";

inline constexpr std::string_view kOllamaAnswer =
    R"({"model":"llama3.2","created_at":"2026-02-11T09:21:07.481923641Z","message":{"role":"assistant",)"
    R"("content":"Hello! How can I assist you today? I can help with writing, code and research."},)"
    R"("done":true,"done_reason":"stop","total_duration":551234567,"load_duration":61234567,)"
    R"("prompt_eval_count":19,"prompt_eval_duration":41234567,"eval_count":20,"eval_duration":441234567})";

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

inline std::vector<std::string> GeminiEvents() {
  const std::string tail =
      R"("usageMetadata":{"promptTokenCount":19,"candidatesTokenCount":99,"totalTokenCount":118,)"
      R"("promptTokensDetails":[{"modality":"TEXT","tokenCount":19}]},)"
      R"("modelVersion":"gemini-2.5-flash","responseId":"x0Q5aOq3KZ6fkdUP5pGRkQk"})";
  const std::string start =
      R"(data: {"candidates":[{"content":{"parts":[{"text":" token"}],"role":"model"},)";
  std::vector<std::string> events(kDeltas - 1, start + R"("index":0}],)" + tail + "\r\n\r\n");
  events.push_back(start + R"("finishReason":"STOP","index":0}],)" + tail + "\r\n\r\n");
  return events;
}

inline std::vector<std::string> CohereEvents() {
  const auto event = [](std::string_view type, std::string_view data) {
    return "event: " + std::string(type) + "\ndata: " + std::string(data) + "\n\n";
  };
  std::vector<std::string> events;
  events.push_back(
      event(
          "message-start",
          R"({"id":"29f14a5a-11de-4cae-9800-25e4747408ea","type":"message-start",)"
          R"("delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}})") +
      event("content-start", R"({"type":"content-start","index":0,)"
                             R"("delta":{"message":{"content":{"type":"text","text":""}}}})"));
  for (int i = 2; i < kDeltas; ++i) {
    events.push_back(event("content-delta", R"({"type":"content-delta","index":0,)"
                                            R"("delta":{"message":{"content":{"text":" token"}}}})"));
  }
  events.push_back(event("content-end", R"({"type":"content-end","index":0})") +
                   event("message-end", R"({"type":"message-end","delta":{"finish_reason":"COMPLETE",)"
                                        R"("usage":{"billed_units":{"input_tokens":19,"output_tokens":99},)"
                                        R"("tokens":{"input_tokens":85,"output_tokens":99}}}})"));
  return events;
}

// Lines of JSON.
inline std::vector<std::string> OllamaEvents() {
  const std::string start = R"({"model":"llama3.2","created_at":"2026-02-11T09:21:07.481923641Z",)"
                            R"("message":{"role":"assistant","content":)";
  std::vector<std::string> events(kDeltas - 1, start + R"(" token"},"done":false})" + "\n");
  events.push_back(start +
                   R"(""},"done":true,"done_reason":"stop","total_duration":551234567,)"
                   R"("load_duration":61234567,"prompt_eval_count":19,"prompt_eval_duration":41234567,)"
                   R"("eval_count":99,"eval_duration":441234567})" +
                   "\n");
  return events;
}

// The checksum of AWS's frames: that of IEEE 802.3, a bit at a time.
inline uint32_t Crc32(std::string_view bytes) {
  uint32_t crc = ~0U;
  for (const char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0);
  }
  return ~crc;
}

// A message of `application/vnd.amazon.eventstream`.
inline std::string AwsFrame(std::string_view type, std::string_view json) {
  const auto big_endian = [](uint32_t value, int bytes) {
    std::string text;
    for (int at = bytes - 1; at >= 0; --at) text += static_cast<char>(value >> (8 * at));
    return text;
  };
  std::string headers;
  for (const auto& [name, value] : std::array<std::pair<std::string_view, std::string_view>, 3>{
           {{":event-type", type}, {":content-type", "application/json"}, {":message-type", "event"}}}) {
    headers += big_endian(static_cast<uint32_t>(name.size()), 1) + std::string(name) + '\7';
    headers += big_endian(static_cast<uint32_t>(value.size()), 2) + std::string(value);
  }
  std::string frame = big_endian(static_cast<uint32_t>(16 + headers.size() + json.size()), 4) +
                      big_endian(static_cast<uint32_t>(headers.size()), 4);
  frame += big_endian(Crc32(frame), 4) + headers + std::string(json);
  return frame + big_endian(Crc32(frame), 4);
}

inline std::vector<std::string> BedrockEvents() {
  std::vector<std::string> events;
  events.push_back(AwsFrame("messageStart", R"({"p":"abcdefghijk","role":"assistant"})"));
  for (int i = 2; i < kDeltas; ++i) {
    events.push_back(AwsFrame("contentBlockDelta",
                              R"({"contentBlockIndex":0,"delta":{"text":" token"},"p":"abcdefghijklmnop"})"));
  }
  events.push_back(AwsFrame("contentBlockStop", R"({"contentBlockIndex":0,"p":"abcdefgh"})") +
                   AwsFrame("messageStop", R"({"p":"abcdefghijklm","stopReason":"end_turn"})") +
                   AwsFrame("metadata",
                            R"({"metrics":{"latencyMs":1200},"p":"abcdef","usage":{"inputTokens":19,)"
                            R"("outputTokens":99,"totalTokens":118}})"));
  return events;
}

}  // namespace bench
