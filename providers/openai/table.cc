#include "providers/openai/openai.h"

namespace portolan::providers {

std::vector<OpenAiRow> OpenAiTable() {
  using enum Operation;
  return {
      {.name = "openai",
       .base_url = "https://api.openai.com/v1",
       .key_variables = {"OPENAI_API_KEY"},
       .option_names = {"openai_organization", "openai_project", "openai_beta"},
       .operations = {kChat, kCompletion, kEmbedding, kListModels, kGetModel},
       .takes_stream_options = true},
  };
}

}  // namespace portolan::providers
