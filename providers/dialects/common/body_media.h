#pragma once

// Media that a request names by URLs of the web in Anthropic's words (`"source": {"type": "url", …}`,
// docs.claude.com/en/docs/build-with-claude/vision), for hosts of its models that take bytes alone. The text
// of the request is looked at, as what callers write in these words is relayed as it came.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/media.h"
#include "server/base/error.h"

namespace portolan::providers {

// The images and documents of the messages of a request, also in results of tools and in documents, in order.
// None where `json` is no such request.
std::vector<MediaReference> MediaOfBody(std::string_view json);

// Appends the request to *out with what was fetched in place of the URLs, every other byte as it was. Returns
// an Error (400 `unsupported_value`, with the path and the type that came) where an image's URL led to
// anything but an image of a type that Claude takes, or a document's to what is neither a PDF nor text.
std::optional<Error> PutMediaIntoBody(const FetchedMedia& media, std::string_view json, std::string* out);

}  // namespace portolan::providers
