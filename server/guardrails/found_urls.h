#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::guardrails {

// The URLs of http and https in a text for people, each once, in their order. One goes on to the next white
// space, quote or bracket that no URL has; marks that end a sentence, and a bracket that does not begin in
// it, are not of it. Bytes that are not ASCII behind the host come percent-encoded. Stops when there are
// `most`; of longer ones than a URL may be the rest is left out.
std::vector<std::string> FindUrls(std::string_view text, size_t most);

}  // namespace portolan::guardrails
