#pragma once

// What reranking has in common wherever it is not said in the hub's form.

#include <optional>
#include <string>
#include <string_view>

#include "portolan/v1/rerank.pb.h"
#include "providers/call.h"
#include "server/base/error.h"

namespace portolan::providers {

// Returns an Error (400, with the path) if the request lacks its model, its query or its documents.
// `provider` is for people.
std::optional<Error> CheckRerank(const v1::RerankRequest& request, const CallFacts& facts,
                                 std::string_view provider);

// For providers whose documents are texts: one of several members becomes YAML, as Cohere advises, of the
// members that count, of its only text, or of all. Returns an Error (400, with the path) if it has none of
// the members that count.
std::optional<Error> TextOfDocument(const v1::RerankRequest& request, int index, std::string* text);

}  // namespace portolan::providers
