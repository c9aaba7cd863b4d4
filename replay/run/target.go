package run

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"
)

// dialTimeout is how long a target may take to accept a connection before a run
// begins.
const dialTimeout = 5 * time.Second

// reach makes sure that somebody listens at an origin, so that a run against
// nobody ends before it begins.
func reach(ctx context.Context, origin string) error {
	u, err := url.Parse(origin)
	if err != nil {
		return err
	}
	port := u.Port()
	if port == "" {
		port = u.Scheme
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	switch {
	case err == nil:
		return conn.Close()
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, new(*net.DNSError)):
		return fmt.Errorf("%s has no address; check the name", u.Hostname())
	}
	return fmt.Errorf("nobody answers at %s; is it running?", origin)
}
