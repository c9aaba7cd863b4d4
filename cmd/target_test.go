package cmd

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// A target is a server that behaves as asked by the path: /reset, /hang,
// /garbage, /endless, /half, /noise, /elsewhere?URL, /refuse, /need?WHAT=VALUE;
// any other path answers 200.
type target struct {
	server  *httptest.Server
	latency time.Duration
	gone    chan struct{} // closed at the end

	mu      sync.Mutex     // guards what follows
	conns   map[string]int // numbers of connections, by client address
	journal []string       // "CONNECTION METHOD TARGET BODY"
	denies  bool           // answers 403 from now on
}

func startTarget(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 1, 2, "target NAME [LATENCY]")
	t := newTarget()
	if len(args) == 2 {
		var err error
		t.latency, err = time.ParseDuration(args[1])
		ts.Check(err)
	}
	t.server = httptest.NewServer(t)
	t.enter(ts, args[0])
}

func newTarget() *target {
	return &target{gone: make(chan struct{}), conns: make(map[string]int)}
}

// enter makes a target known to the story by a name.
func (t *target) enter(ts *testscript.TestScript, name string) {
	storyOf(ts).targets[name] = t
	ts.Setenv(name, t.server.URL)
	_, host, _ := strings.Cut(t.server.URL, "://")
	ts.Setenv(name+"_HOST", host)
}

// close breaks the connections and refuses new ones. It may be called again.
func (t *target) close() {
	if isClosed(t.gone) {
		return
	}
	close(t.gone)
	t.server.Listener.Close()
	t.server.CloseClientConnections()
	t.server.Close()
}

func (t *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if t.note(r, string(body)) {
		http.Error(w, "go away, "+string(body), http.StatusForbidden)
		return
	}
	select {
	case <-time.After(t.latency):
	case <-t.gone:
		return
	}
	switch r.URL.Path {
	case "/reset":
		t.raw(w, func(c *net.TCPConn) { c.SetLinger(0) })
	case "/garbage":
		t.raw(w, func(c *net.TCPConn) { io.WriteString(c, "\x00\x01 220 mail.test ready\r\n\r\n") })
	case "/half":
		t.raw(w, func(c *net.TCPConn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") })
	case "/hang":
		select {
		case <-r.Context().Done():
		case <-t.gone:
		}
	case "/endless":
		for piece := strings.Repeat("never ends ", 400); !isClosed(t.gone) && r.Context().Err() == nil; {
			if _, err := io.WriteString(w, piece); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	case "/noise":
		w.Write(noise(r.RequestURI, 16<<10))
	case "/bomb":
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		bomb(w, 64<<20)
	case "/elsewhere":
		http.Redirect(w, r, r.URL.RawQuery, http.StatusFound)
	case "/need":
		need(w, r)
	case "/refuse":
		http.Error(w, "not today", http.StatusServiceUnavailable)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(w, "%s %s\n", r.Method, r.URL.Path)
	}
}

// bomb writes size bytes of JSON in gzip.
func bomb(w io.Writer, size int) {
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // errs on a bad level alone
	piece := []byte(strings.Repeat(`{"password":"hunter2-4711"},`, 40_000))
	for n := 0; n < size; n += len(piece) {
		z.Write(piece)
	}
	z.Close()
}

// noise is content that does not compress.
func noise(seed string, size int) []byte {
	data := make([]byte, size)
	rand.NewChaCha8(sha256.Sum256([]byte(seed))).Read(data)
	return data
}

// raw takes the connection over and closes it after use.
func (t *target) raw(w http.ResponseWriter, use func(*net.TCPConn)) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	use(c.(*net.TCPConn))
	c.Close()
}

// note writes the request into the journal and reports whether to deny it.
func (t *target) note(r *http.Request, body string) (deny bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	number, known := t.conns[r.RemoteAddr]
	if !known {
		number = len(t.conns) + 1
		t.conns[r.RemoteAddr] = number
	}
	t.journal = append(t.journal, fmt.Sprintf("%d %s %s %s", number, r.Method, r.RequestURI, body))
	return t.denies
}

func targetOf(ts *testscript.TestScript, name string) *target {
	t := storyOf(ts).targets[name]
	if t == nil {
		ts.Fatalf("no target %s", name)
	}
	return t
}

func closeTarget(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 1, 1, "close NAME")
	targetOf(ts, args[0]).close()
}

func denyAll(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 1, 1, "deny NAME")
	t := targetOf(ts, args[0])
	t.mu.Lock()
	defer t.mu.Unlock()
	t.denies = true
}

func awaitRequests(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "served NAME COUNT")
	t, count := targetOf(ts, args[0]), number(ts, args[1])
	until(ts, "requests to "+args[0], func() bool { return t.requests() >= count })
}

