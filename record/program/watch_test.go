package program

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// dialler is the environment variable that makes the test program a client: it opens
// two connections to the address, and ends when its input does.
const dialler = "STARLING_TEST_DIAL"

func TestMain(m *testing.M) {
	if to := os.Getenv(dialler); to != "" {
		for range 2 {
			if _, err := net.Dial("tcp", to); err != nil {
				panic(err)
			}
		}
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	os.Exit(m.Run())
}

func TestConnectionsOfOneProcessHaveOneNumber(t *testing.T) {
	w := New()
	if w == nil {
		t.Skip("this system does not tell who opened a connection")
	}
	defer w.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accept := func() *flow.Conn {
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		w.Opened(c.RemoteAddr().(*net.TCPAddr).AddrPort(), c.LocalAddr().(*net.TCPAddr).AddrPort())
		return &flow.Conn{Client: c.RemoteAddr().String()}
	}
	var found [][2]uint64
	for range 3 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), dialler+"="+l.Addr().String())
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		first, second := accept(), accept()
		found = append(found, [2]uint64{w.Of(first), w.Of(second)})
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := fmt.Sprint(found), "[[1 1] [2 2] [3 3]]"; got != want {
		t.Errorf("processes %s, want %s", got, want)
	}
}

func TestClientsOfOtherMachinesAndClosedOnesAreUnknown(t *testing.T) {
	w := New()
	if w == nil {
		t.Skip("this system does not tell who opened a connection")
	}
	server := netip.MustParseAddrPort("192.0.2.1:80")
	w.Opened(netip.MustParseAddrPort("203.0.113.9:4000"), server)
	w.Opened(netip.MustParseAddrPort("192.0.2.1:1"), server) // no such socket
	for _, client := range []string{"203.0.113.9:4000", "192.0.2.1:1", "192.0.2.7:5", "?"} {
		if n := w.Of(&flow.Conn{Client: client}); n != 0 {
			t.Errorf("%s is process %d", client, n)
		}
	}
	w.Close()
	w.Close()
	w.Opened(server, server)
	if n := w.Of(&flow.Conn{Client: server.String()}); n != 0 {
		t.Errorf("process %d after the end", n)
	}
	var none *Watch
	none.Opened(server, server)
	none.Close()
	if n := none.Of(&flow.Conn{}); n != 0 {
		t.Errorf("process %d of a Watch that is not there", n)
	}
}

func TestAFloodOfConnectionsIsBounded(t *testing.T) {
	w := &Watch{asked: make(chan *query, maxAsked), byPeer: map[netip.AddrPort]*query{}}
	for i := range 3 * maxQueries {
		a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, byte(i >> 16), byte(i >> 8), byte(i)}), 80)
		w.Opened(a, a)
		if i%maxAsked == maxAsked-1 && i < 2*maxQueries {
			for range len(w.asked) {
				<-w.asked
			}
		}
	}
	if len(w.byPeer) > maxQueries || len(w.order) > maxQueries {
		t.Errorf("%d and %d connections are remembered, want at most %d", len(w.byPeer), len(w.order), maxQueries)
	}
}
