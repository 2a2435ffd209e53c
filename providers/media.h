#pragma once

// Media that a request names by URLs of the web (`https://…/cat.png`), for providers that take bytes alone. A
// mapping says which there are (Mapping::MediaOf); the driver fetches them, as adapters do no I/O, before the
// request is put together.

#include <functional>
#include <map>
#include <string>

namespace portolan::providers {

struct MediaReference {
  std::string url;   // http: or https:
  std::string path;  // of the member that names it: `messages[0].content[1].image_url.url`
};

// What was fetched for one call: the URL, and the bytes behind it as a data: URL in base64.
using FetchedMedia = std::map<std::string, std::string, std::less<>>;

}  // namespace portolan::providers
