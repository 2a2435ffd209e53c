// Streams an answer: chat PROMPT, with PORTOLAN_TARGET (host:port), PORTOLAN_KEY and PORTOLAN_MODEL in the environment.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"google.golang.org/protobuf/proto"

	portolan "portolan.dev/client-go"
	"portolan.dev/client-go/portolanv1"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) // which the provider hears of
	defer stop()
	if err := run(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		var failed *portolan.Error
		if errors.As(err, &failed) && failed.RetryDelay > 0 {
			fmt.Fprintln(os.Stderr, "try again in", failed.RetryDelay)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, prompt string) error {
	target := cmp.Or(os.Getenv("PORTOLAN_TARGET"), "127.0.0.1:50051")
	client, err := portolan.New(target, portolan.Config{Key: os.Getenv("PORTOLAN_KEY")})
	if err != nil {
		return err
	}
	defer client.Close()
	request := &portolanv1.ChatCompletionRequest{
		Model:    proto.String(cmp.Or(os.Getenv("PORTOLAN_MODEL"), "echo/echo")),
		Messages: []*portolanv1.Message{portolan.User(prompt)},
	}
	for chunk, err := range client.Stream(ctx, request) {
		if err != nil {
			return err
		}
		for _, choice := range chunk.GetChoices() {
			fmt.Print(choice.GetDelta().GetContent())
		}
	}
	fmt.Println()
	return nil
}
