// Azure: OpenAI's models (azure-openai), and those of Microsoft Foundry, Claude among them (azure-ai).

#include <string_view>
#include <utility>
#include <vector>

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/cohere/cohere.h"
#include "providers/dialects/openai/openai.h"
#include "providers/relay.h"
#include "providers/rows.h"

// The parts of paths are literals, which the compiler joins.
#define API_VERSION "?api-version={azure_api_version}"

namespace portolan::providers {
namespace {

constexpr std::string_view kOpenAiAliases[] = {"azure"};
constexpr std::string_view kAiAliases[] = {"azure-ai-inference", "azure-ai-foundry", "azure-foundry"};

// Versions of the API are dates (`2024-10-21`), `v1`, or `preview` and `latest`, which are those of `v1`.
constexpr ModelFamily::When kDated = {"azure_api_version", "2", "3"};
// The first version whose streams tell usage if they are asked to.
constexpr ModelFamily::When kBeforeStreamOptions = {"azure_api_version", "2", "2024-09-01"};
constexpr ModelFamily::When kV1 = {"azure_api_version", "v1", "v1-"};

Form Listed(std::string_view operation, std::string_view path) {
  Form form = HostedForm(OpenAiDialect(), operation, path);
  form.passes_query = true;
  return form;
}

// Whatever is called below a deployment, which is the model.
Form OfDeployment(std::string_view path) {
  Form form = RawForm(path, {"/deployments/"});
  form.raw_model_after = "/deployments/";
  return form;
}

// A deployment, which stands in the path, and the version in the query.
ModelFamily Deployments(ModelFamily::When when) {
  const Dialect& openai = OpenAiDialect();
  return {{{""}},
          &openai,
          {HostedForm(openai, operation::kChat, "/deployments/{model}/chat/completions" API_VERSION),
           HostedForm(openai, operation::kCompletion, "/deployments/{model}/completions" API_VERSION),
           HostedForm(openai, operation::kEmbedding, "/deployments/{model}/embeddings" API_VERSION),
           Listed(operation::kListModels, "/models" API_VERSION),
           Listed(operation::kGetModel, "/models/{model}" API_VERSION),
           RawForm("/deployments/{model}{path}" API_VERSION, {"/images/", "/audio/"}),
           OfDeployment("{path}" API_VERSION), RawForm("{path}" API_VERSION)},
          when};
}

ModelFamily DeploymentsWithoutUsage() {
  ModelFamily family = Deployments(kBeforeStreamOptions);
  family.refuses_stream_options = true;
  return family;
}

struct V1Paths {
  std::string_view chat, completion, embedding, models, model;
};
#define V1_PATHS(root, version)                                                                \
  V1Paths {                                                                                    \
    root "/chat/completions" version, root "/completions" version, root "/embeddings" version, \
        root "/models" version, root "/models/{model}" version                                 \
  }

// The deployment stands in the body, as the model.
ModelFamily V1(const V1Paths& paths, std::vector<Form> raw, ModelFamily::When when = {}) {
  const Dialect& openai = OpenAiDialect();
  ModelFamily family = {
      {{""}},
      &openai,
      {HostedForm(openai, operation::kChat, paths.chat),
       HostedForm(openai, operation::kCompletion, paths.completion),
       HostedForm(openai, operation::kEmbedding, paths.embedding),
       Listed(operation::kListModels, paths.models), Listed(operation::kGetModel, paths.model)},
      when};
  for (Form& form : raw) family.forms.push_back(std::move(form));
  return family;
}

ModelFamily Claude() {
  const Dialect& anthropic = AnthropicDialect();
  return {{{"claude-"}, {"anthropic/", ""}, {"anthropic.", ""}},
          &anthropic,
          {HostedForm(anthropic, operation::kChat, "/anthropic/v1/messages"),
           HostedForm(anthropic, operation::kCountTokens, "/anthropic/v1/messages/count_tokens"),
           RawForm("/anthropic/v1{path}")}};
}

// Cohere's rerankers, in the words and below the paths of Cohere's own API. A deployment is called like its
// model, if nobody has chosen another name (`Cohere-rerank-v4.0-pro`).
ModelFamily Rerankers() {
  return {{{.prefix = "rerank", .anywhere = true}, {.prefix = "Rerank", .anywhere = true}},
          &CohereDialect(),
          {HostedForm(CohereDialect(), operation::kRerank, "/providers/cohere/v2/rerank")}};
}

// The model inference API, which older programs call.
ModelFamily ModelInference() {
  const Dialect& openai = OpenAiDialect();
  ModelFamily family = {{{""}},
                        &openai,
                        {HostedForm(openai, operation::kChat, "/models/chat/completions" API_VERSION),
                         HostedForm(openai, operation::kEmbedding, "/models/embeddings" API_VERSION),
                         RawForm("/models{path}" API_VERSION, {"/images/embeddings", "/info"}),
                         RawForm("/openai{path}" API_VERSION)},
                        kDated};
  family.refuses_stream_options = true;
  return family;
}

Form Messages() { return RawForm("/anthropic/v1{path}", {"/messages"}); }

// How a token of Microsoft Entra ID is had.
void AddEntraOptions(std::vector<ProviderOption>* options) {
  options->push_back({.name = "azure_ad_token"});
  options->push_back({.name = "azure_auth_mode"});
  options->push_back({.name = "azure_entra_tenant_id"});
  options->push_back({.name = "azure_entra_client_id"});
  options->push_back({.name = "azure_entra_client_secret"});
  options->push_back({.name = "azure_entra_scope"});
  options->push_back({.name = "azure_managed_client_id"});
  options->push_back({.name = "azure_workload_client_id", .variable = "AZURE_CLIENT_ID"});
  options->push_back({.name = "azure_tenant_id", .variable = "AZURE_TENANT_ID", .operators_only = true});
  options->push_back({.name = "azure_federated_token_file",
                      .variable = "AZURE_FEDERATED_TOKEN_FILE",
                      .operators_only = true});
  options->push_back(
      {.name = "azure_authority_host", .variable = "AZURE_AUTHORITY_HOST", .operators_only = true});
  options->push_back({.name = "azure_identity_host",
                      .fallback = "http://169.254.169.254",
                      .variable = "AZURE_POD_IDENTITY_AUTHORITY_HOST",
                      .operators_only = true});
}

// The credentials of an application or of a workload, where there is no key of the resource.
std::vector<std::string> KeyVariables(std::vector<std::string> of_the_resource) {
  of_the_resource.emplace_back("AZURE_TENANT_ID:AZURE_CLIENT_ID:AZURE_CLIENT_SECRET:AZURE_AUTHORITY_HOST?");
  of_the_resource.emplace_back(
      "AZURE_TENANT_ID:AZURE_CLIENT_ID:AZURE_FEDERATED_TOKEN_FILE:AZURE_AUTHORITY_HOST?");
  return of_the_resource;
}

ProviderOption Version(std::string_view config_name, std::string_view variable) {
  return {.name = "azure_api_version",
          .fallback = "v1",
          .variable = std::string(variable),
          .part = {.characters = "a-z0-9-",
                   .least = 2,
                   .most = 32,
                   // Short of a letter, as what ends so must be longer: `preview` itself is one.
                   .endings = "review|atest|0|1|2|3|4|5|6|7|8|9",
                   .rule = "a date as in 2024-10-21 or 2025-04-01-preview, or v1, preview or latest"},
          .in_path = true,
          .config_name = std::string(config_name)};
}

constexpr UrlPart kResource = {
    .characters = "A-Za-z0-9-",
    .least = 2,
    .most = 63,
    .rule = "the name of a resource (letters, digits and -), or its address at Azure (https://NAME.…)"};

}  // namespace

Provider AzureOpenAiRow() {
  Provider row = {
      .name = "azure-openai",
      .base_url = "https://{azure_resource_name}.openai.azure.com/openai",
      .dialect = &OpenAiDialect(),
      .operations = {"chat", "completion", "embedding", "list_models", "get_model"},
      .objects = AllObjectFamilies(),
      .auth = &AzureAuth(),
      .key_variables = KeyVariables({"AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN"}),
      .options =
          {{.name = "azure_resource_name",
            .variable = "AZURE_OPENAI_ENDPOINT",
            .part = kResource,
            .config_name = "resource_name",
            .host_endings = ".openai.azure.com|.cognitiveservices.azure.com|.services.ai.azure.com|"
                            ".openai.azure.us|.cognitiveservices.azure.us|.openai.azure.cn|"
                            ".cognitiveservices.azure.cn",
            .url_paths = "|/openai|/openai/v1"},
           {.name = "azure_deployment_id",
            .part = {.characters = "A-Za-z0-9._-", .most = 64, .rule = "letters, digits, ., _ and - only"},
            .in_path = true,
            .config_name = "deployment_id",
            .optional = true},
           {.name = "azure_model_name"},
           Version("api_version", "OPENAI_API_VERSION"),
           {.name = "openai_beta", .header = "openai-beta"}},
      .families = {DeploymentsWithoutUsage(), Deployments(kDated),
                   V1(V1_PATHS("/v1", ""), {OfDeployment("{path}"), RawForm("/v1{path}")}, kV1),
                   V1(V1_PATHS("/v1", API_VERSION),
                      {OfDeployment("{path}"), RawForm("/v1{path}" API_VERSION)})},
      .model_options = {"azure_deployment_id", "azure_model_name"},
      .takes_stream_options = true,
      .title = "Azure OpenAI",
      .aliases = kOpenAiAliases,
      .rules = kOpenAiRules,
      .source =
          "learn.microsoft.com/azure/foundry/openai/api-version-lifecycle, .../openai/reference; what "
          "openai@6.49.0 (npm, AzureOpenAI) sends; recorded traffic",
      .checked = "2026-11"};
  AddEntraOptions(&row.options);
  return row;
}

Provider AzureAiRow() {
  constexpr std::string_view kHosts =
      ".services.ai.azure.com|.openai.azure.com|.cognitiveservices.azure.com|.services.ai.azure.us";
  constexpr std::string_view kPaths = "|/models|/openai|/openai/v1|/anthropic|/anthropic/v1";
  UrlPart whole = kResource;
  whole.characters = "A-Za-z0-9.-";
  whole.most = 253;
  whole.endings = kHosts;
  Provider row = {
      .name = "azure-ai",
      .base_url = "https://{azure_resource_name}.services.ai.azure.com",
      .dialect = &OpenAiDialect(),
      .operations = {"chat", "completion", "embedding", "rerank", "list_models", "get_model"},
      .objects = AllObjectFamilies(),
      .auth = &AzureAuth(),
      .key_variables = KeyVariables({"AZURE_AI_API_KEY", "ANTHROPIC_FOUNDRY_API_KEY"}),
      .options = {{.name = "azure_resource_name",
                   .variable = "AZURE_AI_API_BASE",
                   .part = kResource,
                   .config_name = "resource_name",
                   .host_endings = kHosts,
                   .url_paths = kPaths},
                  {.name = "azure_foundry_url", .part = whole, .host_endings = kHosts, .url_paths = kPaths},
                  Version("api_version", ""),
                  {.name = "azure_extra_params", .header = "extra-parameters"},
                  {.name = "azure_deployment_name", .header = "azureml-model-deployment"},
                  {.name = "anthropic_version",
                   .header = "anthropic-version",
                   .fallback = "2023-06-01",
                   .dialect = &AnthropicDialect()},
                  {.name = "anthropic_beta", .header = "anthropic-beta", .dialect = &AnthropicDialect()}},
      .hosts = {{"azure_foundry_url", "*", "https://{azure_foundry_url}"}},
      .families = {Claude(), Rerankers(), ModelInference(),
                   V1(V1_PATHS("/openai/v1", ""), {Messages(), RawForm("/openai/v1{path}")}, kV1),
                   V1(V1_PATHS("/openai/v1", API_VERSION),
                      {Messages(), RawForm("/openai/v1{path}" API_VERSION)})},
      .takes_stream_options = true,
      .title = "Azure AI Foundry",
      .aliases = kAiAliases,
      .rules = kOpenAiRules,
      .source =
          "learn.microsoft.com/rest/api/aifoundry/modelinference, "
          "learn.microsoft.com/azure/foundry/openai/api-version-lifecycle; what "
          "@anthropic-ai/foundry-sdk@1.1 sends; recorded traffic",
      .checked = "2026-11"};
  AddEntraOptions(&row.options);
  return row;
}

}  // namespace portolan::providers