// requests is the number of requests since the last journal.
func (t *target) requests() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.journal)
}

func awaitMore(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "more NAME COUNT")
	t := targetOf(ts, args[0])
	want := t.requests() + number(ts, args[1])
	until(ts, "more requests to "+args[0], func() bool { return t.requests() >= want })
}

func awaitCalm(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "calm NAME SECONDS")
	t, seconds := targetOf(ts, args[0]), number(ts, args[1])
	last, since := t.requests(), time.Now()
	until(ts, "calm at "+args[0], func() bool {
		if n := t.requests(); n != last {
			last, since = n, time.Now()
		}
		return time.Since(since) >= time.Duration(seconds)*time.Second
	})
}

// writeJournal writes one line for each request since the last journal: as they
// came with the number of their connection, or sorted without.
func writeJournal(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 3, "journal NAME FILE [-sorted]")
	t := targetOf(ts, args[0])
	t.mu.Lock()
	lines := t.journal
	t.journal, t.conns = nil, make(map[string]int)
	t.mu.Unlock()
	if len(args) == 3 {
		for i, line := range lines {
			_, lines[i], _ = strings.Cut(line, " ")
		}
		slices.Sort(lines)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
}

func fetch(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 3, "fetch STATUS URL [PROXY]")
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	if len(args) == 3 {
		proxy, err := url.Parse(args[2])
		ts.Check(err)
		transport.Proxy = http.ProxyURL(proxy)
	}
	jar, err := cookiejar.New(nil)
	ts.Check(err)
	client := &http.Client{Transport: transport, Timeout: patience, Jar: jar}
	resp, err := client.Get(args[1])
	ts.Check(err)
	defer resp.Body.Close()
	_, err = io.Copy(ts.Stdout(), resp.Body)
	ts.Check(err)
	if strconv.Itoa(resp.StatusCode) != args[0] {
		ts.Fatalf("%s answers %s, want %s", args[1], resp.Status, args[0])
	}
}

func post(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "post STATUS URL")
	resp, err := http.Post(args[1], "", nil)
	ts.Check(err)
	defer resp.Body.Close()
	_, err = io.Copy(ts.Stdout(), resp.Body)
	ts.Check(err)
	if strconv.Itoa(resp.StatusCode) != args[0] {
		ts.Fatalf("%s answers %s, want %s", args[1], resp.Status, args[0])
	}
}

// poll asks until a counter of the JSON answer has a value.
func poll(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 3, 3, "poll URL NAME VALUE")
	want := number(ts, args[2])
	var got map[string]any
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		resp, err := http.Get(args[0])
		ts.Check(err)
		err = json.NewDecoder(resp.Body).Decode(&got)
		resp.Body.Close()
		ts.Check(err)
		if got[args[1]] == float64(want) {
			return
		}
	}
	ts.Fatalf("%s: %s is %v, want %d", args[0], args[1], got[args[1]], want)
}

func visit(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "visit URL COUNT")
	for i := range number(ts, args[1]) {
		resp, err := http.Get(fmt.Sprintf("%s?visit=%d", args[0], i))
		ts.Check(err)
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		ts.Check(err)
		if resp.StatusCode != http.StatusOK {
			ts.Fatalf("visit %d: %s answers %s", i, args[0], resp.Status)
		}
	}
}

// walk lets users of one connection each ask for /USER/PAGE, page after page.
func walk(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 3, 3, "walk URL USERS PAGES")
	users, pages := number(ts, args[1]), number(ts, args[2])
	clients := make([]*http.Client, users)
	for i := range clients {
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		clients[i] = &http.Client{Transport: transport, Timeout: patience}
	}
	for page := range pages {
		for user, client := range clients {
			resp, err := client.Get(fmt.Sprintf("%s/%d/%d", args[0], user, page))
			ts.Check(err)
			_, err = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			ts.Check(err)
		}
	}
}

// compareWalks checks that the connections of two journals, whatever their
// numbers, asked for the same in the same order.
func compareWalks(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "samewalks FILE FILE")
	var walks [2][]string
	for i, file := range args {
		byConn := make(map[string]string)
		for line := range strings.Lines(ts.ReadFile(file)) {
			conn, request, _ := strings.Cut(line, " ")
			byConn[conn] += request
		}
		walks[i] = slices.Sorted(maps.Values(byConn))
	}
	if diff := cmp.Diff(walks[0], walks[1]); diff != "" {
		ts.Fatalf("the connections of %s (-) and %s (+):\n%s", args[0], args[1], diff)
	}
}

func login(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 3, 3, "login URL USER PASSWORD")
	resp, err := http.PostForm(args[0]+"/login", url.Values{"user": {args[1]}, "password": {args[2]}})
	ts.Check(err)
	resp.Body.Close()
}
