package proxy

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/starling-load/starling/record/flow"
)

func TestWhatNamesTheUpstreamNamesTheFacade(t *testing.T) {
	for _, c := range []struct{ upstream, field, value, want, unknown string }{ // unknown: for a client without Host
		{"http://app.test:9000", "Location", "http://app.test:9000/a?b#c", "https://front.test/a?b#c", "/a?b#c"},
		{"http://app.test:9000", "Location", "HTTP://App.Test:9000/a", "https://front.test/a", "/a"},
		{"http://app.test:9000", "Location", " http://app.test:9000", "https://front.test/", "/"},
		{"http://app.test:9000", "Location", "//app.test:9000?x", "https://front.test/?x", "/?x"},
		{"http://app.test:9000", "Location", "https://app.test:9000/a", "https://front.test/a", "/a"},
		{"http://app.test:9000", "Location", "http://ann@app.test:9000/a", "https://front.test/a", "/a"},
		{"http://app.test:9000", "Location", "http://app.test:9000//evil.test/", "https://front.test//evil.test/", "/.//evil.test/"},
		{"http://app.test:9000", "Location", `http://app.test:9000/\evil.test/`, `https://front.test/\evil.test/`, `/./\evil.test/`},
		{"http://app.test:9000", "Location", "http://app.test:9000.evil.test/", "", ""},
		{"http://app.test:9000", "Location", "http://app.test/a", "", ""},
		{"http://app.test:9000", "Location", "http://app.test:9001/", "", ""},
		{"http://app.test:9000", "Location", "http://else.test:9000/?u=http://app.test:9000/", "", ""},
		{"http://app.test:9000", "Location", "/a?u=http://app.test:9000/", "", ""},
		{"http://app.test:9000", "Location", "myapp://app.test:9000/", "", ""},
		{"http://app.test:9000", "Location", "", "", ""},
		{"http://app.test", "Location", "http://app.test/a", "https://front.test/a", "/a"},
		{"http://app.test", "location", "http://app.test:80/a", "https://front.test/a", "/a"},
		{"http://app.test", "Location", "https://app.test/a", "", ""}, // the upstream wants TLS: that is another port
		{"https://app.test", "Location", "https://app.test/a", "https://front.test/a", "/a"},
		{"h2c://app.test:9000", "Location", "http://app.test:9000/a", "https://front.test/a", "/a"},
		{"http://app.test", "Location", "http://front.test/a", "https://front.test/a", ""}, // as the upstream takes its client to be
		{"https://app.test", "Location", "http://front.test/a", "", ""},
		{"http://127.0.0.1:9000", "Location", "http://localhost:9000/a", "https://front.test/a", "/a"},
		{"http://localhost:9000", "Location", "http://[::1]:9000/a", "https://front.test/a", "/a"},
		{"http://127.0.0.1:9000", "Location", "http://localhost:9001/a", "", ""},
		{"http://app.test:9000", "Content-Location", "http://app.test:9000/a", "https://front.test/a", "/a"},
		{"http://app.test:9000", "Refresh", "5; URL='http://app.test:9000/a'", "5; URL='https://front.test/a'", "5; URL='/a'"},
		{"http://app.test:9000", "Refresh", "5", "", ""},
		{"http://app.test:9000", "Link", `<http://app.test:9000/a>; rel="next", </b>; rel=preload, <http://app.test:9000/c>; title="<"`,
			`<https://front.test/a>; rel="next", </b>; rel=preload, <https://front.test/c>; title="<"`, `</a>; rel="next", </b>; rel=preload, </c>; title="<"`},
		{"http://app.test:9000", "X-Other", "http://app.test:9000/a", "", ""},
		{"http://app.test:9000", "Set-Cookie", "sid=1; Domain=app.test; Path=/; HttpOnly", "sid=1; Path=/; HttpOnly", "sid=1; Path=/; HttpOnly"},
		{"http://www.app.test:9000", "Set-Cookie", "sid=1; path=/; domain=.app.test", "sid=1; path=/", "sid=1; path=/"},
		{"http://app.test:9000", "Set-Cookie", "domain=1; Path=/", "", ""},
		{"http://app.test:9000", "Set-Cookie", "sid=1; Domain=else.test", "", ""},
		{"http://app.test:9000", "Set-Cookie", "sid=1; Domain=www.app.test", "", ""},
		{"http://127.0.0.1:9000", "Set-Cookie", "sid=1; Domain=localhost", "sid=1", "sid=1"},
		{"http://app.test:9000", "Set-Cookie", "sid=1; Domain=front.test", "", ""},
		{"http://app.front.test:9000", "Set-Cookie", "sid=1; Domain=front.test", "", "sid=1"}, // both are in it
	} {
		want, unknown := c.want, c.unknown
		if want == "" {
			want = c.value
		}
		if unknown == "" {
			unknown = c.value
		}
		f := facade{upstream: mustParse(t, c.upstream), scheme: "https", host: "front.test"}
		if got := f.value(c.field, c.value); got != want {
			t.Errorf("%s says %s: %q\ngot  %q\nwant %q", c.upstream, c.field, c.value, got, want)
		}
		if got := f.recorded(true).value(c.field, c.value); got != unknown {
			t.Errorf("%s says %s: %q, to nobody\ngot  %q\nwant %q", c.upstream, c.field, c.value, got, unknown)
		}
	}
}

