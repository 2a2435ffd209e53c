#include "providers/rows.h"

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/cohere/cohere.h"
#include "providers/dialects/google/google.h"
#include "providers/dialects/openai/openai.h"
#include "providers/dialects/palm/palm.h"
#include "providers/echo/echo.h"
#include "providers/relay.h"
#include "providers/rows/row.h"

namespace portolan::providers {
namespace {

constexpr std::string_view kAnthropicAliases[] = {"claude"};
constexpr std::string_view kGoogleAliases[] = {"gemini", "google-ai-studio"};
constexpr std::string_view kCohereAliases[] = {"cohere-chat"};

std::vector<std::string> OperationsOf(const Row& row) {
  std::vector<std::string> operations;
  if ((row.operations & kChat) != 0) operations.emplace_back(operation::kChat);
  if ((row.operations & kCompletions) != 0) operations.emplace_back(operation::kCompletion);
  // One that takes few texts has a form of its own for that.
  if ((row.operations & kEmbeddings) != 0 && row.most_texts == 0)
    operations.emplace_back(operation::kEmbedding);
  if ((row.operations & kModels) != 0) {
    operations.emplace_back(operation::kListModels);
    operations.emplace_back(operation::kGetModel);
  }
  if ((row.operations & kReranks) != 0) operations.emplace_back(operation::kRerank);
  // An empty list would mean all.
  if (operations.empty()) operations.emplace_back();
  return operations;
}

Provider ToProvider(const Row& row) {
  Provider provider = {.name = std::string(row.name),
                       .base_url = std::string(row.base_url),
                       .dialect = &OpenAiDialect(),
                       .operations = OperationsOf(row),
                       .objects = {row.objects.begin(), row.objects.end()},
                       .auth = &row.auth(),
                       .key_variables = {row.variables.begin(), row.variables.end()},
                       .takes_stream_options = row.takes_stream_options,
                       .title = row.title,
                       .aliases = {row.aliases.begin(), row.aliases.size()},
                       .host_version = row.host_version,
                       .rules = {row.rules.begin(), row.rules.size()},
                       .usage_excludes_reasoning = row.usage_excludes_reasoning,
                       .needs_no_key = row.needs_no_key,
                       .on_this_machine = row.local,
                       .usage_unasked = row.usage_unasked,
                       .source = row.source,
                       .checked = row.checked};
  for (const RowOption& option : row.options) {
    provider.options.push_back({std::string(option.name), std::string(option.header),
                                std::string(option.fallback), std::string(option.variable), option.part});
  }
  for (const RowPath& path : row.paths) provider.paths.push_back({path.operation, path.path});
  for (const RowForm& own : row.forms) {
    provider.own_forms.push_back(OwnForm(own.dialect(), own.operation, own.style));
    if (!own.without.empty()) provider.own_forms.back().without = own.without;
    if (!own.path.empty()) provider.own_forms.back().path = own.path;
    if (!own.base_url.empty()) {
      provider.hosts.push_back(
          {.option = {}, .value = std::string(own.operation), .base_url = std::string(own.base_url)});
    }
  }
  if (row.most_texts > 0) {
    provider.own_forms.push_back(OwnForm(OpenAiDialect(), operation::kEmbedding));
    provider.own_forms.back().max_inputs = row.most_texts;
  }
  return provider;
}

}  // namespace

std::vector<Provider> BuiltInRows() {
  std::vector<Provider> rows;
  rows.push_back({.name = "openai",
                  .base_url = "https://api.openai.com/v1",
                  .dialect = &OpenAiDialect(),
                  .objects = AllObjectFamilies(),
                  .auth = &BearerAuth(),
                  .key_variables = {"OPENAI_API_KEY"},
                  .options = {{"openai_organization", "openai-organization"},
                              {"openai_project", "openai-project"},
                              {"openai_beta", "openai-beta"}},
                  .takes_stream_options = true,
                  .title = "OpenAI",
                  .rules = kOpenAiRules,
                  .source = "openai@6.49.0 (npm) client.js, resources/chat/completions; "
                            "developers.openai.com/api/docs/deprecations; recorded traffic",
                  .checked = "2026-11"});
  rows.push_back({.name = "anthropic",
                  .base_url = "https://api.anthropic.com/v1",
                  .dialect = &AnthropicDialect(),
                  .auth = &AnthropicAuth(),
                  .key_variables = {"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"},
                  // The newest version refuses sampling parameters, which OpenAI's callers use.
                  .options = {{"anthropic_version", "anthropic-version", "2023-06-01"},
                              {"anthropic_beta", "anthropic-beta"}},
                  .title = "Anthropic",
                  .aliases = kAnthropicAliases,
                  .source = "@anthropic-ai/sdk@1.12.0 client.js, resources/messages; "
                            "anthropic@2.12.0 (Python) _client.py; platform.claude.com/docs/en/api "
                            "(versioning, migration-2026-10-21); recorded traffic",
                  .checked = "2026-11"});
  rows.push_back({.name = "google",
                  .base_url = "https://generativelanguage.googleapis.com/v1beta",
                  .dialect = &GoogleDialect(),
                  .auth = &GoogleAuth(),
                  .key_variables = {"GEMINI_API_KEY", "GOOGLE_API_KEY"},
                  .title = "Google Gemini API",
                  .aliases = kGoogleAliases,
                  .host_version = "/v1beta",
                  .source = "@google/genai@2.32.0 dist/genai.d.ts, dist/node/index.cjs; "
                            "LiteLLM llms/gemini; recorded traffic",
                  .checked = "2026-11"});
  rows.push_back(BedrockRow());
  rows.push_back(SageMakerRow());
  rows.push_back({.name = "cohere",
                  .base_url = "https://api.cohere.com",
                  .dialect = &CohereDialect(),
                  .auth = &BearerAuth(),
                  .key_variables = {"COHERE_API_KEY", "CO_API_KEY"},
                  .title = "Cohere",
                  .aliases = kCohereAliases,
                  .source = "cohere-ai@8.1.0 (npm) api/types, api/resources/v2; LiteLLM llms/cohere; "
                            "recorded traffic",
                  .checked = "2026-11"});
  // The service has ended; what speaks its language elsewhere is a custom host.
  rows.push_back({.name = "palm",
                  .base_url = "https://generativelanguage.googleapis.com/v1beta3",
                  .dialect = &PalmDialect(),
                  .auth = &GoogleAuth(),
                  .title = "Google PaLM API",
                  .host_version = "/v1beta3",
                  .source = "google/ai/generativelanguage/v1beta3 of "
                            "@google-ai/generativelanguage@2.9 (npm); Portkey",
                  .checked = "2026-11"});
  rows.push_back(VertexAiRow());
  rows.push_back(AzureOpenAiRow());
  rows.push_back(AzureAiRow());
  rows.push_back(WatsonxRow());
  rows.push_back(
      {.name = "echo",
       .dialect = &OpenAiDialect(),
       .operations = {"chat", "completion", "embedding", "count_tokens", "list_models", "get_model"},
       .auth = &BearerAuth(),
       .local = &Echo(),
       .title = "inside the gateway"});
  for (const auto table : {RowsToC(), RowsDToH(), RowsIToN(), RowsOToS(), RowsTToZ()}) {
    for (const Row& row : table) rows.push_back(ToProvider(row));
  }
  for (Provider& row : rows) AddOwnApi(&row);
  return rows;
}

}  // namespace portolan::providers
