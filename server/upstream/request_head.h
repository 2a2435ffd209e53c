#pragma once

#include <string>

#include "server/base/text_buffer.h"
#include "server/upstream/client.h"
#include "server/upstream/proxy.h"

namespace portolan::upstream {

// Replaces *out by the head of `request`, blank line included. If `proxy` is not null, the target is in
// absolute form and the head has the proxy's credentials. False, with the reason in *problem, if the request
// cannot be written safely: it has control characters in its method, path or headers, or a header that the
// client itself writes.
bool WriteRequestHead(const Request& request, const Proxy* proxy, TextBuffer* out, std::string* problem);

}  // namespace portolan::upstream
