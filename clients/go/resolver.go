package portolan

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"google.golang.org/grpc/resolver"
)

const (
	// A rollout exchanges pods faster than once in the half minute that gRPC's own resolver lets pass between two look-ups.
	betweenLookups = time.Second
	lookupTimeout  = 30 * time.Second
)

// names is gRPC's resolver of names, but that looks them up again as often as every second. Only for the channels that
// are given it: gRPC's own could be told so for the whole process alone.
type names struct{ resolver.Builder }

// Build makes a resolver of a host's name; what needs none of this is left to gRPC's own.
func (n names) Build(target resolver.Target, conn resolver.ClientConn, options resolver.BuildOptions) (resolver.Resolver, error) {
	host, port, err := net.SplitHostPort(target.Endpoint())
	_, notAddress := netip.ParseAddr(host)
	if err != nil || host == "" || port == "" || notAddress == nil || target.URL.Host != "" {
		return n.Builder.Build(target, conn, options)
	}
	ctx, cancel := context.WithCancel(context.Background())
	name := &name{host: host, port: port, conn: conn, cancel: cancel, wanted: make(chan struct{}, 1), ended: make(chan struct{})}
	go name.watch(ctx)
	return name, nil
}

// name is looked up when it is wanted.
type name struct {
	host, port string
	conn       resolver.ClientConn
	cancel     context.CancelFunc
	wanted     chan struct{}
	ended      chan struct{}
}

// ResolveNow has the name looked up again, as soon as that may be.
func (n *name) ResolveNow(resolver.ResolveNowOptions) {
	select {
	case n.wanted <- struct{}{}:
	default: // it is wanted already
	}
}

// Close ends the look-ups.
func (n *name) Close() {
	n.cancel()
	<-n.ended
}

func (n *name) watch(ctx context.Context) {
	defer close(n.ended)
	for ctx.Err() == nil {
		err := n.lookUp(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(betweenLookups):
		}
		if err != nil {
			continue // gRPC does not ask again by itself
		}
		select {
		case <-ctx.Done():
		case <-n.wanted:
		}
	}
}

// lookUp tells the channel what the name stands for.
func (n *name) lookUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	found, err := net.DefaultResolver.LookupHost(ctx, n.host)
	if err == nil && len(found) == 0 {
		err = errors.New(n.host + " stands for no address")
	}
	if err != nil {
		n.conn.ReportError(err)
		return err
	}
	var state resolver.State
	for _, host := range found {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: net.JoinHostPort(host, n.port)})
	}
	return n.conn.UpdateState(state)
}
