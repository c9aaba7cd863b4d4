package packet

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// listen is Listen, or a visible skip without the capability.
func listen(t testing.TB, iface string, o LiveOptions) []Source {
	t.Helper()
	sources, err := Listen(iface, o)
	if errors.Is(err, unix.EPERM) {
		t.Skipf("needs CAP_NET_RAW: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

// during reads all sources while traffic runs and until they are silent, closes them,
// and returns copies of what each gave.
func during(t testing.TB, sources []Source, traffic func()) [][]Segment {
	t.Helper()
	out := make([][]Segment, len(sources))
	var over atomic.Bool
	var wg sync.WaitGroup
	for i, src := range sources {
		wg.Go(func() {
			for silent := 0; silent < 2; { // one silence may have begun before the end of the traffic
				var s Segment
				err := src.Next(&s)
				switch {
				case err == nil:
					s.Payload = bytes.Clone(s.Payload)
					out[i] = append(out[i], s)
				case err != ErrIdle:
					t.Errorf("reader %d: %v", i, err)
					return
				case over.Load():
					silent++
				}
			}
			if err := src.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	traffic()
	over.Store(true)
	wg.Wait()
	return out
}

// exchange opens n connections to a server on address, one after the other, sends up
// bytes on each and receives down bytes, and returns the server's port.
func exchange(t testing.TB, address string, n, up, down int) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer l.Close()
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.ReadFull(c, make([]byte, up))
			c.Write(bytes.Repeat([]byte("d"), down))
			c.Close()
		}
	})
	for range n {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.Write(bytes.Repeat([]byte("u"), up))
		if m, err := io.Copy(io.Discard, c); err != nil || m != int64(down) {
			t.Fatalf("received %d bytes and %v, want %d", m, err, down)
		}
		c.Close()
	}
	return netip.MustParseAddrPort(l.Addr().String()).Port()
}

// sum adds the counts of all sources.
func sum(sources []Source) (all Counts) {
	for _, s := range sources {
		n := s.Counts()
		all.Packets += n.Packets
		all.Segments += n.Segments
		all.KernelDrops += n.KernelDrops
		all.Malformed += n.Malformed
		all.Other += n.Other
		all.Filtered += n.Filtered
	}
	return all
}

func TestLoopbackGivesEveryByteOnceAndAConnectionToOneReader(t *testing.T) {
	const n, up, down = 20, 3000, 200_000
	for _, c := range []struct {
		name, iface, address string
		readers              int
	}{
		{"over IPv4 with one reader", "lo", "127.0.0.1", 1},
		{"over IPv4 with three readers", "lo", "127.0.0.1", 3},
		{"over IPv6 with one reader", "lo", "::1", 1},
		{"over IPv6 with three readers", "lo", "::1", 3},
		{"by any interface", "any", "127.0.0.1", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			sources := listen(t, c.iface, LiveOptions{Readers: c.readers, RingBytes: 8 << 20})
			var port uint16
			given := during(t, sources, func() { port = exchange(t, c.address, n, up, down) })
			homes := map[uint16]int{}
			var sent, received, syns int
			for i, segments := range given {
				for _, s := range segments {
					client := s.Src.Port()
					switch port {
					case s.Dst.Port():
						sent += len(s.Payload)
					case s.Src.Port():
						client = s.Dst.Port()
						received += len(s.Payload)
					default:
						continue
					}
					if s.Flags&(SYN|ACK) == SYN {
						syns++
					}
					if home, ok := homes[client]; ok && home != i {
						t.Errorf("connection %d came to readers %d and %d", client, home, i)
					}
					homes[client] = i
				}
			}
			if all := sum(sources); all.KernelDrops != 0 || all.Malformed != 0 {
				t.Errorf("%+v, want no drops and nothing malformed", all)
			}
			if sent != n*up || received != n*down {
				t.Errorf("%d bytes up and %d down, want %d and %d", sent, received, n*up, n*down)
			}
			if len(homes) != n || syns != n {
				t.Errorf("%d connections and %d openings, want %d", len(homes), syns, n)
			}
		})
	}
}

func TestTheKernelFiltersByPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // reserves a port that nobody uses
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	unused := netip.MustParseAddrPort(l.Addr().String()).Port()
	sources := listen(t, "lo", LiveOptions{Filter: Filter{Ports: []uint16{unused}}})
	given := during(t, sources, func() { exchange(t, "127.0.0.1", 3, 100, 100) })
	if n := sources[0].Counts(); len(given[0]) != 0 || n.Packets != 0 {
		t.Errorf("%d segments, %+v, want nothing to leave the kernel", len(given[0]), n)
	}
}

func TestCloseWakesAReaderThatWaits(t *testing.T) {
	src := listen(t, "lo", LiveOptions{Filter: Filter{Ports: []uint16{1}}})[0]
	ended := make(chan error)
	go func() {
		var s Segment
		for {
			if err := src.Next(&s); err != ErrIdle {
				ended <- err
				return
			}
		}
	}()
	if err := src.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != net.ErrClosed {
		t.Errorf("Next = %v, want net.ErrClosed", err)
	}
	if err := src.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	var s Segment
	if err := src.Next(&s); err != net.ErrClosed {
		t.Errorf("Next after Close = %v, want net.ErrClosed", err)
	}
}

func TestErrorsOfListenSayWhatToDo(t *testing.T) {
	_, err := Listen("nosuch0", LiveOptions{})
	if err == nil || !strings.Contains(err.Error(), `choose one of [`) {
		t.Errorf("Listen on an interface that does not exist: %v", err)
	}
	err = explain("eth0", unix.EPERM)
	for _, want := range []string{"eth0", "CAP_NET_RAW", "setcap cap_net_raw+ep"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("without permission: %q, want %q in it", err, want)
		}
	}
}

func TestTagsInTheDataAreFoundWhateverTheKernelSays(t *testing.T) {
	p4, p6 := plain4("x"), plain6("x")
	tag := func(tci uint16, protocol uint16, p []byte) []byte {
		return slices.Concat([]byte{byte(tci >> 8), byte(tci), byte(protocol >> 8), byte(protocol)}, p)
	}
	tests := []struct {
		name     string
		protocol uint16
		data     []byte
		vlan     uint16
	}{
		{"plain IPv4", 0x0800, p4, 0},
		{"plain IPv6", 0x86dd, p6, 0},
		{"a second tag that the kernel tells of", 0x8100, tag(8, 0x0800, p4), 8},
		{"a second tag that the kernel does not tell of", 0x0800, tag(8, 0x0800, p4), 8},
		{"a second tag that begins as IPv4 does", 0x0800, tag(0x4508, 0x0800, p4), 0x508},
		{"a second tag that begins as IPv6 does", 0x86dd, tag(0x6008, 0x86dd, p6), 8},
		{"IPv4 called a VLAN packet", 0x8100, p4, 0},
		{"IPv6 called a VLAN packet", 0x8100, p6, 0},
	}
	for _, c := range tests {
		d := newDecoder(&Filter{})
		var s Segment
		first, rest := network(c.protocol, c.data)
		if !d.decode(&s, first, rest, 0) || s.VLAN != c.vlan || string(s.Payload) != "x" {
			t.Errorf("%s: VLAN %d and %q (%+v), want VLAN %d", c.name, s.VLAN, s.Payload, d.counts, c.vlan)
		}
	}
}
