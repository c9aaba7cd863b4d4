package cmd

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/modelled"
	"github.com/starling-load/starling/replay/replaytest"
)

// A ledger takes only what its clients prove: who asks for a token shows what it hashed
// before; entries are signed with the key that came with the token, carry the time and an
// identifier that the client made, and are taken once; files carry a checksum. The token
// comes back in a cookie that a script of the client sets.
type ledger struct {
	mu         sync.Mutex
	challenges map[string]string // by code
	keys       map[string]string // by token
	seen       map[string]bool   // identifiers and keys of requests
	texts      map[string]string // by identifier
	files      int
	refused    []string
}

func newLedger() *ledger {
	return &ledger{challenges: map[string]string{}, keys: map[string]string{}, seen: map[string]bool{}, texts: map[string]string{}}
}

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	random := func() string { return fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64()) }
	refuse := func(why string) {
		l.refused = append(l.refused, r.Method+" "+r.URL.Path+": "+why)
		w.WriteHeader(http.StatusForbidden)
	}
	switch r.URL.Path {
	case "/authorize":
		code := random()
		l.challenges[code] = r.URL.Query().Get("code_challenge")
		http.Redirect(w, r, "/cb?code="+code, http.StatusFound)
		return
	case "/token":
		form, _ := url.ParseQuery(string(body))
		sum := sha256.Sum256([]byte(form.Get("code_verifier")))
		if want := l.challenges[form.Get("code")]; want == "" || base64.RawURLEncoding.EncodeToString(sum[:]) != want {
			refuse("the verifier does not fit")
			return
		}
		token, key := random(), random()
		l.keys[token] = key
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access":%q,"key":%q}`, token, key)
		return
	case "/files":
		if n := len(body) - 4; n < 0 || fmt.Sprintf("%08x", crc32.ChecksumIEEE(body[:n])) != hex.EncodeToString(body[n:]) {
			refuse("the file is damaged")
			return
		}
		l.files++
		return
	}
	cookie, err := r.Cookie("access")
	if err != nil || l.keys[cookie.Value] == "" {
		refuse("no token")
		return
	}
	l.entry(w, r, body, l.keys[cookie.Value], refuse)
}

// entry takes a new entry, or a change of one.
func (l *ledger) entry(w http.ResponseWriter, r *http.Request, body []byte, key string, refuse func(string)) {
	var e struct{ ID, At, Text string }
	if err := json.Unmarshal(body, &e); err != nil {
		refuse(err.Error())
		return
	}
	if r.Method == http.MethodPut {
		id := strings.TrimPrefix(r.URL.Path, "/entries/")
		if _, ok := l.texts[id]; !ok {
			refuse("an entry that nobody made")
			return
		}
		l.texts[id] = e.Text
		return
	}
	at, err := time.Parse("2006-01-02T15:04:05.000Z", e.At)
	request := r.Header.Get("Idempotency-Key")
	switch {
	case err != nil || time.Since(at).Abs() > time.Minute:
		refuse("the time " + e.At)
	case r.Header.Get("X-Signature") != "v1="+sign(key, e.At, string(body)):
		refuse("the signature")
	case l.seen[e.ID] || l.seen[request] || request == "":
		refuse("taken before")
	default:
		l.seen[e.ID], l.seen[request] = true, true
		l.texts[e.ID] = e.Text
		w.WriteHeader(http.StatusCreated)
	}
}

func sign(key, at, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(at + "." + body))
	return hex.EncodeToString(mac.Sum(nil))
}

// A bookkeeper is a client of a ledger whose exchanges are kept as flows.
type bookkeeper struct {
	t     *testing.T
	base  string
	conn  uint64
	flows *[]*flow.Flow
}

func (b *bookkeeper) do(method, target, body string, headers ...string) *flow.Response {
	b.t.Helper()
	q, err := http.NewRequest(method, b.base+target, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	f := &flow.Flow{Conn: b.conn, Scheme: "http", Protocol: "HTTP/1.1", Start: time.Now(),
		Request: flow.Request{Method: method, Target: target, Authority: q.Host, Body: flow.NewBody([]byte(body))}}
	for i := 0; i < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: headers[i], Value: headers[i+1]})
	}
	resp, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	f.FirstByte = time.Since(f.Start)
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	f.Done = time.Since(f.Start)
	f.Response = &flow.Response{Status: resp.StatusCode, Body: flow.NewBody(answer)}
	for _, name := range []string{"Content-Type", "Location"} {
		if v := resp.Header.Get(name); v != "" {
			f.Response.Headers = append(f.Response.Headers, flow.Header{Name: name, Value: v})
		}
	}
	*b.flows = append(*b.flows, f)
	return f.Response
}

