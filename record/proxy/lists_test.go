package proxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/starling-load/starling/record/flow"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "x", false}, {"/a", "/a", true}, {"/a", "/a/", false}, {"*", "", true}, {"*", "anything", true},
		{"/api/*", "/api/", true}, {"/api/*", "/api", false}, {"/api/*", "/api/x/y", true}, {"*.css", "/a/b.css", true},
		{"*.css", "/a/b.css.map", false}, {"/a*/b*c", "/a1/b2c", true}, {"/a*/b*c", "/a1/c", false}, {"/a*/b*c", "/a/b/b/cc", true},
		{"a*a", "a", false}, {"a*a", "aa", true}, {"**x**", "axb", true}, {"*x*x", "xx", true}, {"*x*x", "x", false},
	} {
		if got := glob(c.pattern, c.text); got != c.want {
			t.Errorf("glob(%q, %q) = %v", c.pattern, c.text, got)
		}
	}
}

func TestHostPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no []string
	}{
		{"Shop.test", []string{"shop.test:80", "SHOP.test", "shop.test:9", "shop.test.:80"}, []string{"x.shop.test:80", "shop.test.x:80"}},
		{"api.test:8443", []string{"api.test:8443", "API.test:8443"}, []string{"api.test:443"}},
		{"*.example.org", []string{"a.example.org:80", "a.b.example.org:80"}, []string{"example.org:80", "badexample.org:80"}},
		{"*:8443", []string{"a.test:8443", "[::1]:8443"}, []string{"a.test:443", "[fe80::8443]:80"}},
		{"::1", []string{"[::1]:80", "::1"}, []string{"[::2]:80"}},
		{"[::1]", []string{"[::1]:80"}, []string{"[::11]:80"}},
		{"10.*", []string{"10.1.2.3:80"}, []string{"110.1.2.3:80"}},
	} {
		l := Lists{AllowHosts: []string{c.pattern}}.normal()
		for _, a := range c.yes {
			if !l.reach(a) {
				t.Errorf("%q is not for %q", c.pattern, a)
			}
		}
		for _, a := range c.no {
			if l.reach(a) {
				t.Errorf("%q is for %q", c.pattern, a)
			}
		}
	}
}

func TestPatternsThatMatchNothingAreRefused(t *testing.T) {
	for pattern, sound := range map[string]bool{
		"shop.test": true, "*": true, "*:8443": true, "::1": true, "[::1]": true, "[::1]:80": true, "[fe80::*]:80": true, "10.*": true, "a_b.test": true,
		"": false, "[ab].test": false, "[": false, "https://shop.test": false, "shop.test/": false, "a b": false, "{a,b}.test": false, "?.test": false, "käse.test": false, "a]": false,
	} {
		for _, l := range []Lists{{AllowHosts: []string{pattern}}, {Tunnel: []string{pattern}}, {SkipHosts: []string{pattern}}} {
			if err := l.validate(); (err == nil) != sound {
				t.Errorf("host pattern %q: %v", pattern, err)
			}
		}
	}
	for pattern, sound := range map[string]bool{"/": true, "/api/*": true, "*.png": true, "*": true, "": false, "api": false, "/a?b=1": false} {
		if err := (&Lists{RecordPaths: []string{pattern}}).validate(); (err == nil) != sound {
			t.Errorf("path pattern %q: %v", pattern, err)
		}
	}
}

