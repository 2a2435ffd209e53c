package portolan_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	portolan "portolan.dev/client-go"
	"portolan.dev/client-go/portolanv1"
)

// stage is what a scenario works with.
type stage struct {
	*world
	scenario
	config portolan.Config
	client *portolan.Client
}

type runner func(ctx context.Context, s *stage) error

var runners = map[string]runner{
	"chat":         chat,
	"stream":       stream,
	"tools":        tools,
	"error":        refused,
	"policy":       denied,
	"stream_error": streamRefused,
	"deadline":     deadline,
	"cancellation": cancellation,
	"metadata":     headers,
	"large":        large,
	"tls":          overTLS,
	"mtls":         byCertificate,
	"reconnect":    reconnect,
	"rollout":      rollout,
	"keepalive":    keepAlive,
	"example":      example,
}

// TestScenarios runs clients/scenarios.yaml; with the control, each must fail.
func TestScenarios(t *testing.T) {
	world := startWorld(t)
	unreached := 0
	for _, name := range world.Scenarios {
		t.Run(name, func(t *testing.T) {
			err := attempts(world, name)
			switch {
			case !world.Control && err != nil:
				t.Error(err)
			case world.Control && err == nil:
				t.Error("passes although nothing reached the upstream")
			case world.Control && strings.Contains(err.Error(), "no request reached the upstream"):
				unreached++
			}
		})
	}
	// Most of the control's answers are just right: those must have failed for want of a request upstream.
	if world.Control && unreached < len(world.Scenarios)/2 {
		t.Errorf("only %d of %d scenarios failed as nothing reached the upstream", unreached, len(world.Scenarios))
	}
}

func attempts(world *world, name string) error {
	for try := 1; ; try++ {
		tries, err := attempt(world, name)
		if err == nil || try >= tries || world.Control {
			return err
		}
	}
}

// attempt runs a scenario once; it returns how often it may be tried.
func attempt(world *world, name string) (tries int, err error) {
	run, ok := runners[name]
	if !ok {
		return 1, fmt.Errorf("nobody runs %s", name)
	}
	s := &stage{world: world, config: portolan.Config{Key: world.Key}}
	if err := world.tell("begin?name="+name, &s.scenario); err != nil {
		return 1, err
	}
	if name == "keepalive" {
		s.config.KeepaliveTime = time.Duration(s.Given.KeepaliveTimeMs) * time.Millisecond
		s.config.KeepaliveTimeout = time.Duration(s.Given.KeepaliveTimeoutMs) * time.Millisecond
	}
	s.client, err = portolan.New(world.Plain, s.config)
	if err != nil {
		return 1, err
	}
	defer s.client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	failed := run(ctx, s)
	if verdict := world.end(); failed == nil {
		failed = verdict
	}
	return s.Given.Tries, failed
}

func (s *stage) request() *portolanv1.ChatCompletionRequest {
	return &portolanv1.ChatCompletionRequest{
		Model:    proto.String(s.Model),
		Messages: []*portolanv1.Message{portolan.User(s.Given.Prompt)},
	}
}

// see reads what the scenario's caller must see.
func see[Seen any](s *stage) Seen {
	var seen Seen
	if err := json.Unmarshal(s.Seen, &seen); err != nil {
		panic(err)
	}
	return seen
}

type answerSeen struct {
	Text         string            `json:"text"`
	After        string            `json:"after"`
	TextBytes    int               `json:"text_bytes"`
	Pieces       []string          `json:"pieces"`
	FinishReason string            `json:"finish_reason"`
	TotalTokens  int64             `json:"total_tokens"`
	Metadata     map[string]string `json:"metadata"`
	Output       string            `json:"output"`
	Broken       map[string]any    `json:"broken"`
	Untrusting   map[string]any    `json:"untrusting"`
	Nameless     map[string]any    `json:"nameless"`
}

func equal(seen, expected any) error {
	if !reflect.DeepEqual(seen, expected) {
		return fmt.Errorf("expected %.300v, seen %.300v", expected, seen)
	}
	return nil
}

// grpcNames are the statuses that scenarios speak of, by gRPC's own names.
var grpcNames = map[string]string{
	"Unavailable": "UNAVAILABLE", "DeadlineExceeded": "DEADLINE_EXCEEDED", "ResourceExhausted": "RESOURCE_EXHAUSTED",
	"FailedPrecondition": "FAILED_PRECONDITION",
}

// equalError fails unless err is an Error that shows what is to be seen.
func equalError(err error, expected map[string]any) error {
	var failed *portolan.Error
	if !errors.As(err, &failed) {
		return fmt.Errorf("not a portolan.Error: %v", err)
	}
	told := map[string]any{
		"class":          string(failed.Class),
		"code":           failed.Code,
		"status":         grpcNames[failed.Status.String()],
		"http_status":    float64(failed.HTTPStatus),
		"attempts":       float64(failed.Attempts),
		"retryable":      failed.Retryable,
		"retry_delay_ms": float64(failed.RetryDelay.Milliseconds()),
		"message":        failed.Message,
	}
	maps.DeleteFunc(told, func(name string, _ any) bool { return expected[name] == nil })
	return equal(told, expected)
}

