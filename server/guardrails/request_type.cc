#include "server/guardrails/request_type.h"

#include <algorithm>
#include <array>

namespace portolan::guardrails {
namespace {

struct Word {
  std::string_view path;
  std::string_view word;
};

// The hooks' `requestType` in Portkey's gateway, by the path below the API's root.
constexpr std::array<Word, 12> kRequestTypes = {{{"chat/completions", "chatComplete"},
                                                 {"completions", "complete"},
                                                 {"embeddings", "embed"},
                                                 {"messages", "messages"},
                                                 {"rerank", "rerank"},
                                                 {"responses", "createModelResponse"},
                                                 {"images/generations", "imageGenerate"},
                                                 {"images/edits", "imageEdit"},
                                                 {"audio/speech", "createSpeech"},
                                                 {"audio/transcriptions", "createTranscription"},
                                                 {"audio/translations", "createTranslation"},
                                                 {"moderations", "moderate"}}};

}  // namespace

std::string_view RequestTypeOf(std::string_view path) {
  path = path.substr(0, path.find('?'));
  if (path.starts_with('/')) path.remove_prefix(1);
  const auto* const found =
      std::find_if(kRequestTypes.begin(), kRequestTypes.end(), [&](Word row) { return row.path == path; });
  return found == kRequestTypes.end() ? "proxy" : found->word;
}

}  // namespace portolan::guardrails