func TestTheSecondListOfEachPairWins(t *testing.T) {
	l := Lists{
		AllowHosts: []string{"*.test"}, DenyHosts: []string{"bad.test"}, MITM: []string{"*.test"}, Tunnel: []string{"bad.test"},
		RecordHosts: []string{"*.test"}, SkipHosts: []string{"bad.test"}, RecordPaths: []string{"/api/*"}, SkipPaths: []string{"*.png"},
	}.normal()
	for host, want := range map[string]bool{"good.test:1": true, "bad.test:1": false, "other.org:1": false} {
		if l.reach(host) != want || l.open(host) != want || l.record("http", host, "/api/x") != want {
			t.Errorf("%s: reached %v, opened %v, recorded %v; want %v", host, l.reach(host), l.open(host), l.record("http", host, "/api/x"), want)
		}
	}
	for path, want := range map[string]bool{"/api/x": true, "/api/x.png": false, "/x": false} {
		if l.record("http", "good.test:1", path) != want {
			t.Errorf("%s recorded: %v", path, !want)
		}
	}
	var none Lists
	if !none.reach("any:1") || !none.open("any:1") || !none.record("http", "any:1", "/") {
		t.Error("empty lists exclude something")
	}
}

func TestHostsThatAreNotAllowedAreRefused(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer origin.Close()
	host := origin.Listener.Addr().String()
	r := start(t, Options{CA: testCA(t), Lists: Lists{AllowHosts: []string{"127.*"}, DenyHosts: []string{"127.0.0.2"}}})
	r.client = &http.Client{Transport: paths[0].transport(r)}
	if resp, _ := r.get(t, request(t, "GET", "http://"+host+"/", nil)); resp.StatusCode != 200 {
		t.Errorf("allowed host: %d", resp.StatusCode)
	}
	for _, other := range []string{"127.0.0.2:1", "other.test:1"} {
		resp, body := r.get(t, request(t, "GET", "http://"+other+"/", nil))
		if resp.StatusCode != 403 || !strings.HasPrefix(body, "starling: ") {
			t.Errorf("%s: %d %q", other, resp.StatusCode, body)
		}
		if _, err := connectTo(r.addr, other); err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("a tunnel to %s: %v", other, err)
		}
	}
	if n := r.p.Counts(); n.Refused != 4 || n.Flows != 1 {
		t.Errorf("counts %+v", n)
	}
}

func TestTunnelsAreOpenedAsTheListsSay(t *testing.T) {
	hello := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }
	for name, c := range map[string]struct {
		lists  Lists
		opened bool
	}{
		"all by default":           {Lists{}, true},
		"the host to open":         {Lists{MITM: []string{"127.0.0.1"}}, true},
		"another host to open":     {Lists{MITM: []string{"*.shop.test"}}, false},
		"the host to leave":        {Lists{Tunnel: []string{"127.*"}}, false},
		"the host in both lists":   {Lists{MITM: []string{"*"}, Tunnel: []string{"127.0.0.1"}}, false},
		"another host to leave":    {Lists{Tunnel: []string{"*.bank.test"}}, true},
		"the right port alone":     {Lists{Tunnel: []string{"*:1"}}, true},
		"all but those that leave": {Lists{MITM: []string{"*"}, Tunnel: []string{"*.bank.test"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := paths[3]
			r := p.open(t, hello, Options{Lists: c.lists})
			tr := r.client.Transport.(*http.Transport)
			if !c.opened { // the client must see the origin's own certificate
				tr.TLSClientConfig.RootCAs = r.p.o.UpstreamRoots
			}
			if _, body := r.get(t, request(t, "GET", r.base+"/", nil)); body != "hello" {
				t.Errorf("got %q", body)
			}
			tr.CloseIdleConnections()
			if err := r.stop(); err != nil {
				t.Error(err)
			}
			n := r.p.Counts()
			if opened := n.Flows == 1; opened != c.opened || n.Tunnels == 1 == opened || n.TunnelBytes > 0 == opened {
				t.Errorf("counts %+v, want opened %v", n, c.opened)
			}
			if l := r.sink.loss(flow.LossUnparsed); l.Bytes != 0 {
				t.Errorf("what was not to be read is declared as not understood: %+v", l)
			}
		})
	}
}

