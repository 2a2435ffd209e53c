// Vertex AI, Google Cloud's host of Gemini, Claude and open models.

#include <algorithm>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/anthropic/body_media.h"
#include "providers/dialects/google/google.h"
#include "providers/dialects/mistral/mistral.h"
#include "providers/dialects/openai/openai.h"
#include "providers/google_metadata.h"
#include "providers/rows.h"
#include "providers/rows/row.h"

// The parts of paths are literals, which the compiler joins.
#define PROJECT_V1 "/v1/projects/{vertex_project_id}/locations/{vertex_region}"
#define PROJECT_V1BETA1 "/v1beta1/projects/{vertex_project_id}/locations/{vertex_region}"
#define GOOGLE_MODEL PROJECT_V1 "/publishers/google/models/{model}"
#define CLAUDE_MODELS PROJECT_V1 "/publishers/anthropic/models"
#define MISTRAL_MODEL PROJECT_V1 "/publishers/mistralai/models/{model}"
#define AI21_MODEL PROJECT_V1 "/publishers/ai21/models/{model}"

namespace portolan::providers {
namespace {

using Name = ModelFamily::Name;
using codec::Edit;

constexpr std::string_view kAliases[] = {"vertex", "vertexai", "google-vertex-ai"};

// Names that begin so, alone or behind their publisher's.
std::vector<Name> NamesOf(const std::string& publisher, std::initializer_list<std::string> prefixes) {
  std::vector<Name> names;
  for (const std::string& prefix : prefixes) {
    names.push_back({prefix});
    for (const std::string& before :
         {publisher + "/", publisher + ".", "publishers/" + publisher + "/models/"}) {
      names.push_back({before + prefix, prefix});
    }
  }
  return names;
}

// Whatever the publisher's models are called.
void AddAllOf(const std::string& publisher, std::vector<Name>* names) {
  for (const std::string& before :
       {publisher + "/", publisher + ".", "publishers/" + publisher + "/models/"}) {
    names->push_back({before, ""});
  }
}

// Its media come as bytes alone (platform.claude.com/docs/en/build-with-claude/vision).
ModelFamily Claude() {
  Form chat = HostedForm(AnthropicDialect(), operation::kChat, CLAUDE_MODELS "/{model}:rawPredict",
                         CLAUDE_MODELS "/{model}:streamRawPredict");
  chat.body_edits = {{Edit::Kind::kRemove, "model", {}},
                     {Edit::Kind::kSet, "anthropic_version", R"("vertex-2023-10-16")"}};
  chat.fetches_media = true;
  chat.body_media = &anthropic::kBodyMedia;
  Form count =
      HostedForm(AnthropicDialect(), operation::kCountTokens, CLAUDE_MODELS "/count-tokens:rawPredict");
  count.fetches_media = true;
  count.body_media = &anthropic::kBodyMedia;
  return {{{"claude-"}, {"anthropic/", ""}, {"anthropic.", ""}, {"publishers/anthropic/models/", ""}},
          &AnthropicDialect(),
          {std::move(chat), std::move(count)}};
}

ModelFamily Predicted() {
  return {NamesOf("google", {"text-embedding-", "textembedding-gecko", "text-multilingual-embedding-",
                             "gemini-embedding-001"}),
          &GoogleDialect(),
          {HostedForm(GoogleDialect(), operation::kEmbedding, GOOGLE_MODEL ":predict", {}, "predict")}};
}

ModelFamily Embedded() {
  return {NamesOf("google", {"gemini-embedding-"}),
          &GoogleDialect(),
          {HostedForm(GoogleDialect(), operation::kEmbedding, GOOGLE_MODEL ":embedContent", {},
                      "embed_content")}};
}

// Models that the project has deployed itself, by the endpoint's number. The endpoint is the model.
ModelFamily Endpoints() {
  Form chat =
      HostedForm(OpenAiDialect(), operation::kChat, PROJECT_V1BETA1 "/endpoints/{model}/chat/completions");
  chat.body_edits = {{Edit::Kind::kRemove, "model", {}}};
  return {{{"endpoints.", ""}, {"endpoints/", ""}}, &OpenAiDialect(), {std::move(chat)}};
}

ModelFamily Gemini(std::vector<Name> names) {
  return {std::move(names),
          &GoogleDialect(),
          {HostedForm(GoogleDialect(), operation::kChat, GOOGLE_MODEL ":generateContent",
                      GOOGLE_MODEL ":streamGenerateContent?alt=sse", "vertex")}};
}

// Whatever else the project has, as its clients call it: version 1 of the API is below the gateway's own
// `/v1`.
ModelFamily AllElse() {
  ModelFamily family = Gemini({{""}});
  family.forms.push_back(RawForm("/v1{path}", {"/projects/", "/publishers/"}));
  family.forms.push_back(RawForm("{path}"));
  return family;
}

// Mistral's chat, model in the body and all.
Form MistralChat() {
  return HostedForm(MistralDialect(), operation::kChat, MISTRAL_MODEL ":rawPredict",
                    MISTRAL_MODEL ":streamRawPredict");
}

// One place for all of Mistral's operations: what a text completion is answered by follows from the model.
ModelFamily Codestral() {
  return {NamesOf("mistralai", {"codestral-"}),
          &MistralDialect(),
          {MistralChat(), HostedForm(MistralDialect(), operation::kCompletion, MISTRAL_MODEL ":rawPredict",
                                     MISTRAL_MODEL ":streamRawPredict")}};
}

ModelFamily Mistral() {
  std::vector<Name> names = NamesOf("mistralai", {"mistral-", "ministral-", "magistral-", "devstral-"});
  AddAllOf("mistralai", &names);
  return {std::move(names), &MistralDialect(), {MistralChat()}};
}

// What Mistral's own API does not take is not taken here.
std::span<const BodyRule> MistralRules() {
  static const auto* const rules = [] {
    auto* const found = new std::vector<BodyRule>();
    const std::span<const Row> rows = RowsIToN();
    const auto row =
        std::find_if(rows.begin(), rows.end(), [](const Row& one) { return one.name == "mistral-ai"; });
    for (const BodyRule& rule : row->rules) {
      if (rule.operation.empty()) found->push_back(rule.For("*stral-*"));
    }
    return found;
  }();
  return *rules;
}

// Chats in OpenAI's words, at the publisher's place.
ModelFamily Jamba() {
  std::vector<Name> names = {{"jamba-"}};
  AddAllOf("ai21", &names);
  return {std::move(names),
          &OpenAiDialect(),
          {HostedForm(OpenAiDialect(), operation::kChat, AI21_MODEL ":rawPredict",
                      AI21_MODEL ":streamRawPredict")}};
}

// Open models, by publisher: `meta/llama-3.3-70b-instruct-maas`.
ModelFamily OpenModels() {
  return {
      {{"meta.", "meta/"}, {"*/"}},
      &OpenAiDialect(),
      {HostedForm(OpenAiDialect(), operation::kChat, PROJECT_V1BETA1 "/endpoints/openapi/chat/completions")}};
}

}  // namespace

Provider VertexAiRow() {
  return {.name = "vertex-ai",
          .base_url = "https://{vertex_region}-aiplatform.googleapis.com",
          .dialect = &GoogleDialect(),
          .operations = {"chat", "embedding"},
          .auth = &GoogleCloudAuth(),
          .key_variables = {"GOOGLE_APPLICATION_CREDENTIALS@"},
          .options = {{.name = "vertex_project_id",
                       .variable = "GOOGLE_CLOUD_PROJECT",
                       .part = {.characters = "A-Za-z0-9_.:-", .rule = "letters, digits, -, _, . and : only"},
                       .in_path = true},
                      {.name = "vertex_region",
                       .fallback = "global",
                       .variable = "GOOGLE_CLOUD_LOCATION",
                       .in_path = true},
                      {.name = "vertex_service_account_json", .is_json = true},
                      {.name = "vertex_metadata_host",
                       .fallback = std::string(kMetadataHost),
                       .variable = "GCE_METADATA_HOST",
                       .operators_only = true},
                      {.name = "anthropic_beta", .header = "anthropic-beta"}},
          .hosts = {{"vertex_region", "global", "https://aiplatform.googleapis.com"},
                    {"vertex_region", "us", "https://aiplatform.us.rep.googleapis.com"},
                    {"vertex_region", "eu", "https://aiplatform.eu.rep.googleapis.com"}},
          .families = {Claude(), Codestral(), Mistral(), Jamba(), Predicted(), Embedded(), Endpoints(),
                       Gemini({{"google/", ""}, {"google.", ""}, {"publishers/google/models/", ""}}),
                       OpenModels(), AllElse()},
          .title = "Google Cloud Vertex AI",
          .aliases = kAliases,
          .rules = MistralRules(),
          .source =
              "cloud.google.com/vertex-ai/generative-ai/docs (locations, partner-models/claude, mistral, "
              "ai21, maas, model-reference/text-embeddings-api); what @google/genai@2.32.0, "
              "@anthropic-ai/vertex-sdk, "
              "@mistralai/mistralai-gcp, ai21 and LiteLLM send; recorded traffic",
          .checked = "2026-11"};
}

}  // namespace portolan::providers
