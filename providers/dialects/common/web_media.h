#pragma once

#include <vector>

#include "portolan/v1/chat_request.pb.h"
#include "providers/media.h"

namespace portolan::providers {

// The images and files of a chat that are somewhere in the web.
std::vector<MediaReference> WebMediaOf(const ::portolan::v1::ChatCompletionRequest& request);

}  // namespace portolan::providers