func TestWhatIsNotToBeRecordedPassesAndIsCounted(t *testing.T) {
	answer := strings.Repeat("x", 100_000)
	handler := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ws" {
			talk(websocket.CompressionDisabled)(w, r)
			return
		}
		got, _ := io.ReadAll(r.Body)
		w.Header().Set("Trailer", "X-Got")
		io.WriteString(w, answer)
		w.Header().Set("X-Got", string(got))
	}
	for _, p := range paths {
		t.Run(p.name, func(t *testing.T) {
			r := p.open(t, handler, Options{Lists: Lists{RecordPaths: []string{"/api/*"}, SkipPaths: []string{"*.png"}}})
			for _, path := range []string{"/", "/api/a.png", "/api/a?b", "/other?/api/"} {
				resp, body := r.get(t, request(t, "POST", r.base+path, strings.NewReader("asked")))
				if body != answer || resp.Trailer.Get("X-Got") != "asked" {
					t.Errorf("%s: %d bytes, trailers %v", path, len(body), resp.Trailer)
				}
			}
			left := uint64(3)
			if !p.h2 || p.tls {
				left++
				tr := p.transport(r)
				tr.ForceAttemptHTTP2 = false
				defer tr.CloseIdleConnections()
				c, _, err := websocket.Dial(t.Context(), r.base+"/ws", &websocket.DialOptions{HTTPClient: &http.Client{Transport: tr}})
				if err != nil {
					t.Fatal(err)
				}
				c.Write(t.Context(), websocket.MessageText, []byte("hi"))
				if _, b, err := c.Read(t.Context()); string(b) != "hihi" {
					t.Errorf("the socket said %q, %v", b, err)
				}
				c.Close(websocket.StatusNormalClosure, "")
			}
			if f := r.sink.next(t); f.Request.Target != "/api/a?b" {
				t.Errorf("recorded %s", f.Request.Target)
			}
			if err := r.stop(); err != nil {
				t.Error(err)
			}
			if n, l := r.p.Counts(), r.sink.loss(flow.LossFiltered); n.LeftOut != left || l.Flows != left || n.Flows != 1 || n.BodiesCut != 0 {
				t.Errorf("counts %+v, declared %+v; want %d left out", n, l, left)
			}
		})
	}
}

// picky is a Chooser that wants what is below /api.
type picky struct {
	*memory
	passed chan *flow.Flow
}

func (p *picky) Wants(f *flow.Flow) bool {
	if f.Conn == 0 || f.Start.IsZero() {
		panic("asked of a flow without connection or time")
	}
	return strings.HasPrefix(f.Request.Target, "/api")
}

func (p *picky) Pass(f *flow.Flow) { p.passed <- f }

func TestOfWhatTheSinkDoesNotWantNothingIsKept(t *testing.T) {
	answer := strings.Repeat("x", 100_000)
	handler := func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, answer)
	}
	for _, p := range paths {
		t.Run(p.name, func(t *testing.T) {
			sink := &picky{newMemory(), make(chan *flow.Flow, 1)}
			r := p.open(t, handler, Options{Sink: sink})
			for _, path := range []string{"/other", "/api"} {
				if _, body := r.get(t, request(t, "POST", r.base+path, strings.NewReader("asked"))); body != answer {
					t.Errorf("%s: %d bytes", path, len(body))
				}
			}
			f := <-sink.passed
			if q, a := f.Request.Body, f.Response.Body; f.Request.Target != "/other" || f.Response.Status != 200 || len(q.Data)+len(a.Data) > 0 || q.Size != 5 || a.Size != int64(len(answer)) {
				t.Errorf("passed: %s, bodies of %d of %d and %d of %d bytes", f.Request.Target, len(q.Data), q.Size, len(a.Data), a.Size)
			}
			if f := sink.next(t); f.Request.Target != "/api" || string(f.Request.Body.Data) != "asked" || string(f.Response.Body.Data) != answer {
				t.Errorf("recorded: %s with %d bytes", f.Request.Target, len(f.Response.Body.Data))
			}
			if n := r.p.Counts(); n.Flows != 1 || n.LeftOut != 0 || n.BodiesCut != 0 {
				t.Errorf("counts %+v", n)
			}
		})
	}
}
