package modelled

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/formula"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/replaytest"
)

// safe is a target that lets in who answers its challenge, each count of it once, and
// takes only signed orders.
type safe struct {
	mu      sync.Mutex
	nonces  map[string]int
	in, out int
	orders  map[string]bool
}

func (s *safe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == "POST" {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte("key of ann"))
		fmt.Fprintf(mac, "POST\n%s\n%s", r.URL.RequestURI(), body)
		if hex.EncodeToString(mac.Sum(nil)) != r.Header.Get("X-Signature") {
			w.WriteHeader(403)
			return
		}
		s.orders[string(body)] = true
		return
	}
	a := formula.ParseDigest(r.Header.Get("Authorization"))
	if a != nil && s.nonces[a["nonce"]] > 0 && a["nc"] == fmt.Sprintf("%08x", s.nonces[a["nonce"]]) {
		c := formula.Challenge{"realm": "safe", "algorithm": "SHA-256"}
		if a["uri"] == r.URL.RequestURI() && a["username"] == "ann" && a["response"] == c.Response(a, "sesame", "GET", "") {
			s.nonces[a["nonce"]]++
			s.in++
			return
		}
	}
	s.out++
	nonce := fmt.Sprintf("n%d", len(s.nonces))
	s.nonces[nonce] = 1
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="safe", algorithm=SHA-256, qop="auth", nonce=%q`, nonce))
	w.WriteHeader(401)
}

// customer asks twice for a page behind the challenge and sends a signed order.
func customer() *model.Model {
	m := newspaper()
	m.Data = []model.Source{{Name: "people", Columns: []string{"name", "password", "key"}, Rows: [][]string{{"ann", "sesame", "key of ann"}}}}
	page := model.Request{Method: "GET", Target: "/page?x=${x}"}
	known := page
	known.Headers = []model.Header{{Name: "Authorization", Value: "${login}"}}
	x := model.Value{Name: "x", Kind: model.Fresh, Ref: "{hex 4}"}
	m.Endpoints = append(m.Endpoints,
		model.Endpoint{Name: "page", Variants: []model.Variant{
			{Name: "asked", Request: page, Values: []model.Value{x}},
			{Name: "let in", Request: known, Values: []model.Value{x,
				{Name: "login", Kind: model.Computed, Ref: "digest(challenge, name, password)"}, {Name: "challenge", Kind: model.Bound, Ref: "challenge"},
				{Name: "name", Kind: model.Data, Ref: "people.name"}, {Name: "password", Kind: model.Data, Ref: "people.password"}}},
		}},
		model.Endpoint{Name: "order", Variants: []model.Variant{{
			Request: model.Request{Method: "POST", Target: "/orders?n=1", Headers: []model.Header{{Name: "X-Signature", Value: "${signature}"}}, Body: `{"ref":"${ref}"}`},
			Values: []model.Value{{Name: "signature", Kind: model.Computed, Ref: `hex(hmac_sha256(key, request.method + "\n" + request.target + "\n" + request.body))`},
				{Name: "ref", Kind: model.Fresh, Ref: "{uuid4}"}, {Name: "key", Kind: model.Data, Ref: "people.key"}},
		}}})
	m.Bindings = append(m.Bindings, model.Binding{Name: "challenge", Sources: []model.Select{{Endpoint: "page", Selector: "header:WWW-Authenticate"}}})
	m.Sessions = []model.Session{{Acts: []model.Act{
		{Endpoint: "page", Variant: "asked", Status: 401}, {Endpoint: "page", Variant: "let in", Status: 200, After: []int{0}, Takes: []model.Take{{Act: 0}}},
		{Endpoint: "page", Variant: "let in", Status: 200, After: []int{1}, Takes: []model.Take{{Act: 0}}}, {Endpoint: "order", Status: 200, After: []int{2}},
	}}}
	return m
}

func TestChallengesAreAnsweredAndRequestsSigned(t *testing.T) {
	target := &safe{nonces: map[string]int{}, orders: map[string]bool{}}
	s := httptest.NewServer(target)
	defer s.Close()
	p := replay.Plan{Target: s.URL, Users: 2, Sessions: 3}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, customer(), p)}))
	if target.in != 12 || target.out != 6 || len(target.orders) != 6 || sum.Failed+sum.Skipped > 0 {
		t.Errorf("let in %d times, asked %d times, %d orders; want 12, 6 and 6. %d failed: %+v", target.in, target.out, len(target.orders), sum.Failed, sum.Errors)
	}
}

func TestWhatCannotBeComputedIsNotSent(t *testing.T) {
	m := customer()
	m.Bindings[len(m.Bindings)-1].Sources[0].Selector = "header:Server"
	hits := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "no challenge")
		if r.Header.Get("Authorization") != "" {
			hits++
		}
		if r.Method == "GET" {
			w.WriteHeader(401)
		}
	}))
	defer s.Close()
	p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, m, p)}))
	if sum.Skipped != 2 || hits > 0 || sum.Errors[0].Value != "login" {
		t.Errorf("%d skipped, %d sent, errors %+v; want both answers to no challenge left out", sum.Skipped, hits, sum.Errors)
	}
}