// stubborn is an application that was told its own address and uses nothing else.
func stubborn(own *atomic.Value) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		own, _ := own.Load().(string)
		host, _, _ := strings.Cut(own, ":")
		switch r.URL.Path {
		case "/":
			w.Header().Set("Location", "http://"+own+"/home")
			w.Header().Add("Link", "<http://"+own+"/style.css>; rel=preload")
			http.SetCookie(w, &http.Cookie{Name: "other", Value: "1"})
			w.Header().Add("Set-Cookie", "sid=secret; Domain="+host+"; Path=/")
			w.WriteHeader(http.StatusFound)
		case "/home":
			w.Header().Set("Refresh", "0; url=http://"+own+"/last")
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: "home"})
		case "/last":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, "<p>%s</p><p>asked as %s</p><a href='http://%s/next'>next</a>", r.Header.Get("Cookie"), r.Host, own)
		}
	}
}

func TestAClientStaysWithAReverseProxy(t *testing.T) {
	for _, p := range paths {
		if !p.reverse {
			continue
		}
		for _, upstreamHost := range []bool{false, true} {
			t.Run(fmt.Sprint(p.name, upstreamHost), func(t *testing.T) {
				var own atomic.Value
				r := p.open(t, stubborn(&own), Options{UpstreamHost: upstreamHost})
				own.Store(strings.Replace(r.origin.Listener.Addr().String(), "127.0.0.1", "localhost", 1))
				r.client.CheckRedirect = nil
				r.client.Jar, _ = cookiejar.New(nil)
				resp, _ := r.get(t, request(t, "GET", r.base+"/", nil))
				if got := resp.Request.URL.String(); got != r.base+"/home" {
					t.Errorf("the client is at %s, want %s/home", got, r.base)
				}
				next, ok := strings.CutPrefix(resp.Header.Get("Refresh"), "0; url=")
				if !ok || next != r.base+"/last" {
					t.Fatalf("the client is to go to %s", resp.Header.Get("Refresh"))
				}
				if _, page := r.get(t, request(t, "GET", next, nil)); !strings.Contains(page, "sid=secret") || !strings.Contains(page, "seen=home") {
					t.Errorf("the client lost its session: %s", page)
				}
				first := r.sink.next(t).Response.Headers
				base := r.base // as flows of the client's Host show it
				if upstreamHost {
					base = ""
				}
				if got, want := first.Value("Location")+first.Value("Link"), base+"/home<"+base+"/style.css>; rel=preload"; got != want {
					t.Errorf("recorded %q, want %q", got, want)
				}
				if got := strings.Join(first.Values("Set-Cookie"), ", "); got != "other=1, sid=secret; Path=/" {
					t.Errorf("recorded cookies %q", got)
				}
				r.sink.next(t)
				r.sink.next(t)
				if past := r.p.Counts().Past; past != (Past{Pages: 1}) || !strings.Contains(r.log.String(), "set the application's own address") {
					t.Errorf("noticed %+v, told %s", past, r.log)
				}
			})
		}
	}
}

func TestABrowserStaysWithAReverseProxy(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is missing (Debian package chromium)")
	}
	var upstream atomic.Value
	r := paths[1].open(t, stubborn(&upstream), Options{})
	upstream.Store(r.origin.Listener.Addr().String())
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	home := t.TempDir()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir="+home, "--virtual-time-budget=5000", "--dump-dom",
		strings.Replace(r.base, "127.0.0.1", "localhost", 1)+"/")
	cmd.Env = append(cmd.Environ(), "HOME="+home, "TMPDIR="+home)
	cmd.WaitDelay = time.Second
	page, err := cmd.Output()
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	own := strings.Replace(r.addr, "127.0.0.1", "localhost", 1)
	if text := string(page); !strings.Contains(text, "sid=secret") || !strings.Contains(text, "asked as "+own) {
		t.Errorf("the browser shows %s", text)
	}
	seen := map[string]bool{}
	for len(seen) < 3 { // it asks for an icon and a style too
		f := r.sink.next(t)
		if p := f.Request.Path(); p == "/" || p == "/home" || p == "/last" {
			seen[p] = true
			if f.Request.Authority != own {
				t.Errorf("%s recorded for %s", p, f.Request.Authority)
			}
		}
	}
}

