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
	"time"

	"github.com/starling-load/starling/record/capture/packet"
)

func TestALiveCaptureFindsEveryFlow(t *testing.T) {
	const clients, each = 8, 200
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "you asked for %s\n%s", r.URL, strings.Repeat("x", len(r.URL.Path)*50))
	}))
	defer server.Close()
	address := netip.MustParseAddrPort(server.Listener.Addr().String())

	b := new(basket)
	c := New(Options{Sink: b, Filter: packet.Filter{Ports: []uint16{address.Port()}}})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- c.Live(ctx, "lo", packet.LiveOptions{Readers: 2}) }()

	// The capture has begun once it sees a request.
	for c.Counts().Packets == 0 {
		select {
		case err := <-ended:
			if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
				t.Skipf("no right to capture: %v", err)
			}
			t.Fatal(err)
		default:
			get(t, http.DefaultClient, server.URL+"/begin")
		}
	}
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
	for deadline := time.Now().Add(20 * time.Second); b.asked("/client/") < clients*each && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond) // packets are read after they passed
	}
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

// asked counts the flows so far whose path begins with prefix.
func (b *basket) asked(prefix string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.flows {
		if strings.HasPrefix(f.Request.Target, prefix) {
			n++
		}
	}
	return n
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
