package packet

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// listen calls Listen. Without the capability it skips the test visibly.
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

// during reads all sources while traffic runs and until they are silent. Then it closes
// them. It returns copies of what each source gave.
func during(t testing.TB, sources []Source, traffic func()) [][]Segment {
	t.Helper()
	out := make([][]Segment, len(sources))
	var over atomic.Bool
	var wg sync.WaitGroup
	for i, src := range sources {
		wg.Go(func() {
			for silent := 0; silent < 2; { // one silence may have begun before the traffic ended
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

// listenTCP listens on a free port of address.
func listenTCP(t testing.TB, address string) (net.Listener, uint16) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	return l, netip.MustParseAddrPort(l.Addr().String()).Port()
}

// exchange opens n connections to a server on l, one after the other. On each it sends up
// bytes and receives down bytes. It closes l.
func exchange(t testing.TB, l net.Listener, n, up, down int) {
	t.Helper()
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
}

// spans counts the bytes of a stream by their sequence numbers. A busy machine sends some
// bytes twice; these count once.
type spans struct {
	all  int
	seen map[uint32]int // bytes by the number of the first
}

func (x *spans) add(s Segment) {
	x.all += len(s.Payload)
	if x.seen == nil {
		x.seen = map[uint32]int{}
	}
	x.seen[s.Seq] = max(x.seen[s.Seq], len(s.Payload))
}

// distinct returns the number of different bytes. It assumes that segments begin at
// different ones.
func (x *spans) distinct() (n int) {
	starts := slices.Collect(maps.Keys(x.seen))
	for seq, size := range x.seen {
		for _, other := range starts {
			if d := int(other - seq); d > 0 && d < size {
				size = d // the rest is counted there
			}
		}
		n += size
	}
	return n
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
			l, port := listenTCP(t, c.address)
			defer l.Close()
			sources := listen(t, c.iface, LiveOptions{Readers: c.readers, RingBytes: 16 << 20, Filter: Filter{Ports: []uint16{port}}})
			given := during(t, sources, func() { exchange(t, l, n, up, down) })
			homes := map[uint16]int{}
			var sent, received [n]spans
			numbers := map[uint16]int{}
			for i, segments := range given {
				for _, s := range segments {
					client, streams := s.Src.Port(), &sent
					if client == port {
						client, streams = s.Dst.Port(), &received
					}
					if home, ok := homes[client]; !ok {
						homes[client], numbers[client] = i, len(numbers)
					} else if home != i {
						t.Errorf("connection %d came to readers %d and %d", client, home, i)
					}
					if k := numbers[client]; k < n && len(s.Payload) > 0 {
						streams[k].add(s)
					}
				}
			}
			if all := sum(sources); all.KernelDrops != 0 || all.Malformed != 0 || len(homes) != n {
				t.Errorf("%d connections and %+v, want %d, no drops and nothing malformed", len(homes), all, n)
			}
			for k := range n {
				x, y := &sent[k], &received[k]
				if x.distinct() != up || y.distinct() != down || x.all+y.all > (up+down)*3/2 {
					t.Errorf("connection %d: %d and %d bytes, %d of them different, want %d and %d once", k,
						x.all, y.all, x.distinct()+y.distinct(), up, down)
				}
			}
		})
	}
}

func TestTheKernelFiltersByPort(t *testing.T) {
	unused, port := listenTCP(t, "127.0.0.1") // a port that nobody else uses
	defer unused.Close()
	sources := listen(t, "lo", LiveOptions{Filter: Filter{Ports: []uint16{port}}})
	l, _ := listenTCP(t, "127.0.0.1")
	given := during(t, sources, func() { exchange(t, l, 3, 100, 100) })
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
