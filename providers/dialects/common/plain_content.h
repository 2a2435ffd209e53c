#pragma once

// Texts that compatible servers give in another form than OpenAI: as a list of parts, of which some are the
// model's reasoning (Mistral), or as the JSON object that was asked for (Workers AI). Where the hub has a
// text alone, such a `content` is among the members that it does not know.

#include <string>
#include <string_view>

#include "providers/dialects/common/json.h"

namespace portolan::providers {

// Appends what such a `content` among the unknown members of a message, or of a piece of one, comes to: the
// text of its parts, or the object as it stands, and what parts of type `thinking` hold. Nothing if there is
// none.
void TakeOtherContent(const Extras& extras, std::string* text, std::string* reasoning);

// What a part's `thinking` holds, which is a text, or a list of parts with one.
std::string ThinkingText(std::string_view json);

}  // namespace portolan::providers
