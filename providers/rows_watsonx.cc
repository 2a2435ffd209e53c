// IBM watsonx.ai.

#include <string_view>
#include <utility>

#include "providers/dialects/watsonx/watsonx.h"
#include "providers/ibm_auth.h"
#include "providers/rows.h"

namespace portolan::providers {
namespace {

constexpr std::string_view kAliases[] = {"ibm", "watsonx-ai", "ibm-watsonx"};

// Of OpenAI's chat, what IBM's has not.
constexpr BodyRule kRules[] = {
    Unsupported("parallel_tool_calls|store|metadata|service_tier|verbosity|prediction|modalities|audio|"
                "web_search_options|moderation|prompt_cache_key|prompt_cache_options|prompt_cache_retention|"
                "safety_identifier|user|functions|function_call|top_k")
        .In(operation::kChat),
    DeveloperIsSystem().In(operation::kChat), NoNullsInMessages().In(operation::kChat)};

// Models that somebody has deployed, by the deployment's id or the name it is served by. The deployment is
// the model, and its project or space pays.
ModelFamily Deployments() {
  Form chat = HostedForm(WatsonxDialect(), operation::kChat,
                         "/ml/v1/deployments/{model}/text/chat?version={watsonx_version}",
                         "/ml/v1/deployments/{model}/text/chat_stream?version={watsonx_version}");
  chat.body_edits = {{codec::Edit::Kind::kRemove, "model_id", {}}};
  return {.names = {{"deployment/", ""}}, .dialect = &WatsonxDialect(), .forms = {std::move(chat)}};
}

}  // namespace

Provider WatsonxRow() {
  return {
      .name = "watsonx",
      .base_url = "https://{watsonx_region}.ml.cloud.ibm.com",
      .dialect = &WatsonxDialect(),
      .auth = &IbmCloudAuth(),
      .key_variables = {"WATSONX_API_KEY", "WATSONX_APIKEY", "WATSONX_AI_APIKEY", "WATSONX_TOKEN"},
      .options = {{.name = "watsonx_region",
                   .fallback = "us-south",
                   .variable = "WATSONX_URL",
                   .part = {.characters = "a-z0-9-",
                            .most = 32,
                            .rule = "a region, as in us-south, or the https URL of one of IBM's hosts"},
                   .host_endings = ".ml.cloud.ibm.com"},
                  {.name = "watsonx_project_id", .variable = "WATSONX_PROJECT_ID"},
                  {.name = "watsonx_space_id", .variable = "WATSONX_SPACE_ID"},
                  {.name = "watsonx_version",
                   .fallback = "2026-10-14",
                   .part = {.characters = "0-9-", .least = 10, .most = 10, .rule = "a date, YYYY-MM-DD"},
                   .in_path = true},
                  {.name = "ibm_iam_endpoint", .variable = "WATSONX_AI_AUTH_URL", .operators_only = true}},
      .families = {Deployments()},
      .title = "IBM watsonx.ai",
      .aliases = kAliases,
      .rules = kRules,
      .source =
          "@ibm-cloud/watsonx-ai@1.7 (npm) config/endpoints.js, vml_v1.js; ibm-watsonx-ai@1.8.1 (PyPI) "
          "API_VERSION_PARAM, href_definitions.py; LiteLLM llms/watsonx",
      .checked = "2026-11"};
}

}  // namespace portolan::providers
