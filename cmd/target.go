package cmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// dialTimeout is how long a target may take to accept a connection before a run
// begins.
const dialTimeout = 5 * time.Second

// checkTarget makes sure that somebody listens at an origin: a run against
// nobody would tell the same much later.
func checkTarget(ctx context.Context, origin string) error {
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
	var unknown *net.DNSError
	switch {
	case err == nil:
		return conn.Close()
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &unknown):
		return fmt.Errorf("%s has no address; check the name", u.Hostname())
	}
	return fmt.Errorf("nobody answers at %s; is it running?", origin)
}

// withoutCredentials is one or more server URLs, with commas between, fit to be
// shown: an ellipsis stands for a user name, password or token.
func withoutCredentials(servers string) string {
	list := strings.Split(servers, ",")
	for i, server := range list {
		scheme, rest, ok := strings.Cut(server, "://")
		if !ok {
			scheme, rest = "nats", server
		}
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			list[i] = scheme + "://…" + rest[at:]
		}
	}
	return strings.Join(list, ",")
}

// withoutQuery is a URL fit to be kept: its query may hold a token.
func withoutQuery(rawURL string) string {
	bare, _, cut := strings.Cut(rawURL, "?")
	if cut {
		bare += "?…"
	}
	return bare
}
