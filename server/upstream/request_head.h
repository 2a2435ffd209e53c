#pragma once

#include <string>

#include "server/base/text_buffer.h"
#include "server/upstream/client.h"
#include "server/upstream/proxy.h"

namespace portolan::upstream {

// Replaces *out by the head of `request`, blank line included. With `proxy` (may be null) the target is in
// absolute form and the proxy's credentials are in it. False, with *problem, if the request cannot be written
// safely: control characters in its method, path or headers, or a header that is the client's own business.
bool WriteRequestHead(const Request& request, const Proxy* proxy, TextBuffer* out, std::string* problem);

}  // namespace portolan::upstream
