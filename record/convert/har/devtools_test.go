package har_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/record/convert/converttest"
	"github.com/starling-load/starling/record/flow"
)

// What the test of the developer tools needs.
const (
	chromium   = "/usr/bin/chromium"
	playwright = "../../../ui/web/node_modules/playwright-core/index.mjs"
)

// startChromium starts a browser and returns the address of its developer tools.
func startChromium(ctx context.Context, t *testing.T) string {
	t.Helper()
	profile := converttest.BrowserDir(t)
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+profile,
		"--remote-debugging-port=0", "--remote-allow-origins=*", "about:blank")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait() // it was interrupted
	})
	for ctx.Err() == nil {
		text, err := os.ReadFile(filepath.Join(profile, "DevToolsActivePort"))
		if port, _, ok := strings.Cut(string(text), "\n"); err == nil && ok {
			return "127.0.0.1:" + port
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("Chromium does not say where its developer tools are")
	return ""
}

// The developer tools of Chrome open what is exported, show each exchange, and write it
// again with the same content.
func TestDeveloperToolsOpenWhatIsExported(t *testing.T) {
	node, err := exec.LookPath("node")
	for what, missing := range map[string]error{"node": err, chromium: stat(chromium), playwright: stat(playwright)} {
		if missing == nil {
			continue
		}
		if os.Getenv("REQUIRE_E2E") != "" {
			t.Fatalf("%s is missing, and REQUIRE_E2E is set", what)
		}
		t.Skipf("%s is missing", what)
	}
	want := exportedFlows()
	path := filepath.Join(t.TempDir(), "shop.har")
	if err := os.WriteFile(path, converttest.Export(t, "har", want), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, node, "testdata/devtools.mjs")
	tools, err := filepath.Abs(playwright)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "PLAYWRIGHT="+tools, "DEVTOOLS="+startChromium(ctx, t), "HAR="+path)
	var fault strings.Builder
	cmd.Stderr = &fault
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the developer tools: %v\n%s", err, fault.String())
	}
	var said struct {
		Faults []string
		Cells  [][2]string
		Again  string
	}
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatal(err)
	}
	if len(said.Faults) > 0 {
		t.Errorf("the page has faults: %q", said.Faults)
	}
	var rows []string
	for _, c := range said.Cells {
		rows = append(rows, strings.Join(strings.Fields(c[0]+" "+c[1]), " "))
	}
	wantRows := []string{"shop.test 200", "save?q=a%20b&q=%C3%A9&flag 302", "logo.png 200", "gone Finished", "socket 101", "events 200"}
	if diff := cmp.Diff(wantRows, rows); diff != "" {
		t.Errorf("the network panel shows (want -, got +):\n%s", diff)
	}
	if !strings.Contains(said.Again, `"_transferSize": 10,`) { // the logo
		t.Error("the size on the wire is not that of the body")
	}
	got := converttest.ReadAll(t, "har", []byte(said.Again), converttest.Options{})
	if len(got.Flows) != len(want.Flows) {
		t.Fatalf("%d flows of %d came back", len(got.Flows), len(want.Flows))
	}
	for i, f := range got.Flows {
		if diff := cmp.Diff(told(want.Flows[i]), told(f)); diff != "" {
			t.Errorf("flow %d went through the developer tools (want -, got +):\n%s", i, diff)
		}
	}
}

func stat(path string) error {
	_, err := os.Stat(path)
	return err
}

// told is what a HAR says of a flow in all hands.
func told(f *flow.Flow) []string {
	lines := []string{f.Request.Method + " " + f.URL() + " " + f.Protocol, string(f.Request.Body.Data)}
	for _, h := range f.Request.Headers {
		lines = append(lines, h.Name+": "+h.Value)
	}
	if r := f.Response; r != nil {
		lines = append(lines, fmt.Sprint(r.Status), r.Headers.Value("Location"), fmt.Sprintf("%q", r.Headers.Values("Set-Cookie")), string(r.Body.Data))
	}
	for _, m := range f.Messages {
		if m.Kind != flow.MessageClose {
			lines = append(lines, fmt.Sprint(m.FromClient, m.Kind, m.Data))
		}
	}
	return lines
}

