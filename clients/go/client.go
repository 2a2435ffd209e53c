// Package portolan is a client of the Portolan AI gateway, over gRPC.
//
// A [Client] makes calls; their messages are those of [portolan.dev/client-go/portolanv1], which is generated from the
// gateway's API. Contexts end calls and bound their time, streams are iterators, and errors are [*Error].
package portolan

import (
	"context"
	"crypto/tls"
	"fmt"
	"iter"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"

	"portolan.dev/client-go/portolanv1"
)

// Version is this package's version.
const Version = "0.1.0"

const (
	// What the gateway takes and sends.
	largestMessage = 64 << 20
	largestHeaders = 64 << 10

	defaultConnectTimeout   = 10 * time.Second
	defaultKeepaliveTime    = 30 * time.Second
	defaultKeepaliveTimeout = 10 * time.Second
)

// Config says how a [Client] connects and what it sends with each call. The zero value is good.
type Config struct {
	// Key of a caller of the gateway, or of the provider.
	Key string
	// TLS to speak; nil: none. An empty one trusts the system's authorities.
	TLS *tls.Config
	// Headers sent with each call: x-portolan-provider, x-portolan-config and so on. Those of a call's context
	// ([metadata.AppendToOutgoingContext]) beat them.
	Headers map[string]string
	// ConnectTimeout is how long a call waits for a connection, within its context's deadline. Default: 10 s.
	ConnectTimeout time.Duration
	// KeepaliveTime is how long a connection with calls may be silent before it is looked after; the gateway takes
	// 10 s or more. It is given up if there is no answer for KeepaliveTimeout. Defaults: 30 s and 10 s.
	KeepaliveTime, KeepaliveTimeout time.Duration
	// DialOptions besides, for instance interceptors.
	DialOptions []grpc.DialOption
}

// Client is a connection to the gateway, for as many calls and goroutines at once as you like.
//
// It connects with the first call, and anew whenever the connection is lost. A call that finds no connection waits for
// one; a call that is under way when the connection is lost fails, as it may have reached a provider.
//
// A call's context bounds its time, a stream's whole length included, and ends it: the provider is left at once. Errors
// are [*Error]. What came with an answer is told by [grpc.Header].
type Client struct {
	config     Config
	conn       *grpc.ClientConn
	chat       portolanv1.ChatServiceClient
	completion portolanv1.CompletionServiceClient
	embedding  portolanv1.EmbeddingServiceClient
	model      portolanv1.ModelServiceClient
	rerank     portolanv1.RerankServiceClient
	routing    portolanv1.RoutingServiceClient
	token      portolanv1.TokenServiceClient
}

