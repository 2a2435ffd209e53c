package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	openai "github.com/sashabaranov/go-openai"
)

var communitySDK = sdk{
	actions: map[string]func(request) (answer, error){
		"chat": communityChat, "stream": communityStream, "tools": communityTools, "structured": communityStructured,
		"embed": communityEmbed, "models": communityModels,
	},
	told: communityTold,
	page: communityPage,
}

// withHeaders is how headers are set: go-openai has no option for them.
type withHeaders struct{ headers map[string]string }

func (w withHeaders) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range w.headers {
		r.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func communityClient(r request) *openai.Client {
	config := openai.DefaultConfig(r.Key)
	config.BaseURL = r.URL + "/v1"
	config.HTTPClient = &http.Client{Transport: withHeaders{r.Headers}, Timeout: r.limit()}
	return openai.NewClientWithConfig(config)
}

func communityRequest(r request) openai.ChatCompletionRequest {
	return openai.ChatCompletionRequest{
		Model:     r.Model,
		MaxTokens: 64,
		Messages: []openai.ChatCompletionMessage{
			{Role: openai.ChatMessageRoleSystem, Content: "Be brief."}, {Role: openai.ChatMessageRoleUser, Content: "Hi"},
		},
	}
}

func communityChat(r request) (answer, error) {
	got, err := communityClient(r).CreateChatCompletion(context.Background(), communityRequest(r))
	if err != nil {
		return nil, err
	}
	usage := []int{got.Usage.PromptTokens, got.Usage.CompletionTokens}
	return answer{"text": got.Choices[0].Message.Content, "usage": usage}, nil
}

func communityStream(r request) (answer, error) {
	stream, err := communityClient(r).CreateChatCompletionStream(context.Background(), communityRequest(r))
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	pieces := []string{}
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return answer{"pieces": pieces}, nil
		}
		if err != nil {
			return nil, err
		}
		if len(chunk.Choices) > 0 {
			pieces = append(pieces, chunk.Choices[0].Delta.Content)
		}
	}
}

func communityTools(r request) (answer, error) {
	client := communityClient(r)
	asked := communityRequest(r)
	asked.Tools = []openai.Tool{{Type: openai.ToolTypeFunction, Function: &openai.FunctionDefinition{
		Name: "weather", Description: "Tells the weather.", Parameters: schema,
	}}}
	asking, err := client.CreateChatCompletion(context.Background(), asked)
	if err != nil {
		return nil, err
	}
	call := asking.Choices[0].Message.ToolCalls[0]
	arguments, err := parse(call.Function.Arguments)
	if err != nil {
		return nil, err
	}
	asked.Messages = append(asked.Messages, asking.Choices[0].Message,
		openai.ChatCompletionMessage{Role: openai.ChatMessageRoleTool, Content: "sunny", ToolCallID: call.ID})
	told, err := client.CreateChatCompletion(context.Background(), asked)
	if err != nil {
		return nil, err
	}
	return answer{"call": arguments, "text": told.Choices[0].Message.Content}, nil
}

func communityStructured(r request) (answer, error) {
	asked := communityRequest(r)
	raw, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	asked.ResponseFormat = &openai.ChatCompletionResponseFormat{
		Type:       openai.ChatCompletionResponseFormatTypeJSONSchema,
		JSONSchema: &openai.ChatCompletionResponseFormatJSONSchema{Name: "city", Schema: json.RawMessage(raw), Strict: true},
	}
	got, err := communityClient(r).CreateChatCompletion(context.Background(), asked)
	if err != nil {
		return nil, err
	}
	value, err := parse(got.Choices[0].Message.Content)
	return answer{"value": value}, err
}

func communityEmbed(r request) (answer, error) {
	got, err := communityClient(r).CreateEmbeddings(context.Background(), openai.EmbeddingRequestStrings{
		Model: openai.EmbeddingModel(r.Model), Input: []string{"one", "two"},
	})
	if err != nil {
		return nil, err
	}
	return answer{"vectors": [][]float32{got.Data[0].Embedding, got.Data[1].Embedding}}, nil
}

func communityModels(r request) (answer, error) {
	got, err := communityClient(r).ListModels(context.Background())
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, model := range got.Models {
		ids = append(ids, model.ID)
	}
	return answer{"ids": ids}, nil
}

func communityTold(err error) answer {
	var refused *openai.APIError
	if errors.As(err, &refused) {
		return answer{
			"status": refused.HTTPStatusCode, "message": refused.Message, "type": refused.Type, "code": refused.Code,
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return answer{"message": err.Error(), "timeout": true}
	}
	return nil
}
