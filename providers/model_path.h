#pragma once

#include <optional>
#include <string_view>

#include "providers/dialect.h"
#include "providers/provider.h"
#include "server/base/error.h"

namespace portolan::providers {

// Whether a path of the call may hold the model's name, at a glance: it is asked for every call.
inline bool MayHoldModel(const Form& form, const Provider& provider) {
  return !provider.paths.empty() || !form.stream_path.empty() ||
         form.path.find('{') != std::string_view::npos;
}

// Whether a model of this name may be called in this way: 400 `invalid_model` where the name would stand in
// the path and has a segment of dots, as it is or percent-encoded (RFC 3986, section 6.2.2.2: a dot that is
// encoded is a dot). A server that resolves such segments would be asked for something else, with the
// provider's key. A name that stands in the body alone may be whatever the server calls its models
// (`./models/m.gguf`). What else stands in paths are options, held to their UrlPart before.
std::optional<Error> CheckModelInPath(const Form& form, std::string_view model, const Provider& provider);

}  // namespace portolan::providers
