package session_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/starling-load/starling/fixtures/crowd"
	"github.com/starling-load/starling/fixtures/shop"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/program"
	"github.com/starling-load/starling/record/proxy"
)

// label is the header field in which each client says who it is. The recordings lack
// it: it is the truth that the sessions are compared with.
const label = "X-Truth"

// A tape is a recording in memory, with the truth about it.
type tape struct {
	mu    sync.Mutex
	flows []*flow.Flow
	who   map[*flow.Flow]string
	kept  []*flow.Conn
	watch *program.Watch
	every bool // all hosts count
}

func (t *tape) Conn(c *flow.Conn) { t.mu.Lock(); t.kept = append(t.kept, c); t.mu.Unlock() }
func (t *tape) Loss(*flow.Loss)   {}

func (t *tape) Flow(f *flow.Flow) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.Number = uint64(len(t.flows))
	t.flows = append(t.flows, f)
	t.who[f] = f.Request.Headers.Value(label)
	t.drop(f, label)
}

// drop removes header fields from a flow.
func (t *tape) drop(f *flow.Flow, names ...string) {
	clean := func(h flow.Headers) (out flow.Headers) {
		for _, x := range h {
			keep := true
			for _, n := range names {
				keep = keep && !strings.EqualFold(n, x.Name)
			}
			if keep {
				out = append(out, x)
			}
		}
		return out
	}
	f.Request.Headers = clean(f.Request.Headers)
	if f.Response != nil {
		f.Response.Headers = clean(f.Response.Headers)
	}
}

// judge splits the recording and returns the adjusted Rand index of the users that were
// found: 1 is the truth, 0 is what chance would find. named is the index of those users
// alone who have a cookie or a token.
func (t *tape) judge(tb testing.TB) (ari, named float64, r session.Report) {
	tb.Helper()
	var conns session.Conns
	for _, c := range t.kept {
		if t.watch != nil {
			c.Process = t.watch.Of(c)
		}
		conns.Add(c)
	}
	sessions, err := session.Split(func(yield func(*flow.Flow, error) bool) {
		for _, f := range t.flows {
			if !yield(f, nil) {
				return
			}
		}
	}, session.Options{Conns: &conns, Report: &r, Every: t.every})
	if err != nil {
		tb.Fatal(err)
	}
	shows := map[string]bool{}
	for _, f := range t.flows {
		h := f.Request.Headers
		if h.Has("Cookie") || h.Has("Authorization") || f.Response != nil && f.Response.Headers.Has("Set-Cookie") {
			shows[t.who[f]] = true
		}
	}
	var all, some [][2]string
	owner, user := map[string]string{}, map[string]string{} // of what one shows, and the one who was found
	for _, f := range t.flows {
		if own, who := shown(f), t.who[f]; owner[own] == "" {
			owner[own] = who
		} else if owner[own] != who {
			owner[own] = "several"
		}
	}
	for _, s := range sessions {
		for _, f := range s.Flows {
			who := t.who[f]
			if who == "" {
				tb.Fatalf("a flow without its truth: %s", f.Request.Target)
			}
			all = append(all, [2]string{s.User, who})
			if own := shown(f); own != "" && owner[own] == who {
				if old, known := user[own]; known && old != s.User {
					tb.Errorf("%s and %s are one user, who shows the same", old, s.User)
				}
				user[own] = s.User
			}
			if shows[who] {
				some = append(some, [2]string{s.User, who})
			}
		}
	}
	ari, named = randIndex(all), randIndex(some)
	tb.Logf("%d flows on %d connections, %d users found, adjusted Rand index %.4f, of those with cookies and tokens %.4f\n%s",
		len(all), r.ByConn, r.Users, ari, named, strings.Join(r.Lines(), "\n"))
	return ari, named, r
}

// shown is what a request shows of who sends it.
func shown(f *flow.Flow) string {
	return f.Request.Headers.Value("Cookie") + f.Request.Headers.Value("Authorization")
}