// drain reads a stream to its end.
func drain(stream func(func(*portolanv1.ChatCompletionChunk, error) bool)) (texts, reasons []string, err error) {
	for chunk, err := range stream {
		if err != nil {
			return texts, reasons, err
		}
		for _, choice := range chunk.GetChoices() {
			if text := choice.GetDelta().GetContent(); text != "" {
				texts = append(texts, text)
			}
			if reason := choice.GetFinishReason(); reason != "" {
				reasons = append(reasons, reason)
			}
		}
	}
	return texts, reasons, nil
}

func chat(ctx context.Context, s *stage) error {
	answer, err := s.client.Chat(ctx, s.request())
	if err != nil {
		return err
	}
	seen, choice := see[answerSeen](s), answer.GetChoices()[0]
	return errors.Join(equal(portolan.TextOf(choice.GetMessage()), seen.Text),
		equal(choice.GetFinishReason(), seen.FinishReason), equal(answer.GetUsage().GetTotalTokens(), seen.TotalTokens))
}

func stream(ctx context.Context, s *stage) error {
	texts, reasons, err := drain(s.client.Stream(ctx, s.request()))
	seen := see[answerSeen](s)
	return errors.Join(err, equal(texts, seen.Pieces), equal(reasons, []string{seen.FinishReason}))
}

func tools(ctx context.Context, s *stage) error {
	type callSeen struct {
		ID           string            `json:"id"`
		Name         string            `json:"name"`
		Arguments    map[string]string `json:"arguments"`
		FinishReason string            `json:"finish_reason"`
		Text         string            `json:"text"`
	}
	seen, request, tool := see[callSeen](s), s.request(), s.Given.Tool
	request.Tools = []*portolanv1.Tool{portolan.FunctionTool(tool.Name, tool.Description, tool.Parameters)}
	answer, err := s.client.Chat(ctx, request)
	if err != nil {
		return err
	}
	choice := answer.GetChoices()[0]
	call := choice.GetMessage().GetToolCalls()[0]
	var arguments map[string]string
	err = errors.Join(json.Unmarshal([]byte(call.GetFunction().GetArguments()), &arguments),
		equal(call.GetId(), seen.ID), equal(call.GetFunction().GetName(), seen.Name), equal(arguments, seen.Arguments),
		equal(choice.GetFinishReason(), seen.FinishReason))
	if err != nil {
		return err
	}
	request.Messages = append(request.Messages, choice.GetMessage(), portolan.ToolResult(call.GetId(), s.Given.Result))
	answer, err = s.client.Chat(ctx, request)
	if err != nil {
		return err
	}
	return equal(portolan.TextOf(answer.GetChoices()[0].GetMessage()), seen.Text)
}

func refused(ctx context.Context, s *stage) error {
	_, err := s.client.Chat(ctx, s.request())
	return equalError(err, see[map[string]any](s))
}

func denied(ctx context.Context, s *stage) error {
	_, err := s.client.Chat(s.withMetadata(ctx), s.request())
	return equalError(err, see[map[string]any](s))
}

func streamRefused(ctx context.Context, s *stage) error {
	_, _, err := drain(s.client.Stream(ctx, s.request()))
	return equalError(err, see[map[string]any](s))
}

func deadline(ctx context.Context, s *stage) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(s.Given.TimeoutMs)*time.Millisecond)
	defer cancel()
	_, err := s.client.Chat(ctx, s.request())
	return errors.Join(equalError(err, see[map[string]any](s)), equal(errors.Is(err, context.DeadlineExceeded), true))
}

