// Which TypeScript type each message of proto/portolan/v1 must be able to hold.
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionCreateParamsStreaming,
} from 'openai/resources/chat/completions';
import type {
  Completion,
  CompletionCreateParamsNonStreaming,
  CompletionCreateParamsStreaming,
} from 'openai/resources/completions';
import type { CreateEmbeddingResponse, EmbeddingCreateParams } from 'openai/resources/embeddings';
import type { Model } from 'openai/resources/models';
import type { PageResponse } from 'openai/core/pagination';

export interface Roots {
  'portolan.v1.ChatCompletionRequest': ChatCompletionCreateParamsNonStreaming | ChatCompletionCreateParamsStreaming;
  'portolan.v1.ChatCompletion': ChatCompletion;
  'portolan.v1.ChatCompletionChunk': ChatCompletionChunk;
  'portolan.v1.CompletionRequest': CompletionCreateParamsNonStreaming | CompletionCreateParamsStreaming;
  'portolan.v1.Completion': Completion;
  'portolan.v1.EmbeddingRequest': EmbeddingCreateParams;
  'portolan.v1.EmbeddingResponse': CreateEmbeddingResponse;
  'portolan.v1.ModelList': PageResponse<Model>;
  'portolan.v1.Model': Model;
}
