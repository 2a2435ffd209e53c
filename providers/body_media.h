#pragma once

// Media that a request in a dialect's own words names by URLs of the web, for hosts of the dialect that take
// bytes alone. What the gateway translates has them fetched earlier, see Mapping::MediaOf.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/media.h"
#include "server/base/error.h"

namespace portolan::providers {

// A dialect's two halves of it; without state, thread-safe.
struct BodyMedia {
  // The media of the request, in order; none where `json` is no such request.
  std::vector<MediaReference> (*find)(std::string_view json);
  // Appends the request to *out with what was fetched in place of the URLs, every other byte as it was.
  // Returns an Error (400 `unsupported_value`, with the path and the type that came) where a URL led to what
  // the dialect does not take in its place.
  std::optional<Error> (*put)(const FetchedMedia& media, std::string_view json, std::string* out);
};

}  // namespace portolan::providers
