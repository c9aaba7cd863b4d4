package cmd

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/starling-load/starling/record/capture/packet"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// chromium is where Debian's package puts it.
const chromium = "/usr/bin/chromium"

// canCapture reports whether this process may read packets.
func canCapture() bool {
	sources, err := packet.Listen("lo", packet.LiveOptions{Filter: packet.Filter{Ports: []uint16{1}}})
	return err == nil && closeAll(sources) == nil
}

// browse opens pages in headless Chromium, one after the other in one process
// each, which writes the secrets of its connections to a key log.
func browse(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 20, "browse KEYLOG URL...")
	// A browser makes sockets in its profile, whose names must be short.
	profile, err := os.MkdirTemp("", "starling-")
	ts.Check(err)
	defer os.RemoveAll(profile)
	for _, url := range args[1:] {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update", "--disable-sync", "--ignore-certificate-errors",
			"--user-data-dir="+profile, "--ssl-key-log-file="+ts.MkAbs(args[0]), "--dump-dom", url)
		cmd.Env = append(os.Environ(), "HOME="+profile, "TMPDIR="+profile)
		var errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = ts.Stdout(), &errs
		cmd.WaitDelay = time.Second
		err := cmd.Run()
		cancel()
		if err != nil {
			ts.Fatalf("chromium: %v\n%s", err, errs.String())
		}
	}
}

// sameFlows compares two recordings of the same exchanges: everything but times,
// connections and, with HTTP/2, case and order of the header lines.
func sameFlows(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "sameflows FILE FILE")
	a, b := comparable(ts, args[0]), comparable(ts, args[1])
	if len(a) == 0 {
		ts.Fatalf("%s holds no flows", args[0])
	}
	if diff := cmp.Diff(a, b); diff != "" {
		ts.Fatalf("%s and %s differ (-first +second):\n%s", args[0], args[1], diff)
	}
	ts.Logf("%d flows are the same", len(a))
}

// comparable returns the flows of a recording without what differs between two
// recorders of the same exchange, sorted.
func comparable(ts *testscript.TestScript, file string) []*flow.Flow {
	var flows []*flow.Flow
	for f, err := range flowfile.Flows(ts.MkAbs(file)) {
		ts.Check(err)
		f.Number, f.Conn, f.Start, f.RequestDone, f.FirstByte, f.Done = 0, 0, time.Time{}, 0, 0, 0
		for i := range f.Messages {
			f.Messages[i].At = 0
		}
		if f.Request.Target == "/favicon.ico" {
			// The browser asks for it by itself, and may close before the answer.
			f.Response, f.Error = nil, ""
		}
		lists := []*flow.Headers{&f.Request.Headers, &f.Request.Trailers}
		if f.Response != nil {
			lists = append(lists, &f.Response.Headers, &f.Response.Trailers)
		}
		for _, h := range lists {
			if f.Protocol == "HTTP/2.0" { // behind the proxy it was HTTP/1.1
				for i := range *h {
					(*h)[i].Name = strings.ToLower((*h)[i].Name)
				}
				slices.SortStableFunc(*h, func(a, b flow.Header) int { return strings.Compare(a.Name, b.Name) })
			}
			if len(*h) == 0 {
				*h = nil
			}
		}
		flows = append(flows, f)
	}
	key := func(f *flow.Flow) string {
		return fmt.Sprint(f.Request.Authority, f.Request.Method, f.Request.Target, f.Request.Headers, f.Response)
	}
	slices.SortStableFunc(flows, func(a, b *flow.Flow) int { return strings.Compare(key(a), key(b)) })
	return flows
}