// randIndex is the adjusted Rand index of pairs of found and true names (Hubert and
// Arabie 1985).
func randIndex(pairs [][2]string) float64 {
	both, found, truth := map[[2]string]float64{}, map[string]float64{}, map[string]float64{}
	for _, p := range pairs {
		both[p]++
		found[p[0]]++
		truth[p[1]]++
	}
	index, a, b, n := 0.0, 0.0, 0.0, float64(len(pairs))
	for _, k := range both {
		index += k * (k - 1) / 2
	}
	for _, k := range found {
		a += k * (k - 1) / 2
	}
	for _, k := range truth {
		b += k * (k - 1) / 2
	}
	expected, most := a*b/(n*(n-1)/2), (a+b)/2
	if n < 2 || most == expected {
		return 1
	}
	return (index - expected) / (most - expected)
}

// want checks the index.
func (t *tape) want(tb testing.TB, least, leastNamed float64) session.Report {
	tb.Helper()
	ari, named, r := t.judge(tb)
	if !(ari >= least) || !(named >= leastNamed) {
		tb.Errorf("adjusted Rand index %.4f, of those with cookies and tokens %.4f; want at least %.2f and %.2f", ari, named, least, leastNamed)
	}
	return r
}

// serve runs a server until the test ends or stop is called.
func serve(tb testing.TB, run func(context.Context, net.Listener) error) (at *url.URL, stop func()) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx, l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Errorf("server: %v", err)
		}
	})
	tb.Cleanup(stop)
	return &url.URL{Scheme: "http", Host: l.Addr().String()}, stop
}

// recorder is a recording proxy in front of a server.
func recorder(tb testing.TB, upstream *url.URL) (t *tape, at *url.URL, stop func()) {
	tb.Helper()
	t = &tape{who: map[*flow.Flow]string{}, watch: program.New()}
	tb.Cleanup(t.watch.Close)
	p, err := proxy.New(proxy.Options{Sink: t, Opened: t.watch.Opened, Upstream: upstream})
	if err != nil {
		tb.Fatal(err)
	}
	at, stop = serve(tb, p.Serve)
	return t, at, stop
}

// nginx is a real proxy that sends what comes over many connections over few of its
// own. forward says that it names the clients.
func nginx(tb testing.TB, upstream *url.URL, forward bool) *url.URL {
	tb.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			tb.Skip("nginx is not installed")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	dir, fields := tb.TempDir(), ""
	if forward {
		fields = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
	}
	config := fmt.Sprintf(`daemon off; pid %[1]s/pid; error_log stderr error; worker_processes 1; events { worker_connections 1024; }
http { access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
 map $http_upgrade $onward { default upgrade; '' ''; }
 upstream app { server %[2]s; keepalive 8; }
 server { listen %[3]s; location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Host $http_host; %[4]s
  proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $onward; } } }`, dir, upstream.Host, at, fields)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(path, "-p", dir, "-c", file, "-e", "stderr")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	for range 200 {
		if c, err := net.Dial("tcp", at); err == nil {
			c.Close()
			return &url.URL{Scheme: "http", Host: at}
		}
		time.Sleep(10 * time.Millisecond)
	}
	tb.Fatal("nginx does not listen")
	return nil
}

