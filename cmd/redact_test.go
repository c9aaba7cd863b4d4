package cmd

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/fixtures/crowd"
	"github.com/starling-load/starling/fixtures/shop"
	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/proxy"
	"github.com/starling-load/starling/record/redact"
)

// heard is a proxy.Sink in memory.
type heard struct {
	mu    sync.Mutex
	flows []*flow.Flow
}

func (h *heard) Conn(*flow.Conn) {}
func (h *heard) Loss(*flow.Loss) {}

func (h *heard) Flow(f *flow.Flow) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f.Number = uint64(len(h.flows))
	h.flows = append(h.flows, f)
}

// serveUntil serves on loopback until stop, which waits for the end.
func serveUntil(t *testing.T, run func(context.Context, net.Listener) error) (at *url.URL, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx, l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("server: %v", err)
		}
	})
	t.Cleanup(stop)
	return &url.URL{Scheme: "http", Host: l.Addr().String()}, stop
}

// hearCrowd sends a crowd to a shop through a recording proxy.
func hearCrowd(t *testing.T, accounts []shop.Account) []*flow.Flow {
	t.Helper()
	s, err := shop.New(shop.Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	at, _ := serveUntil(t, s.Serve)
	kept := &heard{}
	p, err := proxy.New(proxy.Options{Sink: kept})
	if err != nil {
		t.Fatal(err)
	}
	through, stop := serveUntil(t, p.Serve)
	o := crowd.Options{Base: at, Proxy: through, Seed: 7, ThinkScale: 0.1, Span: 2_000_000_000}
	for _, a := range accounts {
		o.Accounts = append(o.Accounts, crowd.Account(a))
	}
	report, err := crowd.Run(t.Context(), o)
	if err != nil || len(report.Errors) > 0 {
		t.Fatalf("crowd: %v, %v", err, report.Errors)
	}
	stop()
	return kept.flows
}

// learned makes a model of flows.
func learned(t *testing.T, flows []*flow.Flow) *model.Model {
	t.Helper()
	sessions, err := session.Split(func(yield func(*flow.Flow, error) bool) {
		for _, f := range flows {
			if !yield(f, nil) {
				return
			}
		}
	}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := learn.Learn(sessions, learn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// bindings lists the bindings of a model: which part of which request takes
// its value from where.
func bindings(m *model.Model) []string {
	var out []string
	named := map[string]model.Binding{}
	for _, b := range m.Bindings {
		named[b.Name] = b
	}
	for _, e := range m.Endpoints {
		for _, v := range e.Variants[0].Values {
			if b, ok := named[v.Ref]; ok && v.Kind == model.Bound {
				for _, s := range b.Sources {
					out = append(out, e.Name+" "+v.Name+" from "+s.Endpoint+" "+s.Selector)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

func TestARedactedRecordingTeachesTheSameBindings(t *testing.T) {
	clear := hearCrowd(t, shop.Accounts(3, 60))
	r, err := redact.New(redact.Options{Key: bytes.Repeat([]byte{5}, redact.KeySize), Decode: decodeContent})
	if err != nil {
		t.Fatal(err)
	}
	var hidden []*flow.Flow
	secrets, changed := 0, 0
	for _, f := range clear {
		new(redact.Scanner).Scan(f, func(redact.Finding) { secrets++ })
		c := *f
		r.Flow(&c)
		hidden = append(hidden, &c)
		new(redact.Scanner).Scan(&c, func(s redact.Finding) { t.Errorf("redacted flow %d still has %s in %s", s.Flow, s.Kind, s.Place) })
		if !cmp.Equal(*f, c) {
			changed++
		}
	}
	if secrets < 200 || changed < len(clear)/4 {
		t.Errorf("%d secrets found in %d flows, of which %d changed; that is too few for a shop with logins", secrets, len(clear), changed)
	}
	want, got := learned(t, clear), learned(t, hidden)
	if len(bindings(want)) < 15 {
		t.Errorf("clear recording has %d bindings only: %q", len(bindings(want)), bindings(want))
	}
	if diff := cmp.Diff(bindings(want), bindings(got)); diff != "" {
		t.Errorf("bindings of the clear (-) and the redacted recording (+):\n%s", diff)
	}
	if diff := cmp.Diff(shares(want), shares(got)); diff != "" {
		t.Errorf("user types of the clear (-) and the redacted recording (+):\n%s", diff)
	}
}

// shares returns the numbers of sessions of the user types.
func shares(m *model.Model) []int {
	var out []int
	for _, b := range m.Behaviors {
		out = append(out, b.Sessions)
	}
	return out
}
