#pragma once

#include <vector>

#include "providers/fit_body.h"
#include "providers/provider.h"

namespace portolan::providers {

// The built-in providers: those of providers/rows, which speak OpenAI's dialect, and the others.
std::vector<Provider> BuiltInRows();

// What some that speak OpenAI's dialect have beside it, in an API of their own.
void AddOwnApi(Provider* provider);

// OpenAI's models that reason refuse the older name of the limit, which callers of other providers send; the
// newer one is for all of its models, those made of them (`ft:`) too.
inline constexpr BodyRule kOpenAiRules[] = {
    RenameAlone("max_tokens", "max_completion_tokens").In("chat").For(kReasoningModels)};

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