// exportedFlows is a recording with what the formats of others stumble over.
func exportedFlows() converttest.Result {
	start := time.Date(2026, 5, 4, 10, 0, 0, 123456789, time.UTC)
	r := converttest.Result{Conns: map[uint64]*flow.Conn{1: {ID: 1, Client: "192.0.2.1:4000", Server: "192.0.2.9:443", Opened: start}}}
	add := func(target string, f flow.Flow) {
		f.Conn, f.Scheme, f.Request.Target, f.Request.Authority = 1, "https", target, "shop.test"
		f.Start = start.Add(time.Duration(len(r.Flows)) * time.Second)
		f.RequestDone, f.FirstByte, f.Done = time.Millisecond, 2*time.Millisecond, 3*time.Millisecond
		r.Flows = append(r.Flows, &f)
	}
	add("/", flow.Flow{Protocol: "HTTP/1.1",
		Request:  flow.Request{Method: "GET", Headers: flow.Headers{{Name: "Host", Value: "shop.test"}, {Name: "Cookie", Value: "a=1; b=\"x y\""}}},
		Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/html; charset=utf-8"}, {Name: "Set-Cookie", Value: "sid=1; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly"}}, Body: flow.NewBody([]byte("<p>Grüße \u2028</p>"))}})
	add("/save?q=a%20b&q=%C3%A9&flag", flow.Flow{Protocol: "HTTP/1.1",
		Request:  flow.Request{Method: "POST", Headers: flow.Headers{{Name: "Host", Value: "shop.test"}, {Name: "Content-Type", Value: "application/json"}}, Body: flow.NewBody([]byte(`{"pear":"é","n":[1,2]}`))},
		Response: &flow.Response{Status: 302, Headers: flow.Headers{{Name: "Location", Value: "/done"}}}})
	add("/logo.png", flow.Flow{Protocol: "HTTP/2.0",
		Request:  flow.Request{Method: "GET", Headers: flow.Headers{{Name: "accept", Value: "image/*"}}},
		Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "content-type", Value: "image/png"}}, Body: flow.NewBody([]byte("\x89PNG\r\n\x1a\n\x00\xff"))}})
	add("/gone", flow.Flow{Protocol: "HTTP/1.1", Error: "target reset", Request: flow.Request{Method: "GET", Headers: flow.Headers{{Name: "Host", Value: "shop.test"}}}})
	add("/socket", flow.Flow{Protocol: "HTTP/1.1",
		Request:  flow.Request{Method: "GET", Headers: flow.Headers{{Name: "Host", Value: "shop.test"}, {Name: "Upgrade", Value: "websocket"}}},
		Response: &flow.Response{Status: 101, Headers: flow.Headers{{Name: "Upgrade", Value: "websocket"}}},
		Messages: []flow.Message{
			{At: 4 * time.Millisecond, FromClient: true, Kind: flow.MessageText, Data: []byte(`{"hi":"é"}`), Size: 11},
			{At: 5 * time.Millisecond, Kind: flow.MessageBinary, Data: []byte{0, 1, 255}, Size: 3},
			{At: 6 * time.Millisecond, FromClient: true, Kind: flow.MessageClose, Data: []byte{3, 232}, Size: 2}}})
	add("/events", flow.Flow{Protocol: "HTTP/1.1",
		Request:  flow.Request{Method: "GET", Headers: flow.Headers{{Name: "Host", Value: "shop.test"}}},
		Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/event-stream"}}},
		Messages: []flow.Message{{At: 4 * time.Millisecond, Kind: flow.MessageEvent, Data: []byte("event: add\ndata: 1"), Size: 18}}})
	return r
}
