#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "providers/dialects/minimax/minimax.h"
#include "providers/dialects/mistral/mistral.h"
#include "providers/dialects/ollama/ollama.h"
#include "providers/dialects/openai/openai.h"
#include "providers/dialects/perplexity/perplexity.h"
#include "providers/dialects/rerankers/rerankers.h"
#include "providers/rows.h"

namespace portolan::providers {
namespace {

// Of calls that are passed on as they are, and may name no model.
constexpr std::string_view kAnyPath = "{path}";

// Fill in the middle: of text completions with a suffix, and of all if the caller says so. What is then
// called a chat is one in name alone: its body is passed on as it is, with `prompt` and `suffix`.
void AddMistrals(Provider* provider) {
  const Form& fim = *MistralDialect().Find(operation::kCompletion);
  provider->other_ways.push_back({.members = "suffix",
                                  .dialect = &MistralDialect(),
                                  .form = OwnForm(MistralDialect(), operation::kCompletion)});
  const Dialect& openai = OpenAiDialect();
  std::vector<Form> others;
  for (const std::string_view operation :
       {operation::kEmbedding, operation::kListModels, operation::kGetModel}) {
    others.push_back(OwnForm(openai, operation));
  }
  others.push_back(RawForm(kAnyPath));
  ModelFamily asked{.names = {{""}},
                    .dialect = &openai,
                    .forms = {HostedForm(openai, operation::kChat, "/fim/completions")},
                    // Just `true`.
                    .when = {.option = "mistral_fim_completion", .from = "true", .to = "true "}};
  asked.forms.insert(asked.forms.end(), others.begin(), others.end());
  // A dialect's forms live as long as the process.
  asked.text_by_chat = std::shared_ptr<const Form>(std::shared_ptr<void>(), &fim);
  provider->families.push_back(std::move(asked));
  // Its chat needs a mapping whoever calls: see providers/dialects/mistral.
  ModelFamily usual{
      .names = {{""}}, .dialect = &MistralDialect(), .forms = {OwnForm(MistralDialect(), operation::kChat)}};
  usual.forms.insert(usual.forms.end(), others.begin(), others.end());
  provider->families.push_back(std::move(usual));
}

void AddOllamas(Provider* provider) {
  provider->other_ways.push_back({.members = kOllamaMembers,
                                  .dialect = &OllamaDialect(),
                                  .form = OwnForm(OllamaDialect(), operation::kChat)});
}

// Its chat needs a mapping whoever calls: see providers/dialects/minimax.
void AddMiniMaxs(Provider* provider) {
  provider->families.push_back({.names = {{""}},
                                .dialect = &MiniMaxDialect(),
                                .forms = {OwnForm(MiniMaxDialect(), operation::kChat), RawForm(kAnyPath)}});
}

// Encodings of its own, for callers who name one.
void AddPerplexitys(Provider* provider) {
  provider->other_ways.push_back(
      {.members = "encoding_format",
       .dialect = &PerplexityDialect(),
       .form = OwnForm(PerplexityDialect(), operation::kEmbedding, kPerplexityEncodings)});
}

// Each of its rerankers (those of TextReRank in dashscope 2.0.2, its SDK for Python) is in one of its APIs:
// qwen3-rerank in the one that is like OpenAI's, these in its own. It lies beside the other, whose path the
// row's own form takes off the base URL.
void AddDashScopes(Provider* provider) {
  const Dialect& rerankers = RerankersDialect();
  provider->families.push_back({.names = {{"gte-rerank"}, {"qwen3.7-text-rerank"}},
                                .dialect = &rerankers,
                                .forms = {OwnForm(rerankers, operation::kRerank, kRerankOfDashScope)}});
  provider->families.push_back({.names = {{"qwen3-vl-rerank"}},
                                .dialect = &rerankers,
                                .forms = {OwnForm(rerankers, operation::kRerank, kRerankOfDashScopeMedia)}});
}

}  // namespace

void AddOwnApi(Provider* provider) {
  if (provider->name == "dashscope") AddDashScopes(provider);
  if (provider->name == "mistral-ai") AddMistrals(provider);
  if (provider->name == "minimax") AddMiniMaxs(provider);
  if (provider->name == "ollama") AddOllamas(provider);
  if (provider->name == "perplexity-ai") AddPerplexitys(provider);
}

}  // namespace portolan::providers
