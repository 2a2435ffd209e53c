#include "tests/conformance/replayed_by.h"

#include <algorithm>
#include <string>

namespace portolan::conformance {
namespace {

constexpr TypedReplay kTyped[] = {{"anthropic", "count-tokens", "token_count_recordings_test.cc"},
                                  {"anthropic", "messages", "anthropic_recordings_test.cc"},
                                  {"anthropic", "models", "anthropic_recordings_test.cc"},
                                  {"azure", "", "azure_recordings_test.cc"},
                                  {"bedrock", "converse", "bedrock_recordings_test.cc"},
                                  {"bedrock", "count-tokens", "token_count_recordings_test.cc"},
                                  {"bedrock", "invoke-cohere.rerank", "bedrock_recordings_test.cc"},
                                  {"bedrock", "invoke-dimensions-amazon.titan", "bedrock_recordings_test.cc"},
                                  {"cohere", "chat-v2", "cohere_recordings_test.cc"},
                                  {"cohere", "embeddings", "cohere_recordings_test.cc"},
                                  {"cohere", "models", "cohere_recordings_test.cc"},
                                  {"cohere", "rerank", "cohere_recordings_test.cc"},
                                  {"gemini", "count-tokens", "token_count_recordings_test.cc"},
                                  {"gemini", "embeddings", "google_recordings_test.cc"},
                                  {"gemini", "generatecontent", "google_recordings_test.cc"},
                                  {"gemini", "models", "google_recordings_test.cc"},
                                  {"gemini", "streamgeneratecontent", "google_recordings_test.cc"},
                                  {"huggingface", "embeddings", "relayed_recordings_test.cc"},
                                  {"ollama", "api-chat", "ollama_recordings_test.cc"},
                                  {"openrouter", "rerank", "relayed_recordings_test.cc"},
                                  {"vertex", "count-tokens", "token_count_recordings_test.cc"},
                                  {"vertex", "embeddings", "vertex_recordings_test.cc"},
                                  {"vertex", "generatecontent", "vertex_recordings_test.cc"},
                                  {"vertex", "predict", "vertex_recordings_test.cc"},
                                  {"vertex", "rawpredict", "vertex_recordings_test.cc"},
                                  {"vertex", "streamgeneratecontent", "vertex_recordings_test.cc"},
                                  {"vertex", "streamrawpredict", "vertex_recordings_test.cc"},
                                  {"voyage", "rerank", "relayed_recordings_test.cc"}};

}  // namespace

std::span<const TypedReplay> TypedReplays() { return kTyped; }

std::optional<Endpoint> EndpointOf(const Replay& replay) {
  const std::string path = replay.path.substr(0, replay.path.find('?'));
  if (path.ends_with("/chat/completions")) return Endpoint::kChat;
  if (path.ends_with("/completions")) return Endpoint::kCompletions;
  if (path.ends_with("/embeddings")) return Endpoint::kEmbeddings;
  if (replay.endpoint != "models" || path != replay.path) return std::nullopt;
  if (path.ends_with("/models")) return Endpoint::kListModels;
  if (path.find("/models/") != std::string::npos) return Endpoint::kGetModel;
  return std::nullopt;
}

std::string_view ReplayedBy(const Replay& replay) {
  const auto* const typed = std::find_if(std::begin(kTyped), std::end(kTyped), [&](const TypedReplay& one) {
    return replay.provider == one.folder && replay.name.starts_with(one.prefix);
  });
  if (typed != std::end(kTyped)) return typed->file;
  return EndpointOf(replay) ? "replay_test.cc" : std::string_view();
}

}  // namespace portolan::conformance
