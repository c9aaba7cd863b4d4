package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/starling-load/starling/record/capture/packet"
)

func TestALiveCaptureFindsEveryFlow(t *testing.T) {
	const clients, each = 8, 200
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "you asked for %s\n%s", r.URL, strings.Repeat("x", len(r.URL.Path)*50))
	}))
	defer server.Close()
	address := netip.MustParseAddrPort(server.Listener.Addr().String())

	filter := packet.Filter{Ports: []uint16{address.Port()}}
	sources, err := packet.Listen("lo", packet.LiveOptions{Readers: 2, Filter: filter})
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skipf("no right to capture: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	b := new(basket)
	c := New(Options{Sink: b, Filter: filter})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- c.Live(ctx, sources) }()
	asked := make(chan string, clients)
	for i := range clients {
		go func() {
			defer func() { asked <- "" }()
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for n := range each {
				get(t, client, fmt.Sprintf("%s/client/%d/%d", server.URL, i, n))
			}
		}()
	}
	for range clients {
		<-asked
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, f := range b.flows {
		if !f.Complete() {
			t.Errorf("%s is not complete: %s", f.Request.Target, f.Error)
		}
		found[f.Request.Target]++
	}
	for i := range clients {
		for n := range each {
			if path := fmt.Sprintf("/client/%d/%d", i, n); found[path] != 1 {
				t.Errorf("%s was found %d times", path, found[path])
			}
		}
	}
	if n := c.Counts(); n.KernelDrops != 0 || n.Gaps != 0 || n.Open != 0 {
		t.Errorf("counts %+v", n)
	}
}

func get(t *testing.T, client *http.Client, url string) {
	r, err := client.Get(url)
	if err != nil {
		t.Error(err)
		return
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		t.Error(err)
	}
}
