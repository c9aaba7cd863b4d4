package run

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/replay"
)

// A vault is an API whose tokens are good for some requests. The key of a user gets a new
// one, and itself is good once.
type vault struct {
	uses    int // of a token
	mu      sync.Mutex
	issued  int
	left    map[string]int // uses, by token
	keys    map[string]bool
	refused int
	renewed int
	bad     int // keys that are not good
	orders  []string
}

func newVault(uses, issued int) *vault {
	return &vault{uses: uses, issued: issued, left: map[string]int{}, keys: map[string]bool{}}
}

// pass issues a token and a key.
func (v *vault) pass(w http.ResponseWriter) {
	v.issued++
	token, key := fmt.Sprintf("tk%016x", v.issued*0x9e3779b97f4a7c1), fmt.Sprintf("key%016x", v.issued*0x5851f42d4c957f2)
	v.left[token], v.keys[key] = v.uses, true
	fmt.Fprintf(w, `{"access":%q,"renew":%q}`, token, key)
}

func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	var body map[string]string
	_ = json.NewDecoder(r.Body).Decode(&body)
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case r.URL.Path == "/login":
		http.SetCookie(w, &http.Cookie{Name: "device", Value: fmt.Sprintf("d%016x", (v.issued+1)*0x6a09e667f3bcc9)})
		v.pass(w)
	case r.URL.Path == "/renew" && v.keys[body["renew"]]:
		v.renewed++
		delete(v.keys, body["renew"])
		v.pass(w)
	case r.URL.Path == "/renew":
		v.bad++
		w.WriteHeader(http.StatusForbidden)
	case v.left[token] == 0:
		v.refused++
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":"token"}`))
	case r.Method == "POST":
		v.left[token]--
		v.orders = append(v.orders, body["item"])
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"item":%q}`, body["item"])
	default:
		v.left[token]--
		_, _ = w.Write([]byte(`{"list":[1,2]}`))
	}
}

// A client of the vault renews its token whenever that is refused.
func useVault(g *guest, i int) {
	var pass struct{ Access, Renew string }
	login := func(answer string) {
		if err := json.Unmarshal([]byte(answer), &pass); err != nil {
			g.t.Fatal(err)
		}
		g.bearer = pass.Access
	}
	call := func(method, target, body string) {
		kind := ""
		if body != "" {
			kind = "application/json"
		}
		g.do(method, target, kind, body)
		if (*g.flows)[len(*g.flows)-1].Response.Status == http.StatusUnauthorized {
			g.bearer = ""
			login(g.do("POST", "/renew", "application/json", fmt.Sprintf(`{"renew":%q}`, pass.Renew)))
			g.do(method, target, kind, body)
		}
	}
	login(g.do("POST", "/login", "application/json", fmt.Sprintf(`{"user":"user%d"}`, i)))
	for k := range 3 + i%3 {
		call("GET", fmt.Sprintf("/list?page=%d", k), "")
	}
	call("POST", "/orders", fmt.Sprintf(`{"item":"item %d"}`, i))
	call("GET", "/list?page=0", "")
}

// A program that gets a new token when the old one is refused does so in a replay when it
// is refused there, and only then: at other requests than in the recording, or never.
func TestATokenIsRenewedWhereItIsRefused(t *testing.T) {
	const sessions = 12
	m := learned(t, newVault(3, 0), sessions, useVault)
	for _, uses := range []int{2, 3, 4, 1000} {
		for _, paths := range []replay.Paths{replay.RecordedPaths, replay.WalkPaths} {
			t.Run(fmt.Sprintf("%d uses, %s", uses, paths), func(t *testing.T) {
				v := newVault(uses, 5000)
				s := httptest.NewServer(v)
				defer s.Close()
				r, err := New(t.Context(), Job{Source: Source{Model: folderOf(t, m)}, Plan: replay.Plan{Target: s.URL, Users: 1, Sessions: sessions, Speed: 100, Paths: paths}}, Options{})
				if err != nil {
					t.Fatal(err)
				}
				sum, err := r.Play(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if v.bad > 0 || v.renewed != v.refused || uses == 1000 && v.renewed > 0 || uses < 4 && v.renewed == 0 {
					t.Errorf("%d requests refused, %d tokens renewed, %d bad keys", v.refused, v.renewed, v.bad)
				}
				if len(v.orders) != sessions || sum.SessionMatch != 1 {
					t.Errorf("%d orders, want %d; session match %v: %+v", len(v.orders), sessions, sum.SessionMatch, sum.Errors)
				}
				if paths == replay.RecordedPaths && sum.Faithful.Verdict != "faithful" {
					t.Errorf("%s: %q", sum.Faithful.Verdict, sum.Faithful.Reasons)
				}
			})
		}
	}
}
