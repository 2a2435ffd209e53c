#pragma once

// What dialects that embed texts one way or another have in common.

#include <google/protobuf/repeated_field.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "portolan/v1/embedding.pb.h"
#include "providers/call.h"
#include "server/base/error.h"

namespace portolan::providers {

// The texts of a request, `most` at most; there may be none. An error for token ids, and for more.
// `provider`: who says so.
std::optional<Error> TakeTexts(const v1::TextInput& input, size_t most, std::string_view provider,
                               std::vector<std::string>* texts);
// Adds a vector to the answer, whose tokens are 0 until they are told. Returns it, for what else there is.
v1::Embedding* AddVector(const google::protobuf::RepeatedField<double>& values, const CallFacts& facts,
                         v1::EmbeddingResponse* out);
// Makes *vector stand for these numbers, in base64 or as they are.
void WriteVector(std::span<const double> values, bool base64, v1::EmbeddingVector* vector);
// Writes every vector of an answer that is numbers in base64. What is no vector stays as it is.
void WriteInBase64(v1::EmbeddingResponse* answer);
// The other way round. All stay as they are where the text of one stands for no floats, or not for
// `dimensions` of them (0: any number), as then those of the others need not either.
void WriteAsNumbers(int64_t dimensions, v1::EmbeddingResponse* answer);
// Nothing is generated: OpenAI reports the prompt alone. Counts below zero are none.
void SetPromptTokens(int64_t tokens, v1::EmbeddingResponse* out);

}  // namespace portolan::providers
