package portolan

import (
	"context"
	"errors"
	"io"
	"iter"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// pieces makes an iterator of a stream that is started when the iteration begins, and cancelled when it is left.
func pieces[Piece any](ctx context.Context, start func(context.Context) (grpc.ServerStreamingClient[Piece], error)) iter.Seq2[*Piece, error] {
	return func(yield func(*Piece, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := start(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		for {
			piece, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(piece, nil) {
				return
			}
		}
	}
}

func (c *Client) interceptUnary(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	var trailer metadata.MD
	ctx, waiting := c.begin(ctx)
	err := invoke(ctx, method, request, reply, conn, append(options, waiting, grpc.Trailer(&trailer))...)
	return errorOf(err, trailer)
}

func (c *Client) interceptStream(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, start grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
	ctx, waiting := c.begin(ctx)
	stream, err := start(ctx, desc, conn, method, append(options, waiting)...)
	if err != nil {
		return nil, errorOf(err, nil)
	}
	return typedStream{stream}, nil
}

// typedStream is a stream whose errors are [*Error].
type typedStream struct{ grpc.ClientStream }

func (s typedStream) RecvMsg(message any) error {
	err := s.ClientStream.RecvMsg(message)
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return errorOf(err, s.Trailer())
}

func (s typedStream) SendMsg(message any) error {
	err := s.ClientStream.SendMsg(message)
	if err == nil || errors.Is(err, io.EOF) { // the reason is what RecvMsg returns
		return err
	}
	return errorOf(err, nil)
}
