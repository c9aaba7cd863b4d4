package netlog_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/starling-load/starling/record/convert/converttest"
	"github.com/starling-load/starling/record/flow"
)

const chromium = "/usr/bin/chromium"

// page fetches what the services have, talks to a socket and then says so in its title.
// It is loaded when the service that holds the picture back has heard that.
const page = `<html><head><title>begun</title></head><body><script>
async function all() {
  await fetch("/packed").then(r => r.text());
  await fetch("/old").then(r => r.text());
  await fetch("/save", {method: "POST", headers: {"Content-Type": "application/json"}, body: '{"pear":"two words"}'});
  await fetch("%[1]s/save", {method: "PUT", body: "over TLS"});
  await fetch("%[2]s/save", {method: "POST", body: "over h2"});
  await Promise.all([1, 2, 3].map(n => fetch("%[2]s/save?" + n, {method: "POST", body: String(n).repeat(40000)})));
  await new Promise(done => {
    const s = new WebSocket("%[3]s/socket");
    s.onopen = () => s.send("hello");
    s.onmessage = e => { if (e.data === "hello") { s.send(new Uint8Array([1, 2, 255])); } else { s.close(1000, "enough"); } };
    s.onclose = done;
  });
  document.title = "done";
}
all().catch(e => { document.title = "failed " + e; }).then(() => fetch("/done"));
</script><img src="/wait"></body></html>`

// The log that Chromium writes holds what it sent and got.
func TestALogOfChromiumIsRead(t *testing.T) {
	if _, err := os.Stat(chromium); err != nil && os.Getenv("REQUIRE_E2E") == "" {
		t.Skip("Chromium is not installed")
	}
	mux := http.NewServeMux()
	var html atomic.Value // set when the addresses are known
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "4711", Path: "/"})
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, html.Load().(string))
	})
	done := make(chan struct{})
	mux.HandleFunc("/done", func(http.ResponseWriter, *http.Request) { close(done) })
	mux.HandleFunc("/wait", func(http.ResponseWriter, *http.Request) {
		select {
		case <-done:
		case <-time.After(30 * time.Second):
		}
	})
	mux.HandleFunc("/packed", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, strings.Repeat("packed ", 100))
		z.Close()
	})
	mux.HandleFunc("/old", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/new", http.StatusFound) })
	mux.HandleFunc("/save", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Methods", "PUT, POST")
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s got %s", r.Proto, body)
	})
	mux.HandleFunc("/socket", func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionContextTakeover})
		if err != nil {
			return
		}
		for {
			kind, data, err := c.Read(r.Context())
			if err != nil {
				return
			}
			if c.Write(r.Context(), kind, data) != nil {
				return
			}
		}
	})
	plain, secure, second := httptest.NewServer(mux), httptest.NewTLSServer(mux), httptest.NewUnstartedServer(mux)
	second.EnableHTTP2 = true
	second.StartTLS()
	for _, s := range []*httptest.Server{plain, secure, second} {
		defer s.Close()
	}
	sent := fmt.Sprintf(page, secure.URL, second.URL, strings.Replace(secure.URL, "https", "wss", 1))
	html.Store(sent)

	dir := converttest.BrowserDir(t)
	log := filepath.Join(dir, "net.json")
	ctx, stop := context.WithTimeout(t.Context(), 90*time.Second)
	defer stop()
	out, err := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+filepath.Join(dir, "profile"),
		"--ignore-certificate-errors", "--log-net-log="+log, "--net-log-capture-mode=Everything",
		"--dump-dom", plain.URL+"/").Output()
	if err != nil || !strings.Contains(string(out), "<title>done</title>") {
		t.Fatalf("the page was not done: %v\n%s", err, out)
	}
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	r := converttest.Read(t, "", data, converttest.Options{})
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	got := map[string]*flow.Flow{}
	for _, f := range r.Flows {
		got[f.Request.Method+" "+f.URL()] = f
		if f.Response == nil || f.Error != "" || f.FirstByte <= 0 || f.Done < f.FirstByte {
			t.Errorf("%s %s: error %q, first byte %s, done %s", f.Request.Method, f.URL(), f.Error, f.FirstByte, f.Done)
		}
	}
	for _, want := range []struct {
		call, protocol, sent, answer string
		status                       int
		size                         int64 // of what was sent
	}{
		{"GET " + plain.URL + "/", "HTTP/1.1", "", sent, 200, 0},
		{"GET " + plain.URL + "/old", "HTTP/1.1", "", "", 302, 0},
		{"GET " + plain.URL + "/new", "HTTP/1.1", "", sent, 200, 0},
		{"POST " + plain.URL + "/save", "HTTP/1.1", `{"pear":"two words"}`, `HTTP/1.1 got {"pear":"two words"}`, 200, 20},
		{"PUT " + secure.URL + "/save", "HTTP/1.1", "over TLS", "HTTP/1.1 got over TLS", 200, 8},
		{"POST " + second.URL + "/save", "HTTP/2.0", "over h2", "HTTP/2.0 got over h2", 200, 7},
		{"POST " + second.URL + "/save?1", "HTTP/2.0", strings.Repeat("1", 40000), "HTTP/2.0 got " + strings.Repeat("1", 40000), 200, 40000},
		{"POST " + second.URL + "/save?2", "HTTP/2.0", strings.Repeat("2", 40000), "HTTP/2.0 got " + strings.Repeat("2", 40000), 200, 40000},
		{"POST " + second.URL + "/save?3", "HTTP/2.0", strings.Repeat("3", 40000), "HTTP/2.0 got " + strings.Repeat("3", 40000), 200, 40000},
	} {
		f := got[want.call]
		if f == nil {
			t.Errorf("%s is not there", want.call)
			continue
		}
		answer := string(f.Response.Body.Data)
		if want.status == 302 {
			answer = ""
		}
		if f.Protocol != want.protocol || string(f.Request.Body.Data) != want.sent || f.Request.Body.Size != want.size || answer != want.answer || f.Response.Status != want.status {
			t.Errorf("%s: %s, %d, sent %q of %d, got %q", want.call, f.Protocol, f.Response.Status, f.Request.Body.Data, f.Request.Body.Size, answer)
		}
	}
	packed := got["GET "+plain.URL+"/packed"]
	if packed == nil || packed.Response.Headers.Value("Content-Encoding") != "gzip" || !strings.HasPrefix(string(packed.Response.Body.Data), "\x1f\x8b") {
		t.Error("the compressed body is not there as it was sent")
	}
	if f := got["GET "+plain.URL+"/packed"]; f != nil && f.Request.Headers.Value("Cookie") != "sid=4711" {
		t.Errorf("the cookie is %q", f.Request.Headers.Value("Cookie"))
	}
	socket := got["GET "+secure.URL+"/socket"]
	if socket == nil {
		t.Fatal("the WebSocket is not there")
	}
	var messages []string
	for _, m := range socket.Messages {
		messages = append(messages, fmt.Sprintf("%v %s %q", m.FromClient, m.Kind, m.Data))
	}
	want := []string{`true text "hello"`, `false text "hello"`, `true binary "\x01\x02\xff"`, `false binary "\x01\x02\xff"`, `true close "\x03\xe8enough"`, `false close "\x03\xe8enough"`}
	if strings.Join(messages, "\n") != strings.Join(want, "\n") {
		t.Errorf("messages are\n%s\nwant\n%s", strings.Join(messages, "\n"), strings.Join(want, "\n"))
	}
}
