#pragma once

#include <vector>

#include "providers/provider.h"

namespace portolan::providers {

// The built-in providers: those of providers/rows, which speak OpenAI's dialect, and the others.
std::vector<Provider> BuiltInRows();

// What some that speak OpenAI's dialect have beside it, in an API of their own.
void AddOwnApi(Provider* provider);

// OpenAI's models that reason refuse the older name of the limit, which callers of other providers send; the
// newer one is for all of its models. A reinforced one is called `ft:` and what it was made of.
inline constexpr BodyRule kOpenAiRules[] = {RenameAlone("max_tokens", "max_completion_tokens")
                                                .In("chat")
                                                .For("o1*|o3*|o4*|gpt-5*|gpt-6*|ft:o*|ft:gpt-5*|ft:gpt-6*")};

// In rows_bedrock.cc.
Provider BedrockRow();
// What every provider of AWS is told: region, keys and roles.
std::vector<ProviderOption> AwsOptions();
// Those that AWS's own clients read too, after those of one service alone.
std::vector<std::string> AwsKeyVariables(std::vector<std::string> of_the_service = {});
// In rows_sagemaker.cc.
Provider SageMakerRow();
// In rows_watsonx.cc.
Provider WatsonxRow();
// In rows_vertex.cc.
Provider VertexAiRow();
// In rows_azure.cc.
Provider AzureOpenAiRow();
Provider AzureAiRow();

}  // namespace portolan::providers
