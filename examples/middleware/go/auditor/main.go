// auditor [-listen HOST:PORT] [-file FILE]: a middleware that writes one line of JSON for each call that is over: who has called which
// model, what became of it and what it used. What was said it never gets to know.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"portolan.dev/client-go/middlewarev1"
)

// patience is how long calls may take to end once the auditor is to end.
const patience = 5 * time.Second

// line is what is written of a call.
type line struct {
	Time         time.Time `json:"time"`
	RequestID    string    `json:"request_id"`
	TraceID      string    `json:"trace_id,omitempty"`
	Caller       string    `json:"caller,omitempty"`
	Route        string    `json:"route,omitempty"`
	Provider     string    `json:"provider,omitempty"`
	Model        string    `json:"model,omitempty"`
	Operation    string    `json:"operation"`
	Streams      bool      `json:"streams"`
	Status       int32     `json:"status"`
	Error        string    `json:"error,omitempty"`
	ErrorClass   string    `json:"error_class,omitempty"`
	FinishReason string    `json:"finish_reason,omitempty"`
	Attempts     uint32    `json:"attempts"`
	InputTokens  *int64    `json:"input_tokens"` // null: the provider does not say
	OutputTokens *int64    `json:"output_tokens"`
	TookMS       float64   `json:"took_ms"`
}

// auditor is the service. The rpcs of hooks that it does not want need not be there.
type auditor struct {
	middlewarev1.UnimplementedMiddlewareServer
	mutex sync.Mutex // of out: calls end at the same time
	out   io.Writer
}

// Describe asks for the ends of calls, and for no bodies: so calls are neither decoded nor delayed for it.
func (a *auditor) Describe(context.Context, *middlewarev1.DescribeRequest) (*middlewarev1.DescribeResponse, error) {
	return &middlewarev1.DescribeResponse{
		ProtocolVersion: 1,
		Hooks:           []middlewarev1.Hook{middlewarev1.Hook_HOOK_END},
		Form:            middlewarev1.BodyForm_BODY_FORM_NONE,
		ReadOnly:        true,
	}, nil
}

// HandleEnd writes the line. If that fails, the gateway counts an error of this middleware.
func (a *auditor) HandleEnd(_ context.Context, end *middlewarev1.EndEvent) (*middlewarev1.EndAck, error) {
	call, usage := end.GetCall(), end.GetUsage()
	written := line{
		Time:         time.Now().UTC(),
		RequestID:    call.GetRequestId(),
		TraceID:      call.GetTraceId(),
		Caller:       call.GetCaller(),
		Route:        call.GetRoute(),
		Provider:     call.GetProvider(),
		Model:        call.GetModel(),
		Operation:    call.GetOperation(),
		Streams:      call.GetStreams(),
		Status:       end.GetStatus(),
		Error:        end.GetErrorCode(),
		ErrorClass:   end.GetErrorClass(),
		FinishReason: end.GetFinishReason(),
		Attempts:     end.GetAttempts(),
		TookMS:       float64(end.GetTook().AsDuration().Microseconds()) / 1000,
	}
	if usage != nil {
		written.InputTokens, written.OutputTokens = usage.Input, usage.Output
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if err := json.NewEncoder(a.out).Encode(written); err != nil {
		return nil, status.Errorf(codes.Internal, "the line cannot be written: %v", err)
	}
	return &middlewarev1.EndAck{}, nil
}

func main() {
	listen := flag.String("listen", "127.0.0.1:9001", "`HOST:PORT`; port 0: one that is free")
	file := flag.String("file", "", "the `FILE` to append to, instead of the standard output")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *listen, *file); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, listen, file string) error {
	out := os.Stdout
	if file != "" {
		var err error
		if out, err = os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
			return err
		}
		defer out.Close()
	}
	socket, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server, state := grpc.NewServer(), health.NewServer()
	middlewarev1.RegisterMiddlewareServer(server, &auditor{out: out})
	healthv1.RegisterHealthServer(server, state)
	state.SetServingStatus(middlewarev1.Middleware_ServiceDesc.ServiceName, healthv1.HealthCheckResponse_SERVING)
	fmt.Printf("listening on %s\n", socket.Addr())

	context.AfterFunc(ctx, func() {
		state.Shutdown() // from now on nothing new is asked
		// Whoever watches the health is connected for ever.
		time.AfterFunc(patience, server.Stop)
		server.GracefulStop()
	})
	return server.Serve(socket)
}