func TestWhatLeadsPastTheProxyIsNoticed(t *testing.T) {
	packed := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		io.WriteString(z, text)
		z.Close()
		return b.String()
	}
	for _, c := range []struct {
		name, kind, coding, body, cookie, referer, host string // UP is the upstream, PROXY the recorder
		want                                            Past
	}{
		{name: "a link", kind: "text/html", body: `<a href="http://UP/a">`, want: Past{Pages: 1}},
		{name: "a link in a script", kind: "text/html;charset=utf-8", body: `{"a":"http:\/\/UP\/a"}`, want: Past{Pages: 1}},
		{name: "a link without scheme", kind: "Text/HTML", body: `<img src=//UP/a>`, want: Past{Pages: 1}},
		{name: "a link in a compressed page", kind: "text/html", coding: "gzip", body: packed(`<a href='http://UP'>`), want: Past{Pages: 1}},
		{name: "a link to another port", kind: "text/html", body: `<a href="http://UP1/a">`},
		{name: "a link to the proxy", kind: "text/html", body: `<a href="http://PROXY/a">`},
		{name: "an address that is no link", kind: "text/html", body: `listens on UP`},
		{name: "a link in other text", kind: "text/plain", body: `http://UP/a`},
		{name: "a client that comes back", referer: "http://UP/a", want: Past{Clients: 1}},
		{name: "a client from elsewhere", referer: "http://else.test/?http://UP/a"},
		{name: "a cookie for elsewhere", cookie: "a=1; Domain=else.test", want: Past{Cookies: 1}},
		{name: "a cookie for TLS alone", cookie: "a=1; Secure", host: "front.test", want: Past{Cookies: 1}},
		{name: "a cookie for TLS alone, on this machine", cookie: "a=1; Secure"},
		{name: "a cookie for the client's host", cookie: "a=1; Domain=127.0.0.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var names atomic.Pointer[strings.Replacer]
			fill := func(s string) string { return names.Load().Replace(s) }
			r := paths[1].open(t, func(w http.ResponseWriter, _ *http.Request) {
				if c.kind != "" {
					w.Header().Set("Content-Type", c.kind)
				}
				body := fill(c.body)
				if c.coding != "" {
					w.Header().Set("Content-Encoding", c.coding)
					body = packed(fill("<a href='http://UP'>"))
				}
				if c.cookie != "" {
					w.Header().Set("Set-Cookie", c.cookie)
				}
				io.WriteString(w, body)
			}, Options{})
			names.Store(strings.NewReplacer("UP", r.origin.Listener.Addr().String(), "PROXY", r.addr))
			req := request(t, "GET", r.base+"/", nil)
			if c.host != "" {
				req.Host = c.host
			}
			if c.referer != "" {
				req.Header.Set("Referer", fill(c.referer))
			}
			r.get(t, req)
			r.sink.next(t)
			if got := r.p.Counts().Past; got != c.want {
				t.Errorf("noticed %+v, want %+v", got, c.want)
			}
			if told := strings.Contains(r.log.String(), "WARN"); told != (c.want != Past{}) {
				t.Errorf("told: %s", r.log)
			}
		})
	}
}

func TestTheUpstreamSeesClientsOfItsOwn(t *testing.T) {
	r := paths[1].open(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Host, " ", r.Header.Get("Origin"), " ", r.Header.Get("Referer"))
	}, Options{UpstreamHost: true})
	own := r.origin.Listener.Addr().String()
	for origin, want := range map[string]string{r.base: own + " http://" + own + " http://" + own + "/page?x", "http://else.test": own + " http://else.test http://else.test/page?x"} {
		if _, got := r.get(t, request(t, "POST", r.base+"/", nil, "Origin", origin, "Referer", origin+"/page?x")); got != want {
			t.Errorf("the upstream saw %q, want %q", got, want)
		}
		if f := r.sink.next(t); f.Request.Headers.Value("Origin") != origin {
			t.Errorf("recorded with origin %q", f.Request.Headers.Value("Origin"))
		}
	}
}

func TestALinkByTheSchemeOfTheUpstreamLeadsAway(t *testing.T) {
	f := facade{upstream: mustParse(t, "https://app.test"), scheme: "http", host: "front.test:8080"}
	for page, want := range map[string]bool{
		`<a href="https://front.test:8080/a">`:    true,
		`{"a":"https:\/\/front.test:8080\/a"}`:    true,
		`<a href="http://front.test:8080/a">`:     false,
		`<a href="//front.test:8080/a">`:          false,
		`<a href="https://front.test/a">`:         false,
		`<a href="https://app.test/a">`:           true,
		`<a href="//app.test/a"> and front.test`:  true,
		`<a href="https://app.test.evil.test/a">`: false,
	} {
		answer := &flow.Response{Headers: flow.Headers{{Name: "Content-Type", Value: "text/html"}}, Body: flow.NewBody([]byte(page))}
		if got := f.linksPast(&Proxy{}, &flow.Flow{Response: answer}); got != want {
			t.Errorf("%s: %t", page, got)
		}
	}
}
