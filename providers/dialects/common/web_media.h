#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "portolan/v1/chat_request.pb.h"
#include "providers/call.h"
#include "providers/media.h"

namespace portolan::providers {

// The images and files of a chat that are somewhere in the web.
std::vector<MediaReference> WebMediaOf(const ::portolan::v1::ChatCompletionRequest& request);

// What was fetched of a URL, as a data: URL; empty: nothing was.
std::string_view FetchedFrom(const CallFacts& facts, std::string_view url);

// `what its URL leads to is "application/json"`
std::string LedTo(std::string_view media_type);

// What is wrong with what was fetched of a picture's URL; empty: nothing, or nothing was fetched. Whoever
// writes a picture's URL is shown no other thing that it may lead to as a document of the caller's.
std::string WrongWithPicture(const CallFacts& facts, std::string_view url);

}  // namespace portolan::providers