// New makes a client of the gateway at target, "host:port"; of a name that stands for several gateways, all are called in
// turn. It does not connect yet; it fails if target cannot be one.
func New(target string, config Config) (*Client, error) {
	setDefault(&config.ConnectTimeout, defaultConnectTimeout)
	setDefault(&config.KeepaliveTime, defaultKeepaliveTime)
	setDefault(&config.KeepaliveTimeout, defaultKeepaliveTimeout)
	client := &Client{config: config}
	transport := insecure.NewCredentials()
	if config.TLS != nil {
		transport = credentials.NewTLS(config.TLS)
	}
	options := append([]grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithUserAgent("portolan-go/" + Version),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largestMessage), grpc.MaxCallSendMsgSize(largestMessage)),
		grpc.WithMaxHeaderListSize(largestHeaders),
		// Calls go to all gateways that the name stands for, and to others when it stands for others.
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`),
		grpc.WithResolvers(names{resolver.Get("dns")}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		// A stream may be silent for long while a model thinks: its connection is looked after all that time.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: config.KeepaliveTime, Timeout: config.KeepaliveTimeout}),
		grpc.WithChainUnaryInterceptor(client.interceptUnary),
		grpc.WithChainStreamInterceptor(client.interceptStream),
	}, config.DialOptions...)
	conn, err := grpc.NewClient(target, options...)
	if err != nil {
		return nil, fmt.Errorf("portolan: no client of %q: %w", target, err)
	}
	client.conn = conn
	client.chat = portolanv1.NewChatServiceClient(conn)
	client.completion = portolanv1.NewCompletionServiceClient(conn)
	client.embedding = portolanv1.NewEmbeddingServiceClient(conn)
	client.model = portolanv1.NewModelServiceClient(conn)
	client.rerank = portolanv1.NewRerankServiceClient(conn)
	client.routing = portolanv1.NewRoutingServiceClient(conn)
	client.token = portolanv1.NewTokenServiceClient(conn)
	return client, nil
}

// Close ends the calls that are under way, and the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Conn is for generated stubs, such as that of the relay. Their calls wait for a connection, carry the key and fail with
// [*Error] as the client's own do.
func (c *Client) Conn() grpc.ClientConnInterface { return c.conn }

// Chat continues a conversation and returns the whole answer.
func (c *Client) Chat(ctx context.Context, request *portolanv1.ChatCompletionRequest, options ...grpc.CallOption) (*portolanv1.ChatCompletion, error) {
	return c.chat.CreateChatCompletion(ctx, request, options...)
}

// Stream continues a conversation; the answer comes piece by piece, as it is made. The call is made when the iteration
// begins, and ended when it is left. An iteration that ends without an error was complete; after an error there is no more.
func (c *Client) Stream(ctx context.Context, request *portolanv1.ChatCompletionRequest, options ...grpc.CallOption) iter.Seq2[*portolanv1.ChatCompletionChunk, error] {
	return pieces(ctx, func(ctx context.Context) (grpc.ServerStreamingClient[portolanv1.ChatCompletionChunk], error) {
		return c.chat.StreamChatCompletion(ctx, request, options...)
	})
}

// Complete continues a text, with a model of the older kind, and returns the whole answer.
func (c *Client) Complete(ctx context.Context, request *portolanv1.CompletionRequest, options ...grpc.CallOption) (*portolanv1.Completion, error) {
	return c.completion.CreateCompletion(ctx, request, options...)
}

// StreamCompletion continues a text, with a model of the older kind, piece by piece; as [Client.Stream].
func (c *Client) StreamCompletion(ctx context.Context, request *portolanv1.CompletionRequest, options ...grpc.CallOption) iter.Seq2[*portolanv1.Completion, error] {
	return pieces(ctx, func(ctx context.Context) (grpc.ServerStreamingClient[portolanv1.Completion], error) {
		return c.completion.StreamCompletion(ctx, request, options...)
	})
}

// Embed turns texts into vectors.
func (c *Client) Embed(ctx context.Context, request *portolanv1.EmbeddingRequest, options ...grpc.CallOption) (*portolanv1.EmbeddingResponse, error) {
	return c.embedding.CreateEmbeddings(ctx, request, options...)
}

// Rerank puts documents in the order of how well they answer a query.
func (c *Client) Rerank(ctx context.Context, request *portolanv1.RerankRequest, options ...grpc.CallOption) (*portolanv1.RerankResponse, error) {
	return c.rerank.Rerank(ctx, request, options...)
}

// CountTokens counts the tokens of a conversation, without a call to the model.
func (c *Client) CountTokens(ctx context.Context, request *portolanv1.ChatCompletionRequest, options ...grpc.CallOption) (*portolanv1.TokenCount, error) {
	return c.token.CountTokens(ctx, request, options...)
}

// Models lists the models that can be asked.
func (c *Client) Models(ctx context.Context, request *portolanv1.ListModelsRequest, options ...grpc.CallOption) (*portolanv1.ModelList, error) {
	return c.model.ListModels(ctx, request, options...)
}

// Model tells of one model.
func (c *Client) Model(ctx context.Context, request *portolanv1.GetModelRequest, options ...grpc.CallOption) (*portolanv1.Model, error) {
	return c.model.GetModel(ctx, request, options...)
}

// Explain tells where a call would go, without calling anybody.
func (c *Client) Explain(ctx context.Context, request *portolanv1.ExplainRequest, options ...grpc.CallOption) (*portolanv1.Explanation, error) {
	return c.routing.Explain(ctx, request, options...)
}

func setDefault(value *time.Duration, fallback time.Duration) {
	if *value == 0 {
		*value = fallback
	}
}

// begin waits for a connection and adds what goes with each call. If there is no connection, the call is made all the
// same, as its error says why; it does not wait then.
func (c *Client) begin(ctx context.Context) (context.Context, grpc.CallOption) {
	sent := metadata.MD{}
	if c.config.Key != "" {
		sent.Set("authorization", "Bearer "+c.config.Key)
	}
	for name, value := range c.config.Headers {
		sent.Set(name, value)
	}
	more, _ := metadata.FromOutgoingContext(ctx)
	for name, values := range more {
		sent.Set(name, values...)
	}
	return metadata.NewOutgoingContext(ctx, sent), grpc.WaitForReady(c.connected(ctx))
}

func (c *Client) connected(ctx context.Context) bool {
	if c.conn.GetState() == connectivity.Ready {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.ConnectTimeout)
	defer cancel()
	for {
		state := c.conn.GetState()
		if state == connectivity.Ready {
			return true
		}
		c.conn.Connect()
		if !c.conn.WaitForStateChange(ctx, state) {
			return false
		}
	}
}
