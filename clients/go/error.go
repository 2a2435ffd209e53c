package portolan

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Class says whose fault an error is.
type Class string

const (
	// Caller: the request is wrong, or its own time ran out, or it was cancelled.
	Caller Class = "caller"
	// Policy: the request is right, but not allowed here.
	Policy Class = "policy"
	// Provider: the provider refused or failed.
	Provider Class = "provider"
	// Gateway: the gateway failed, or there is no way to it.
	Gateway Class = "gateway"
)

// Error is a call that failed; find it with [errors.As]. What the gateway says about errors is in docs/errors.md of the
// project. What fails on the way to it has a code of the client's: gateway_unreachable (no connection, or a broken one),
// request_timeout (the context's deadline), client_closed_request (the context was cancelled), or the gRPC status in lower
// case. Those two of the context are also what [errors.Is] knows as [context.DeadlineExceeded] and [context.Canceled].
type Error struct {
	Class Class
	// Code is stable, for programs: the provider's own, or the gateway's.
	Code string
	// Status is gRPC's.
	Status codes.Code
	// Message is for people.
	Message string
	// Attempts is how often a provider was called.
	Attempts int
	// Retryable is whether trying again can help.
	Retryable bool
	// RetryDelay is how long to wait before that; 0: not known.
	RetryDelay time.Duration
	// HTTPStatus is that of the same error over HTTP; 0: the gateway did not say.
	HTTPStatus int
	// Param is the member of the request that is at fault, if one is.
	Param string
	// Info is all that the gateway tells of the error, by name: tried, upstream, limit and so on.
	Info map[string]string
	// Header is what came with the error: the gateway's headers, the provider's rate limits.
	Header metadata.MD

	status *status.Status
	local  error // of a context
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s (%s %s, %s)", e.Message, e.Class, e.Code, e.Status)
}

// GRPCStatus is what [status.FromError] finds.
func (e *Error) GRPCStatus() *status.Status { return e.status }

// Unwrap is context.DeadlineExceeded or context.Canceled where that is why the call failed.
func (e *Error) Unwrap() error { return e.local }

// errorOf makes an Error of what gRPC returned; nil of nil.
func errorOf(err error, trailer metadata.MD) error {
	if err == nil {
		return nil
	}
	if typed, ok := err.(*Error); ok {
		return typed
	}
	said := status.Convert(err)
	made := &Error{Status: said.Code(), Message: said.Message(), Header: trailer, status: said}
	for _, detail := range said.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.GetDomain() == "portolan" {
				made.readInfo(detail)
			}
		case *errdetails.RetryInfo:
			made.RetryDelay = detail.GetRetryDelay().AsDuration()
		}
	}
	if made.Code == "" {
		made.readStatus()
	}
	return made
}

func (e *Error) readInfo(info *errdetails.ErrorInfo) {
	e.Code, e.Info = info.GetReason(), info.GetMetadata()
	e.Class = Class(e.Info["class"])
	// What is no number counts as not said.
	e.Attempts, _ = strconv.Atoi(e.Info["attempts"])
	e.HTTPStatus, _ = strconv.Atoi(e.Info["http_status"])
	e.Retryable = e.Info["retryable"] == "true"
	e.Param = e.Info["param"]
}

// readStatus says of an error that is not the gateway's what gRPC's library knows.
func (e *Error) readStatus() {
	switch e.Status {
	case codes.Unavailable:
		e.Class, e.Code = Gateway, "gateway_unreachable"
	case codes.DeadlineExceeded:
		e.Class, e.Code, e.local = Caller, "request_timeout", context.DeadlineExceeded
	case codes.Canceled:
		e.Class, e.Code, e.local = Caller, "client_closed_request", context.Canceled
	default:
		e.Class, e.Code = Gateway, snakeCase(e.Status.String())
	}
}

// snakeCase writes ResourceExhausted as resource_exhausted.
func snakeCase(words string) string {
	var out strings.Builder
	for i, letter := range words {
		if i > 0 && letter >= 'A' && letter <= 'Z' {
			out.WriteByte('_')
		}
		out.WriteRune(letter)
	}
	return strings.ToLower(out.String())
}
