#pragma once

#include "providers/body_media.h"

namespace portolan::providers::anthropic {

// The images and documents of the messages, also in results of tools and in documents (`"source": {"type":
// "url", …}`, docs.claude.com/en/docs/build-with-claude/vision). An image's URL must lead to an image of a
// type that Claude takes, a document's to a PDF or to text.
extern const BodyMedia kBodyMedia;

}  // namespace portolan::providers::anthropic