// shopping sends a crowd to the shop and returns what was recorded. way leads from the
// recorder to where the crowd goes in; nil is the recorder itself.
func shopping(t *testing.T, header func(i int) http.Header, way func(*url.URL) *url.URL) *tape {
	t.Helper()
	s, err := shop.New(shop.Options{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	target, _ := serve(t, s.Serve)
	kept, at, stop := recorder(t, target)
	if way != nil {
		at = way(at)
	}
	o := crowd.Options{Base: at, Seed: 11, ThinkScale: 0.3, Span: 4 * time.Second, Header: func(i int) http.Header {
		h := http.Header{label: {strconv.Itoa(i)}}
		if header != nil {
			for k, v := range header(i) {
				h[k] = v
			}
		}
		return h
	}}
	for _, a := range shop.Accounts(5, 40) {
		o.Accounts = append(o.Accounts, crowd.Account(a))
	}
	report, err := crowd.Run(t.Context(), o)
	if err != nil || len(report.Errors) > 0 {
		t.Fatalf("crowd: %v, %v", err, report.Errors)
	}
	stop()
	return kept
}

func TestUsersWithCookiesAndTokensAreFound(t *testing.T) {
	t.Parallel()
	shopping(t, nil, nil).want(t, 0.95, 0.99) // 16 have neither
}

func TestUsersWithCookiesAndTokensAreFoundBehindAPoolOfConnections(t *testing.T) {
	t.Parallel()
	speak := func(i int) http.Header { return http.Header{"Accept-Language": {languages[i%len(languages)]}} }
	r := shopping(t, speak, func(to *url.URL) *url.URL { return nginx(t, to, false) }).want(t, 0.80, 0.99) // 16 have neither
	if r.Pooled == 0 {
		t.Error("no connection of the pool was seen to be shared")
	}
}

func TestUsersBehindAPoolAreFoundByForwardedAddress(t *testing.T) {
	t.Parallel()
	kept := shopping(t, func(i int) http.Header {
		return http.Header{"X-Forwarded-For": {fmt.Sprintf("198.51.100.%d", i+1)}}
	}, func(to *url.URL) *url.URL { return nginx(t, to, true) })
	for _, f := range kept.flows {
		kept.drop(f, "Cookie", "Set-Cookie", "Authorization")
	}
	kept.want(t, 0.99, 0)
}

// A library is a site that is only read: pages with links, styles and pictures.
func library(tb testing.TB) *url.URL {
	tb.Helper()
	const pages = 40
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Millisecond)
		if !strings.HasPrefix(r.URL.Path, "/page/") && r.URL.Path != "/" {
			w.Header().Set("Content-Type", "image/png")
			w.Header().Set("Cache-Control", "max-age=3600")
			fmt.Fprint(w, "picture")
			return
		}
		n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/page/"))
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<html><title>%d</title><link rel=stylesheet href=/style.css>`, n)
		for k := range 5 {
			fmt.Fprintf(w, `<img src="/img/%d-%d.png"><a href="/page/%d">on</a>`, n, k, (n*7+k*3+1)%pages)
		}
	}))
	tb.Cleanup(s.Close)
	u, _ := url.Parse(s.URL)
	return u
}

// A reader is a browser without cookies. It loads a page, then its pictures over up to
// six connections, and follows links.
type reader struct {
	client *http.Client
	agent  string
	header http.Header
	random *rand.Rand
	seen   map[string]bool
	silent bool // it does not say where it comes from
	typed  bool // its user types addresses, after its connections were closed
}

func (b *reader) get(ctx context.Context, at, from string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	for k, v := range b.header {
		r.Header[k] = v
	}
	r.Header.Set("User-Agent", b.agent)
	if from != "" && !b.silent {
		r.Header.Set("Referer", from)
	}
	response, err := b.client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	buf := make([]byte, 4096)
	for {
		if _, err := response.Body.Read(buf); err != nil {
			return nil
		}
	}
}

func (b *reader) read(ctx context.Context, base string, pages int) error {
	n, from := 0, ""
	for range pages {
		at := base + "/page/" + strconv.Itoa(n)
		if b.typed && b.random.IntN(3) == 0 {
			b.client.CloseIdleConnections()
			from = ""
		}
		if err := b.get(ctx, at, from); err != nil {
			return err
		}
		var all sync.WaitGroup
		for k := range 6 {
			asset := fmt.Sprintf("%s/img/%d-%d.png", base, n, k)
			if k == 5 {
				asset = base + "/style.css"
			}
			if !b.seen[asset] {
				b.seen[asset] = true
				all.Go(func() { _ = b.get(ctx, asset, at) })
			}
		}
		all.Wait()
		time.Sleep(time.Duration(30+b.random.IntN(200)) * time.Millisecond)
		n, from = (n*7+b.random.IntN(5)*3+1)%40, at
	}
	return nil
}

var languages = []string{"en-GB,en;q=0.7", "de", "pt-BR,pt;q=0.9", "ja", "fr,en;q=0.5"}

var agents = []string{"Firefox/128.0", "Chrome/126.0", "Safari/17.5", "Chrome/126.0 Mobile"}

// reading sends readers to the library. keep is false for browsers that open a
// connection for each request.
func reading(t *testing.T, header func(i int) http.Header, keep bool, way func(*testing.T, *url.URL) *url.URL, habit func(*reader)) *tape {
	t.Helper()
	kept, at, stop := recorder(t, library(t))
	if way != nil {
		at = way(t, at)
	}
	var all sync.WaitGroup
	for i := range 24 {
		random := rand.New(rand.NewPCG(3, uint64(i)))
		transport := &http.Transport{MaxConnsPerHost: 6, MaxIdleConnsPerHost: 6, DisableKeepAlives: !keep}
		b := &reader{client: &http.Client{Transport: transport}, agent: agents[random.IntN(len(agents))], random: random, seen: map[string]bool{},
			header: http.Header{label: {strconv.Itoa(i)}, "Accept-Language": {languages[random.IntN(len(languages))]}}}
		if header != nil {
			for k, v := range header(i) {
				b.header[k] = v
			}
		}
		if habit != nil {
			habit(b)
		}
		all.Go(func() {
			defer transport.CloseIdleConnections()
			time.Sleep(time.Duration(random.IntN(1500)) * time.Millisecond)
			if err := b.read(t.Context(), at.String(), 3+random.IntN(6)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	stop()
	return kept
}

// readerOf is the environment variable that makes the test program a reader of that site.
const readerOf = "STARLING_TEST_READER"

func TestMain(m *testing.M) {
	site, seed, is := strings.Cut(os.Getenv(readerOf), " ")
	if !is {
		os.Exit(m.Run())
	}
	random := rand.New(rand.NewPCG(5, uint64(len(seed))))
	transport := &http.Transport{MaxConnsPerHost: 6, MaxIdleConnsPerHost: 6}
	b := &reader{client: &http.Client{Transport: transport}, agent: "Reader/1", random: random, seen: map[string]bool{}, silent: true, typed: true, header: http.Header{label: {seed}}}
	if err := b.read(context.Background(), site, 3+random.IntN(5)); err != nil {
		panic(err)
	}
}

// Nothing in what these readers send tells them apart: they do not say where they come
// from, and often begin with new connections.
func TestReadersAreFoundByTheirProcesses(t *testing.T) {
	t.Parallel()
	kept, at, stop := recorder(t, library(t))
	if kept.watch == nil {
		t.Skip("this system does not tell who opened a connection")
	}
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), readerOf+"="+at.String()+" "+strings.Repeat("x", i+1))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	stop()
	for _, c := range kept.kept {
		if kept.watch.Of(c) == 0 {
			t.Skip("this machine is so busy that not all connections were looked up")
		}
	}
	if r := kept.want(t, 1, 0); r.Rests["process"] != 6 {
		t.Errorf("the users rest on %v, want 6 on their processes", r.Rests)
	}
}

func TestReadersWithoutCookiesAreFound(t *testing.T) {
	forwarded := func(users int) func(i int) http.Header {
		return func(i int) http.Header {
			return http.Header{"X-Forwarded-For": {fmt.Sprintf("203.0.113.%d", i/users+1)}}
		}
	}
	pool := func(t *testing.T, to *url.URL) *url.URL { return nginx(t, to, true) }
	for _, c := range []struct {
		name   string
		header func(i int) http.Header
		keep   bool
		way    func(*testing.T, *url.URL) *url.URL
		habit  func(*reader)
		least  float64
	}{
		{"on six connections each, all from one address", nil, true, nil, nil, 0.90},
		{"on a connection for each request, all from one address", nil, false, nil, nil, 0.90},
		{"who also type addresses, on six connections that do not last", nil, true, nil, func(b *reader) { b.typed = true }, 0.80},
		{"who do not say where they come from, on six connections each", nil, true, nil, func(b *reader) { b.silent = true }, 0.90},
		{"behind a pool that does not name them", nil, true, func(t *testing.T, to *url.URL) *url.URL { return nginx(t, to, false) }, nil, 0.90},
		{"behind a pool that names them", forwarded(1), true, pool, nil, 0.90},
		{"behind a pool that names their networks of four", forwarded(4), true, pool, nil, 0.90},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			reading(t, c.header, c.keep, c.way, c.habit).want(t, c.least, 0)
		})
	}
}
