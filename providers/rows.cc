#include "providers/rows.h"

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/bedrock/bedrock.h"
#include "providers/dialects/google/google.h"
#include "providers/dialects/openai/openai.h"
#include "providers/echo/echo.h"
#include "providers/relay.h"

namespace portolan::providers {

std::vector<Provider> BuiltInRows() {
  std::vector<Provider> rows;
  rows.push_back({.name = "openai",
                  .base_url = "https://api.openai.com/v1",
                  .dialect = &OpenAiDialect(),
                  .families = AllObjectFamilies(),
                  .auth = &BearerAuth(),
                  .key_variables = {"OPENAI_API_KEY"},
                  .options = {{"openai_organization", "openai-organization"},
                              {"openai_project", "openai-project"},
                              {"openai_beta", "openai-beta"}},
                  .takes_stream_options = true});
  rows.push_back({.name = "anthropic",
                  .base_url = "https://api.anthropic.com/v1",
                  .dialect = &AnthropicDialect(),
                  .auth = &AnthropicAuth(),
                  .key_variables = {"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"},
                  // The newest version refuses sampling parameters, which OpenAI's callers use.
                  .options = {{"anthropic_version", "anthropic-version", "2023-06-01"},
                              {"anthropic_beta", "anthropic-beta"}}});
  rows.push_back({.name = "google",
                  .base_url = "https://generativelanguage.googleapis.com/v1beta",
                  .dialect = &GoogleDialect(),
                  .auth = &GoogleAuth(),
                  .key_variables = {"GEMINI_API_KEY", "GOOGLE_API_KEY"}});
  rows.push_back({.name = "bedrock",
                  .base_url = "https://bedrock-runtime.{aws_region}.amazonaws.com",
                  .dialect = &BedrockDialect(),
                  .operations = {"chat"},
                  .auth = &AwsAuth(),
                  .key_variables = {"AWS_BEARER_TOKEN_BEDROCK",
                                    "AWS_ACCESS_KEY_ID:AWS_SECRET_ACCESS_KEY:AWS_SESSION_TOKEN?"},
                  .options = {{.name = "aws_region", .fallback = "us-east-1", .variable = "AWS_REGION"},
                              {.name = "aws_access_key_id"},
                              {.name = "aws_secret_access_key"},
                              {.name = "aws_session_token"}}});
  rows.push_back({.name = "echo",
                  .dialect = &OpenAiDialect(),
                  .operations = {"chat", "completion", "embedding", "list_models", "get_model"},
                  .auth = &BearerAuth(),
                  .local = &Echo()});
  return rows;
}

}  // namespace portolan::providers
