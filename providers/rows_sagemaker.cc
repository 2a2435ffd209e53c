// Amazon SageMaker: endpoints that somebody has deployed, whose containers speak OpenAI's dialect (vLLM,
// SGLang, text-generation-inference, DJL's). The endpoint is the model and stands in the path.

#include <string>
#include <string_view>
#include <utility>

#include "providers/dialects/openai/openai.h"
#include "providers/rows.h"

namespace portolan::providers {
namespace {

using codec::Edit;

constexpr std::string_view kEndpoints = "/endpoints/";
constexpr std::string_view kAliases[] = {"aws-sagemaker", "amazon-sagemaker"};

Form Invoked(std::string_view operation) {
  Form form = HostedForm(OpenAiDialect(), operation, "/endpoints/{model}/invocations",
                         "/endpoints/{model}/invocations-response-stream");
  form.framing = Framing::kAwsPayload;
  // The container knows its model by another name, and does not ask for one.
  form.body_edits = {{Edit::Kind::kRemove, "model", {}}};
  return form;
}

ModelFamily Endpoints() {
  ModelFamily family{.names = {{""}}, .dialect = &OpenAiDialect()};
  for (const std::string_view operation : {operation::kChat, operation::kCompletion, operation::kEmbedding}) {
    family.forms.push_back(Invoked(operation));
  }
  // What containers speak besides is passed on as it is, to the endpoint that the path names.
  Form invoked = RawForm("{path}", {kEndpoints});
  invoked.raw_model_after = kEndpoints;
  family.forms.push_back(std::move(invoked));
  return family;
}

ProviderOption Header(std::string_view what) {
  const std::string name(what);
  ProviderOption option{.name = "amzn_sagemaker_" + name, .header = "x-amzn-sagemaker-" + name};
  for (char& c : option.header) c = c == '_' ? '-' : c;
  return option;
}

}  // namespace

Provider SageMakerRow() {
  Provider row = {.name = "sagemaker",
                  .base_url = "https://runtime.sagemaker.{aws_region}.amazonaws.com",
                  .dialect = &OpenAiDialect(),
                  .operations = {"chat", "completion", "embedding"},
                  .auth = &SageMakerAuth(),
                  .key_variables = AwsKeyVariables({}),
                  .options = AwsOptions(),
                  .families = {Endpoints()},
                  .title = "Amazon SageMaker",
                  .aliases = kAliases,
                  .source =
                      "docs.aws.amazon.com/sagemaker/latest/APIReference (API_runtime_InvokeEndpoint, "
                      "API_runtime_InvokeEndpointWithResponseStream); @aws-sdk/client-sagemaker-runtime@3 "
                      "(npm); recorded traffic",
                  .checked = "2026-11"};
  for (const std::string_view what :
       {"custom_attributes", "target_model", "target_variant", "target_container_hostname", "inference_id",
        "enable_explanations", "inference_component", "session_id"}) {
    row.options.push_back(Header(what));
  }
  return row;
}

}  // namespace portolan::providers