// visit gets a token, makes two entries, changes both and sends a file.
func (b *bookkeeper) visit(user int, r *rand.Rand) {
	text := func(n int) string {
		raw := make([]byte, n)
		for i := range raw {
			raw[i] = byte(r.IntN(256))
		}
		return string(raw)
	}
	uuid := func() string {
		h := hex.EncodeToString([]byte(text(16)))
		return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
	}
	verifier := base64.RawURLEncoding.EncodeToString([]byte(text(32)))
	sum := sha256.Sum256([]byte(verifier))
	to := b.do("GET", "/authorize?code_challenge="+base64.RawURLEncoding.EncodeToString(sum[:])+"&method=S256", "").Headers.Value("Location")
	_, code, _ := strings.Cut(to, "code=")
	var token struct{ Access, Key string }
	answer := b.do("POST", "/token", "code="+code+"&code_verifier="+verifier, "Content-Type", "application/x-www-form-urlencoded")
	if err := json.Unmarshal(answer.Body.Data, &token); err != nil {
		b.t.Fatal(err)
	}
	for n := range 2 {
		id, at := uuid(), time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
		body := fmt.Sprintf(`{"id":%q,"at":%q,"text":"entry %d of user %d, IBAN DE%020d"}`, id, at, n, user, r.Int64N(1e18))
		b.do("POST", "/entries", body, "Content-Type", "application/json", "X-Signature", "v1="+sign(token.Key, at, body), "Idempotency-Key", uuid(), "Cookie", "access="+token.Access)
		b.do("PUT", "/entries/"+id, fmt.Sprintf(`{"text":"changed %d of user %d"}`, n, user), "Content-Type", "application/json", "Cookie", "access="+token.Access)
	}
	file := text(200)
	sums, err := hex.DecodeString(fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(file))))
	if err != nil {
		b.t.Fatal(err)
	}
	b.do("POST", "/files", file+string(sums), "Content-Type", "application/octet-stream")
}

// What clients make and compute is made and computed anew, and what they brought along is
// sent whole: the ledger of the replay holds what that of the recording holds, under names
// of its own.
func TestALedgerIsKeptAgain(t *testing.T) {
	recorded, live := newLedger(), newLedger()
	s, target := httptest.NewServer(recorded), httptest.NewServer(live)
	defer s.Close()
	defer target.Close()
	var flows []*flow.Flow
	random := rand.New(rand.NewPCG(1, 2))
	const users = 6
	for user := range users {
		(&bookkeeper{t, s.URL, uint64(user + 1), &flows}).visit(user, random)
	}
	if len(recorded.refused) > 0 {
		t.Fatalf("the recording was refused: %q", recorded.refused)
	}
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
	m, report, err := learn.Learn(sessions, learn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Unresolved) > 0 {
		t.Errorf("unresolved %+v, want none", report.Unresolved)
	}
	p := replay.Plan{Target: target.URL, Users: 2, Sessions: users / 2}
	src, err := modelled.New(m, p)
	if err != nil {
		t.Fatal(err)
	}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: src}))
	if len(live.refused) > 0 || sum.Failed+sum.Skipped > 0 {
		t.Errorf("refused %q, %d failed, %d skipped: %+v", live.refused, sum.Failed, sum.Skipped, sum.Errors)
	}
	if live.files != recorded.files {
		t.Errorf("%d files, want %d", live.files, recorded.files)
	}
	texts := func(l *ledger) (list []string) {
		for id, text := range l.texts {
			if l == live && recorded.texts[id] != "" {
				t.Errorf("the entry %s has the name that it had in the recording", id)
			}
			list = append(list, text)
		}
		slices.Sort(list)
		return list
	}
	if diff := cmp.Diff(texts(recorded), texts(live)); diff != "" {
		t.Errorf("the ledgers differ (-recorded +replayed)\n%s", diff)
	}
}
