package main

import (
	"context"
	"fmt"
	"net"

	"github.com/starling-load/starling/fixtures/shop"
)

// serveShop serves the demo's shop until ctx ends. Its URL is the first line on
// stdout.
func serveShop(ctx context.Context, env environment, listen string, o shop.Options) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listen for the shop: %w", err)
	}
	s, err := shop.New(o)
	if err != nil {
		listener.Close()
		return err
	}
	defer s.Close()
	fmt.Fprintf(env.stdout, "http://%s\n", listener.Addr())
	return s.Serve(ctx, listener)
}
