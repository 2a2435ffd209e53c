package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
)

var anthropicSDK = sdk{
	actions: map[string]func(request) (answer, error){
		"chat": anthropicChat, "stream": anthropicStream, "tools": anthropicTools, "structured": anthropicStructured,
		"models": anthropicModels,
	},
	told: anthropicTold,
	page: anthropicPage,
}

func anthropicClient(r request) anthropic.Client {
	options := []option.RequestOption{
		option.WithBaseURL(r.URL), option.WithAPIKey(r.Key), option.WithMaxRetries(r.Retries),
		option.WithRequestTimeout(r.limit()),
	}
	for name, value := range r.Headers {
		options = append(options, option.WithHeader(name, value))
	}
	return anthropic.NewClient(options...)
}

func anthropicParams(r request) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model:     anthropic.Model(r.Model),
		MaxTokens: 64,
		System:    []anthropic.TextBlockParam{{Text: "Be brief."}},
		Messages:  []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("Hi"))},
	}
}

func anthropicChat(r request) (answer, error) {
	client := anthropicClient(r)
	got, err := client.Messages.New(context.Background(), anthropicParams(r))
	if err != nil {
		return nil, err
	}
	return answer{"text": got.Content[0].Text, "usage": []int64{got.Usage.InputTokens, got.Usage.OutputTokens}}, nil
}

func anthropicStream(r request) (answer, error) {
	client := anthropicClient(r)
	stream := client.Messages.NewStreaming(context.Background(), anthropicParams(r))
	pieces := []string{}
	for stream.Next() {
		pieces = append(pieces, stream.Current().Delta.Text)
	}
	return answer{"pieces": pieces}, stream.Err()
}

func anthropicTools(r request) (answer, error) {
	client := anthropicClient(r)
	params := anthropicParams(r)
	params.Tools = []anthropic.ToolUnionParam{{OfTool: &anthropic.ToolParam{
		Name:        "weather",
		Description: anthropic.String("Tells the weather."),
		InputSchema: anthropic.ToolInputSchemaParam{Properties: schema["properties"], Required: []string{"city"}},
	}}}
	asking, err := client.Messages.New(context.Background(), params)
	if err != nil {
		return nil, err
	}
	call := asking.Content[0]
	arguments, err := parse(string(call.Input))
	if err != nil {
		return nil, err
	}
	params.Messages = append(params.Messages, asking.ToParam(),
		anthropic.NewUserMessage(anthropic.NewToolResultBlock(call.ID, "sunny", false)))
	told, err := client.Messages.New(context.Background(), params)
	if err != nil {
		return nil, err
	}
	return answer{"call": arguments, "text": told.Content[0].Text}, nil
}

func anthropicStructured(r request) (answer, error) {
	client := anthropicClient(r)
	params := anthropicParams(r)
	params.OutputConfig.Format = anthropic.JSONOutputFormatParam{Schema: schema}
	got, err := client.Messages.New(context.Background(), params)
	if err != nil {
		return nil, err
	}
	value, err := parse(got.Content[0].Text)
	return answer{"value": value}, err
}

func anthropicModels(r request) (answer, error) {
	client := anthropicClient(r)
	got, err := client.Models.List(context.Background(), anthropic.ModelListParams{})
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, model := range got.Data {
		ids = append(ids, model.ID)
	}
	return answer{"ids": ids}, nil
}

func anthropicTold(err error) answer {
	var refused *anthropic.Error
	if errors.As(err, &refused) {
		var body struct {
			Error struct{ Type, Message string }
		}
		if json.Unmarshal([]byte(refused.RawJSON()), &body) != nil {
			return nil
		}
		return answer{"status": refused.StatusCode, "message": body.Error.Message, "type": body.Error.Type}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return answer{"message": err.Error(), "timeout": true}
	}
	return nil
}
