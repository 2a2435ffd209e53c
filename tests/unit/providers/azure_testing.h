#pragma once

// Calls to Azure as they would be sent. The addresses are those of Microsoft's documentation, of the
// recordings, and of what openai 6.49 (npm, AzureOpenAI) and @anthropic-ai/foundry-sdk 1.1 send.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "providers/dialects/anthropic/anthropic.h"
#include "providers/dialects/openai/openai.h"
#include "providers/registry.h"
#include "providers/relay.h"
#include "server/routing/route.h"

namespace portolan::providers {

using routing::Route;
inline constexpr std::string_view kJwt = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln";
inline constexpr std::string_view kHost = "https://acme-eu.openai.azure.com/openai";
inline constexpr std::string_view kFoundry = "https://acme-eu.services.ai.azure.com";

using Options = std::vector<HeaderView>;

struct Asked {
  std::string_view operation = operation::kChat;
  std::string model = "gpt-4o";
  Options options = {};
  std::string_view provider = "azure-openai";
  const Dialect* door = &OpenAiDialect();
  std::string_view raw_path = {};
  std::string_view raw_method = "POST";
  bool resource = true;
};

class AzureTest : public testing::Test {
 protected:
  std::optional<Error> Resolve(const Asked& asked) {
    Options headers = asked.options;
    headers.push_back({"x-portolan-provider", asked.provider});
    if (asked.resource) headers.push_back({"x-portolan-azure-resource-name", "acme-eu"});
    if (!FindHeader(headers, "authorization")) headers.push_back({"authorization", "Bearer k"});
    asked_ = asked;
    routing::RequestHeaders read;
    if (auto error = routing::ReadRequestHeaders(headers, &read)) return error;
    const routing::CallerKeys no_keys;
    routing::ProviderCredentials credentials;
    if (auto error = routing::Authenticate(no_keys, read, headers, {}, &credentials)) return error;
    routing::RoutePolicy policy;
    policy.registry = registry_.get();
    plan_ = routing::NewOpenRoute();
    route_ = {};
    return routing::ResolveTarget(policy,
                                  {.headers = read,
                                   .credentials = credentials,
                                   .all_headers = headers,
                                   .provider = {},
                                   .custom_host = {},
                                   .door = asked.door,
                                   .operation = asked.operation,
                                   .model = asked.model,
                                   .family = ObjectFamily(asked.raw_path),
                                   .raw_path = asked.raw_path},
                                  *plan_, *plan_->targets[0], &route_);
  }

  // `POST https://…`
  std::string Url() const {
    CallFacts facts;
    facts.operation = asked_.operation;
    facts.model = route_.model;
    facts.raw_path = asked_.raw_path;
    facts.raw_method = asked_.raw_method;
    const HttpCall call = Locate(*route_.way.form, facts, route_.target);
    return std::string(call.method) + " " + route_.target.base_url + call.path;
  }

  // `api-key: k`, or the error.
  std::string Credentials() const {
    std::vector<HeaderField> headers;
    const Outcome outcome = route_.target.provider->auth->Apply({}, route_.target, &headers);
    if (const auto* const error = std::get_if<Error>(&outcome)) return error->code + " " + error->param;
    if (const auto* const need = std::get_if<Need>(&outcome)) {
      return std::string(need->method) + " " + need->url + " " + std::string(need->body.Reveal());
    }
    std::string text;
    for (const HeaderField& header : headers) text += std::string(header.name) + ": " + header.value + ";";
    return text;
  }

  static std::string Told(const std::vector<codec::Edit>& edits) {
    std::string text;
    for (const codec::Edit& edit : edits) text += edit.name + "=" + edit.json;
    return text;
  }

  const std::unique_ptr<Registry> registry_ = Registry::BuiltIn();
  std::shared_ptr<const routing::RoutePlan> plan_;
  Route route_;
  Asked asked_;
};

struct Place {
  Asked asked;
  std::string url;    // behind the host
  std::string edits;  // of the body
};

}  // namespace portolan::providers
