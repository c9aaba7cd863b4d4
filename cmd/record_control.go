package cmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/starling-load/starling/record"
)

// serveControl lets programs of this machine see and switch a recording, until
// stop is called:
//
//	GET  /        the counts as JSON
//	POST /pause   leave out what ends from now on, and count it
//	POST /resume  record again
func serveControl(env environment, address string, r *record.Recorder) (stop func() error, err error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for control: %w", err)
	}
	s := &http.Server{Handler: controlHandler(r), ReadHeaderTimeout: 5 * time.Second}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	env.say("control: curl http://%s   curl -X POST http://%s/pause   curl -X POST http://%s/resume", l.Addr(), l.Addr(), l.Addr())
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := s.Shutdown(ctx)
		if served := <-done; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}, nil
}

// checkControl returns an error for an address that other machines could reach.
func checkControl(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return usagef("--control %q: write it as HOST:PORT, such as 127.0.0.1:7071", address)
	}
	if !isLoopback(host) {
		return usagef("--control %s: it has no password and so listens on this machine alone; name 127.0.0.1, and use ssh from elsewhere", address)
	}
	return nil
}

func controlHandler(r *record.Recorder) http.Handler {
	mux := http.NewServeMux()
	show := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = writeJSON(w, r.Counts()) // the client is gone
	}
	mux.HandleFunc("GET /{$}", show)
	mux.HandleFunc("POST /pause", func(w http.ResponseWriter, q *http.Request) { r.Pause(); show(w, q) })
	mux.HandleFunc("POST /resume", func(w http.ResponseWriter, q *http.Request) { r.Resume(); show(w, q) })
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		// A web page in a browser on this machine could send requests here, even by
		// a name of its own that it lets lead to this address.
		host, _, err := net.SplitHostPort(q.Host)
		if err != nil {
			host = q.Host
		}
		if q.Header.Get("Origin") != "" || !isLoopback(host) {
			http.Error(w, "not for browsers", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, q)
	})
}

// isLoopback reports whether host is this machine, and is reached from it alone.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
