package main

import (
	"context"
	"errors"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"
)

var openaiSDK = sdk{
	actions: map[string]func(request) (answer, error){
		"chat": openaiChat, "stream": openaiStream, "tools": openaiTools, "structured": openaiStructured,
		"embed": openaiEmbed, "models": openaiModels,
	},
	told: openaiTold,
	page: openaiPage,
}

func openaiClient(r request) openai.Client {
	options := []option.RequestOption{
		option.WithBaseURL(r.URL + "/v1"), option.WithAPIKey(r.Key), option.WithMaxRetries(r.Retries),
		option.WithRequestTimeout(r.limit()),
	}
	for name, value := range r.Headers {
		options = append(options, option.WithHeader(name, value))
	}
	return openai.NewClient(options...)
}

func openaiParams(r request) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:     r.Model,
		MaxTokens: openai.Int(64),
		Messages:  []openai.ChatCompletionMessageParamUnion{openai.SystemMessage("Be brief."), openai.UserMessage("Hi")},
	}
}

func openaiChat(r request) (answer, error) {
	client := openaiClient(r)
	got, err := client.Chat.Completions.New(context.Background(), openaiParams(r))
	if err != nil {
		return nil, err
	}
	usage := []int64{got.Usage.PromptTokens, got.Usage.CompletionTokens}
	return answer{"text": got.Choices[0].Message.Content, "usage": usage}, nil
}

func openaiStream(r request) (answer, error) {
	client := openaiClient(r)
	stream := client.Chat.Completions.NewStreaming(context.Background(), openaiParams(r))
	pieces := []string{}
	for stream.Next() {
		if choices := stream.Current().Choices; len(choices) > 0 {
			pieces = append(pieces, choices[0].Delta.Content)
		}
	}
	return answer{"pieces": pieces}, stream.Err()
}

func openaiTools(r request) (answer, error) {
	client := openaiClient(r)
	params := openaiParams(r)
	params.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
		Name: "weather", Description: openai.String("Tells the weather."), Parameters: schema,
	})}
	asking, err := client.Chat.Completions.New(context.Background(), params)
	if err != nil {
		return nil, err
	}
	call := asking.Choices[0].Message.ToolCalls[0]
	arguments, err := parse(call.Function.Arguments)
	if err != nil {
		return nil, err
	}
	params.Messages = append(params.Messages, asking.Choices[0].Message.ToParam(), openai.ToolMessage("sunny", call.ID))
	told, err := client.Chat.Completions.New(context.Background(), params)
	if err != nil {
		return nil, err
	}
	return answer{"call": arguments, "text": told.Choices[0].Message.Content}, nil
}

func openaiStructured(r request) (answer, error) {
	client := openaiClient(r)
	params := openaiParams(r)
	params.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{
		JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "city", Schema: schema, Strict: openai.Bool(true)},
	}
	got, err := client.Chat.Completions.New(context.Background(), params)
	if err != nil {
		return nil, err
	}
	value, err := parse(got.Choices[0].Message.Content)
	return answer{"value": value}, err
}

func openaiEmbed(r request) (answer, error) {
	client := openaiClient(r)
	got, err := client.Embeddings.New(context.Background(), openai.EmbeddingNewParams{
		Model: r.Model, Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"one", "two"}},
	})
	if err != nil {
		return nil, err
	}
	return answer{"vectors": [][]float64{got.Data[0].Embedding, got.Data[1].Embedding}}, nil
}

func openaiModels(r request) (answer, error) {
	client := openaiClient(r)
	got, err := client.Models.List(context.Background())
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, model := range got.Data {
		ids = append(ids, model.ID)
	}
	return answer{"ids": ids}, nil
}

func openaiTold(err error) answer {
	var refused *openai.Error
	if errors.As(err, &refused) {
		return answer{"status": refused.StatusCode, "message": refused.Message, "type": refused.Type, "code": refused.Code}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return answer{"message": err.Error(), "timeout": true}
	}
	return nil
}