// atFirstPiece calls act when the stream's first text is there, and returns how the stream ends.
func atFirstPiece(ctx context.Context, s *stage, act func() error) error {
	var first string
	for chunk, err := range s.client.Stream(ctx, s.request()) {
		if err != nil {
			return err
		}
		for _, choice := range chunk.GetChoices() {
			if text := choice.GetDelta().GetContent(); text != "" && first == "" {
				first = text
				if err := errors.Join(equal(first, see[answerSeen](s).Pieces[0]), act()); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func cancellation(ctx context.Context, s *stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := atFirstPiece(ctx, s, func() error {
		defer cancel()
		return s.tell("mark", new(struct{}))
	})
	return equal(errors.Is(err, context.Canceled), true)
}

func (s *stage) withMetadata(ctx context.Context) context.Context {
	for name, value := range s.Given.Metadata {
		ctx = metadata.AppendToOutgoingContext(ctx, name, value)
	}
	return ctx
}

func headers(ctx context.Context, s *stage) error {
	var received metadata.MD
	answer, err := s.client.Chat(s.withMetadata(ctx), s.request(), grpc.Header(&received))
	if err != nil {
		return err
	}
	seen := see[answerSeen](s)
	err = equal(portolan.TextOf(answer.GetChoices()[0].GetMessage()), seen.Text)
	for name, value := range seen.Metadata {
		err = errors.Join(err, equal(received.Get(name), []string{value}))
	}
	return err
}

func large(ctx context.Context, s *stage) error {
	s.Given.Prompt = strings.Repeat("x", s.Given.PromptBytes)
	answer, err := s.client.Chat(ctx, s.request())
	if err != nil {
		return err
	}
	text, size := portolan.TextOf(answer.GetChoices()[0].GetMessage()), see[answerSeen](s).TextBytes
	return errors.Join(equal(len(text), size), equal(strings.Count(text, "x"), size))
}

// chatOver makes the scenario's call to a gateway that speaks TLS.
func (s *stage) chatOver(ctx context.Context, target string, how *tls.Config, wait time.Duration) (string, error) {
	client, err := portolan.New(target, portolan.Config{Key: s.Key, TLS: how, ConnectTimeout: wait})
	if err != nil {
		return "", err
	}
	defer client.Close()
	answer, err := client.Chat(ctx, s.request())
	if err != nil {
		return "", err
	}
	return portolan.TextOf(answer.GetChoices()[0].GetMessage()), nil
}

// roots holds the certificate of the world's gateways.
func (s *stage) roots() (*x509.CertPool, error) {
	pem, err := os.ReadFile(s.CA)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return pool, err
}

func overTLS(ctx context.Context, s *stage) error {
	seen := see[answerSeen](s)
	_, err := s.chatOver(ctx, s.TLS, &tls.Config{}, time.Second)
	if err := equalError(err, seen.Untrusting); err != nil {
		return err
	}
	roots, err := s.roots()
	if err != nil {
		return err
	}
	text, err := s.chatOver(ctx, s.TLS, &tls.Config{RootCAs: roots}, 0)
	return errors.Join(err, equal(text, seen.Text))
}

func byCertificate(ctx context.Context, s *stage) error {
	seen := see[answerSeen](s)
	roots, err := s.roots()
	if err != nil {
		return err
	}
	_, err = s.chatOver(ctx, s.MTLS, &tls.Config{RootCAs: roots}, time.Second)
	if err := equalError(err, seen.Nameless); err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(s.Cert, s.CertKey)
	if err != nil {
		return err
	}
	own := &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}
	text, err := s.chatOver(ctx, s.MTLS, own, 0)
	return errors.Join(err, equal(text, seen.Text))
}

func reconnect(ctx context.Context, s *stage) error {
	seen := see[answerSeen](s)
	err := atFirstPiece(ctx, s, func() error {
		return s.tell(fmt.Sprintf("restart?down_ms=%d", s.Given.DownMs), new(struct{}))
	})
	if err := equalError(err, seen.Broken); err != nil {
		return err
	}
	answer, err := s.client.Chat(ctx, s.request())
	if err != nil {
		return err
	}
	return equal(portolan.TextOf(answer.GetChoices()[0].GetMessage()), seen.Text)
}

func rollout(ctx context.Context, s *stage) error {
	client, err := portolan.New(s.Given.Target, s.config)
	if err != nil {
		return err
	}
	defer client.Close()
	answered := func(expected string) error {
		answer, err := client.Chat(ctx, s.request())
		if err != nil {
			return err
		}
		return equal(portolan.TextOf(answer.GetChoices()[0].GetMessage()), expected)
	}
	seen := see[answerSeen](s)
	for range s.Given.Calls {
		if err := answered(seen.Text); err != nil {
			return err
		}
	}
	if err := s.tell(fmt.Sprintf("rollout?late_ms=%d", s.Given.LateMs), new(struct{})); err != nil {
		return err
	}
	return answered(seen.After)
}

func keepAlive(ctx context.Context, s *stage) error {
	err := atFirstPiece(ctx, s, func() error { return s.tell("freeze", new(struct{})) })
	return equalError(err, see[answerSeen](s).Broken)
}

func example(ctx context.Context, s *stage) error {
	command := exec.CommandContext(ctx, "go", "run", "./examples/chat", s.Given.Prompt)
	command.Env = append(os.Environ(), "PORTOLAN_TARGET="+s.Plain, "PORTOLAN_KEY="+s.Key, "PORTOLAN_MODEL="+s.Model)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, os.Stderr
	return errors.Join(command.Run(), equal(output.String(), see[answerSeen](s).Output))
}

// TestReadme runs the README's program as it stands, but for the address.
func TestReadme(t *testing.T) {
	world := startWorld(t)
	if world.Control {
		t.Skip("the control knows no echo")
	}
	readme, err := os.ReadFile("README.md")
	must(t, err)
	_, program, _ := strings.Cut(string(readme), "```go\n")
	program, _, _ = strings.Cut(program, "```")
	file := filepath.Join(t.TempDir(), "main.go")
	must(t, os.WriteFile(file, []byte(strings.ReplaceAll(program, "127.0.0.1:50051", world.Plain)), 0o600))
	output, err := exec.Command("go", "run", file).CombinedOutput()
	if err != nil || !strings.Contains(string(output), "Hello") {
		t.Errorf("%v: %s", err, output)
	}
}
