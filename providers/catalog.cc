#include "providers/catalog.h"

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/bedrock/bedrock.h"
#include "providers/dialects/cohere/cohere.h"
#include "providers/dialects/google/google.h"
#include "providers/dialects/huggingface/huggingface.h"
#include "providers/dialects/minimax/minimax.h"
#include "providers/dialects/mistral/mistral.h"
#include "providers/dialects/ollama/ollama.h"
#include "providers/dialects/openai/openai.h"
#include "providers/dialects/palm/palm.h"
#include "providers/dialects/perplexity/perplexity.h"
#include "providers/dialects/rerankers/rerankers.h"
#include "providers/dialects/watsonx/watsonx.h"
#include "providers/rows.h"

namespace portolan::providers {

const Catalog& BuiltInCatalog() {
  static const Catalog* const catalog =
      new Catalog{{&OpenAiDialect(), &AnthropicDialect(), &GoogleDialect(), &BedrockDialect(),
                   &CohereDialect(), &MistralDialect(), &OllamaDialect(), &PalmDialect(), &MiniMaxDialect(),
                   &PerplexityDialect(), &RerankersDialect(), &HuggingFaceDialect(), &WatsonxDialect()},
                  BuiltInRows()};
  return *catalog;
}

}  // namespace portolan::providers
