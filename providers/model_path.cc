#include "providers/model_path.h"

#include <algorithm>
#include <string>

#include "server/base/json_text.h"
#include "server/base/url_path.h"
#include "server/base/utf8.h"

namespace portolan::providers {
namespace {

constexpr size_t kMaxShown = 256;

bool NamesModel(std::string_view path) { return path.find("{model") != std::string_view::npos; }

}  // namespace

std::optional<Error> CheckModelInPath(const Form& form, std::string_view model, const Provider& provider) {
  const bool in_path = NamesModel(form.path) || NamesModel(form.stream_path) ||
                       std::any_of(provider.paths.begin(), provider.paths.end(), [&](const OwnPath& own) {
                         return own.operation == form.operation && NamesModel(own.path);
                       });
  if (!in_path || !HasDotSegment(model)) return std::nullopt;
  return Error::InvalidRequest("invalid_model",
                               "the model " + JsonString(CutUtf8(model, kMaxShown)) +
                                   " has a segment of dots, and its name is a part of the paths of " +
                                   provider.name,
                               "model");
}

}  // namespace portolan::providers
