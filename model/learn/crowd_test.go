package learn_test

import (
	"context"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/fixtures/crowd"
	"github.com/starling-load/starling/fixtures/shop"
	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/proxy"
)

// A memory keeps what a proxy records.
type memory struct {
	mu    sync.Mutex
	flows []*flow.Flow
}

func (m *memory) Conn(*flow.Conn) {}
func (m *memory) Loss(*flow.Loss) {}

func (m *memory) Flow(f *flow.Flow) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f.Number = uint64(len(m.flows))
	m.flows = append(m.flows, f)
}

// serve runs a server until stop is called, which waits for it.
func serve(t *testing.T, run func(context.Context, net.Listener) error) (at *url.URL, stop func()) {
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

// recordCrowd sends a crowd to a shop through a forward proxy.
func recordCrowd(t *testing.T, accounts []shop.Account) []*flow.Flow {
	t.Helper()
	s, err := shop.New(shop.Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	at, _ := serve(t, s.Serve)
	kept := &memory{}
	p, err := proxy.New(proxy.Options{Sink: kept})
	if err != nil {
		t.Fatal(err)
	}
	through, stop := serve(t, p.Serve)
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

// file makes a data file of accounts.
func file(accounts []shop.Account) model.Source {
	src := model.Source{Name: "accounts", Columns: []string{"user", "password"}}
	for _, a := range accounts {
		src.Rows = append(src.Rows, []string{a.User, a.Password})
	}
	return src
}

func TestARecordedCrowdIsLearned(t *testing.T) {
	accounts := shop.Accounts(3, 60)
	flows := recordCrowd(t, accounts)
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
	if len(sessions) != 40 {
		t.Errorf("%d sessions, want the crowd's 40", len(sessions))
	}
	m, report, err := learn.Learn(sessions, learn.Options{Data: []model.Source{file(accounts)}})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := report.Text(&text); err != nil {
		t.Fatal(err)
	}
	t.Log(text.String())
	var shares []int
	for _, b := range m.Behaviors {
		shares = append(shares, b.Sessions)
	}
	if !slices.Equal(shares, []int{16, 14, 10}) {
		t.Errorf("user types of %v sessions, want the 16 browsers, 14 buyers and 10 programs", shares)
	}
	if len(report.Unresolved) > 0 {
		t.Errorf("unresolved: %+v", report.Unresolved)
	}
	if n := report.Lost["upgraded connection (WebSocket)"]; n == 0 {
		t.Errorf("lost %v, want the chats over WebSocket counted", report.Lost)
	}
	sources := map[string]bool{}
	for _, b := range m.Bindings {
		for _, s := range b.Sources {
			sources[s.Endpoint+" "+s.Selector] = true
		}
		if b.Match < 0.9 {
			t.Errorf("binding %s matches %v of its uses", b.Name, b.Match)
		}
	}
	for _, want := range []string{
		"GET /login form:csrf@/login", "GET /products/{id} form:csrf@/cart/add", "GET /checkout form:csrf@/checkout",
		"POST /checkout redirect:/orders/{}#0", "POST /api/orders json:number", "POST /api/carts json:id",
		"POST /api/login json:access_token", "POST /api/refresh json:access_token", "POST /api/login json:refresh_token",
	} {
		if !sources[want] {
			t.Errorf("no binding takes its value from %s", want)
		}
	}
	noSecrets(t, m, flows)
}

// noSecrets fails if a request of the model still holds what the recorded shop
// issued or what its users typed.
func noSecrets(t *testing.T, m *model.Model, flows []*flow.Flow) {
	t.Helper()
	issued := map[string]bool{}
	for _, f := range flows {
		for _, l := range content.RequestLeaves(&f.Request) {
			if strings.HasSuffix(l.Selector, ":csrf") || strings.HasSuffix(l.Selector, "password") || strings.Contains(l.Selector, "token") || strings.HasSuffix(l.Selector, " Bearer") {
				issued[l.Value] = true
			}
		}
	}
	if len(issued) < 40 {
		t.Errorf("%d secrets in the recording, want at least one a session", len(issued))
	}
	for _, e := range m.Endpoints {
		text := e.Variants[0].Request.Target + e.Variants[0].Request.Body
		for _, h := range e.Variants[0].Request.Headers {
			text += h.Value
		}
		for _, row := range e.Variants[0].Rows {
			text += strings.Join(row, " ")
		}
		for v := range issued {
			if len(v) > 3 && strings.Contains(text, v) {
				t.Errorf("%s holds a recorded secret", e.Name)
			}
		}
	}
}
