// Vertex AI, Google Cloud's host of Gemini, Claude and open models.
// Sources: cloud.google.com/vertex-ai/generative-ai/docs (locations, partner-models/claude, maas,
// model-reference/text-embeddings-api), and what @google/genai 2.32 and @anthropic-ai/vertex-sdk send.

#include <initializer_list>
#include <string>
#include <utility>

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/google/google.h"
#include "providers/dialects/openai/openai.h"
#include "providers/rows.h"

// The parts of paths are literals, which the compiler joins.
#define PROJECT_V1 "/v1/projects/{vertex_project_id}/locations/{vertex_region}"
#define PROJECT_V1BETA1 "/v1beta1/projects/{vertex_project_id}/locations/{vertex_region}"
#define GOOGLE_MODEL PROJECT_V1 "/publishers/google/models/{model}"
#define CLAUDE_MODELS PROJECT_V1 "/publishers/anthropic/models"

namespace portolan::providers {
namespace {

using Name = ModelFamily::Name;
using codec::Edit;

constexpr std::string_view kAliases[] = {"vertex", "vertexai", "google-vertex-ai"};

// Names that begin so, alone or behind their publisher's.
std::vector<Name> GoogleNames(std::initializer_list<std::string> prefixes) {
  std::vector<Name> names;
  for (const std::string& prefix : prefixes) {
    names.push_back({prefix});
    for (const char* const publisher : {"google/", "google.", "publishers/google/models/"}) {
      names.push_back({publisher + prefix, prefix});
    }
  }
  return names;
}

// Its media come as bytes alone (platform.claude.com/docs/en/build-with-claude/vision).
ModelFamily Claude() {
  Form chat = HostedForm(AnthropicDialect(), operation::kChat, CLAUDE_MODELS "/{model}:rawPredict",
                         CLAUDE_MODELS "/{model}:streamRawPredict");
  chat.body_edits = {{Edit::Kind::kRemove, "model", {}},
                     {Edit::Kind::kSet, "anthropic_version", R"("vertex-2023-10-16")"}};
  chat.fetches_media = true;
  Form count =
      HostedForm(AnthropicDialect(), operation::kCountTokens, CLAUDE_MODELS "/count-tokens:rawPredict");
  count.fetches_media = true;
  return {{{"claude-"}, {"anthropic/", ""}, {"anthropic.", ""}, {"publishers/anthropic/models/", ""}},
          &AnthropicDialect(),
          {std::move(chat), std::move(count)}};
}

ModelFamily Predicted() {
  return {GoogleNames({"text-embedding-", "textembedding-gecko", "text-multilingual-embedding-",
                       "gemini-embedding-001"}),
          &GoogleDialect(),
          {HostedForm(GoogleDialect(), operation::kEmbedding, GOOGLE_MODEL ":predict", {}, "predict")}};
}

ModelFamily Embedded() {
  return {GoogleNames({"gemini-embedding-"}),
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

// Open models, by publisher: `meta/llama-3.3-70b-instruct-maas`.
ModelFamily OpenModels() {
  return {
      {{"meta.", "meta/"}, {"mistralai.", "mistralai/"}, {"*/"}},
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
                      {.name = "anthropic_beta", .header = "anthropic-beta"}},
          .hosts = {{"vertex_region", "global", "https://aiplatform.googleapis.com"},
                    {"vertex_region", "us", "https://aiplatform.us.rep.googleapis.com"},
                    {"vertex_region", "eu", "https://aiplatform.eu.rep.googleapis.com"}},
          .families = {Claude(), Predicted(), Embedded(), Endpoints(),
                       Gemini({{"google/", ""}, {"google.", ""}, {"publishers/google/models/", ""}}),
                       OpenModels(), Gemini({{""}})},
          .title = "Google Cloud Vertex AI",
          .aliases = kAliases};
}

}  // namespace portolan::providers
