// Amazon Bedrock. Converse serves all models that chat; others are called by InvokeModel, each in the words
// of who made it.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "providers/dialects/bedrock/bedrock.h"
#include "providers/dialects/cohere/cohere.h"
#include "providers/rows.h"

namespace portolan::providers {
namespace {

using codec::Edit;

constexpr std::string_view kAliases[] = {"aws-bedrock", "amazon-bedrock"};
constexpr std::string_view kInvoke = "/model/{model}/invoke";

// Models whose id begins so, also behind a region (`eu.`), and in the ARN of a foundation model or of an
// inference profile.
ModelFamily Invoked(std::initializer_list<std::string> ids, Form form) {
  ModelFamily family;
  for (const std::string& id : ids) family.names.push_back({.prefix = id, .anywhere = true});
  // Errors are Bedrock's own, whoever made the model.
  family.dialect = &BedrockDialect();
  family.forms.push_back(std::move(form));
  return family;
}

Form Embeds(std::string_view style) {
  return HostedForm(BedrockDialect(), operation::kEmbedding, kInvoke, {}, style);
}

// The model stands in the path, and the tokens in the answer's head.
Form OfCohere(std::string_view operation) {
  Form form = HostedForm(CohereDialect(), operation, kInvoke);
  form.body_edits = {{Edit::Kind::kRemove, "model", {}}};
  form.accounting.input_header = kInputTokensHeader;
  return form;
}

// Models that make images, videos and sound, and those that embed in ways of their own: Converse does not
// take them, and no operation says what they do. They are called by InvokeModel as callers know it, which is
// relayed.
ModelFamily NotConversed() {
  ModelFamily family;
  family.dialect = &BedrockDialect();
  for (const char* const id :
       {"amazon.nova-canvas", "amazon.nova-reel", "amazon.nova-sonic", "amazon.nova-2-sonic",
        "amazon.titan-image-generator", "luma.ray", "stability.", "twelvelabs.marengo-"}) {
    family.names.push_back({.prefix = id, .anywhere = true});
  }
  return family;
}

Form CohereReranks() {
  Form form = OfCohere(operation::kRerank);
  form.body_edits.push_back({Edit::Kind::kSet, "api_version", "2"});
  return form;
}

}  // namespace

std::vector<ProviderOption> AwsOptions() {
  return {{.name = "aws_region", .fallback = "us-east-1", .variable = "AWS_REGION"},
          {.name = "aws_access_key_id"},
          {.name = "aws_secret_access_key"},
          {.name = "aws_session_token"},
          {.name = "aws_auth_type", .goes_with_key = true},
          {.name = "aws_role_arn", .goes_with_key = true},
          {.name = "aws_external_id", .goes_with_key = true},
          {.name = "aws_sts_endpoint", .variable = "AWS_ENDPOINT_URL_STS", .operators_only = true}};
}

// In the order of AWS's own clients.
std::vector<std::string> AwsKeyVariables(std::vector<std::string> of_the_service) {
  for (const char* const names :
       {"AWS_ACCESS_KEY_ID:AWS_SECRET_ACCESS_KEY:AWS_SESSION_TOKEN?",
        "AWS_ROLE_ARN:AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI:AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE?:"
        "AWS_CONTAINER_AUTHORIZATION_TOKEN?",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI:AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE?:"
        "AWS_CONTAINER_AUTHORIZATION_TOKEN?"}) {
    of_the_service.emplace_back(names);
  }
  return of_the_service;
}

Provider BedrockRow() {
  return {
      .name = "bedrock",
      .base_url = "https://bedrock-runtime.{aws_region}.amazonaws.com",
      .dialect = &BedrockDialect(),
      .operations = {"chat", "count_tokens", "embedding", "rerank"},
      .auth = &AwsAuth(),
      .key_variables = AwsKeyVariables({"AWS_BEARER_TOKEN_BEDROCK"}),
      .options = AwsOptions(),
      .families = {Invoked({"amazon.titan-embed-image"}, Embeds("titan_image")),
                   Invoked({"amazon.titan-embed-text-v1", "amazon.titan-embed-g1-text"}, Embeds("titan_v1")),
                   Invoked({"amazon.titan-embed-"}, Embeds("titan")),
                   Invoked({"amazon.nova-2-multimodal-embeddings"}, Embeds("nova")),
                   Invoked({"cohere.embed-"}, OfCohere(operation::kEmbedding)),
                   Invoked({"cohere.rerank-"}, CohereReranks()),
                   // Amazon's takes Cohere's words.
                   Invoked({"amazon.rerank-"}, OfCohere(operation::kRerank)), NotConversed()},
      .title = "Amazon Bedrock",
      .aliases = kAliases,
      .source =
          "docs.aws.amazon.com/bedrock/latest/userguide (models-api-compatibility has which model is called "
          "by what; model-parameters-titan-embed-text, model-parameters-titan-embed-mm, "
          "model-parameters-embed), docs.aws.amazon.com/nova/latest/userguide (embeddings-schema); "
          "botocore@1.44.5 data/bedrock-runtime; recorded traffic",
      .checked = "2026-11"};
}

}  // namespace portolan::providers
