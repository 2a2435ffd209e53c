#pragma once

// Providers that speak OpenAI's own dialect: OpenAI itself and everything compatible with it, one row of data
// each. The wire format is that of the OpenAI API reference, as typed in proto/portolan/v1.

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "providers/provider.h"

namespace portolan::providers {

// One OpenAI-compatible provider.
struct OpenAiRow {
  std::string_view name;
  std::string_view base_url;
  std::vector<std::string_view> key_variables;
  std::vector<std::string_view> option_names;  // sent as headers, with `-` for `_`
  std::vector<Operation> operations;
  bool takes_stream_options = false;
};

// The built-in rows. To add a provider, add its row here and its line to docs/providers.md.
std::vector<OpenAiRow> OpenAiTable();

std::unique_ptr<Provider> NewOpenAiProvider(OpenAiRow row);

}  // namespace portolan::providers
