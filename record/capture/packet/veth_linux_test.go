package packet

import (
	"encoding/binary"
	"net/netip"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"golang.org/x/sys/unix"
)

// cable is a pair of interfaces in a network of its own. The test sends frames into one
// end and listens at the other.
type cable struct {
	socket int
	to     unix.SockaddrLinklayer
}

const nearEnd, farEnd = "near0", "far0"

// newCable moves the goroutine of the test to its own network namespace for the life of
// its thread. Nothing but the test sends there: an interface with an address of IPv6 would
// look for its neighbours. If that is not allowed, it skips the test visibly.
func newCable(t testing.TB) *cable {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("needs to make a network namespace (CAP_SYS_ADMIN): %v", err)
	}
	for _, line := range []string{"link add " + nearEnd + " type veth peer name " + farEnd,
		"link set " + nearEnd + " addrgenmode none", "link set " + farEnd + " addrgenmode none",
		"link set " + nearEnd + " up", "link set " + farEnd + " up"} {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			t.Skipf("needs iproute2 and veth: ip %s: %v %s", line, err, out)
		}
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Skipf("needs CAP_NET_RAW: %v", err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	index, _, err := findInterface(nearEnd)
	if err != nil {
		t.Fatal(err)
	}
	return &cable{socket: fd, to: unix.SockaddrLinklayer{Ifindex: index}}
}

// send sends a frame once the far end has carrier.
func (c *cable) send(t testing.TB, frame []byte) {
	t.Helper()
	c.to.Protocol = ntohs(binary.BigEndian.Uint16(frame[12:]))
	if err := unix.Sendto(c.socket, frame, 0, &c.to); err != nil {
		t.Fatalf("send a frame of %d bytes: %v", len(frame), err)
	}
}

func TestFramesOnACable(t *testing.T) {
	c := newCable(t)
	const v4 = 0x0800
	long := strings.Repeat("0123456789", 200)
	inner := over(portVXLAN, vni(4), gopacket.Payload(framed(v4, plain4("tunnel"))))
	var frames [][]byte
	frames = append(frames, framed(v4, plain4("plain")), framed(0x86dd, plain6("six")),
		wire(eth(0x8100), dot1q(7, v4), gopacket.Payload(plain4("tagged"))),
		wire(eth(0x88a8), dot1q(7, 0x8100), dot1q(8, v4), gopacket.Payload(plain4("twice"))), inner,
		framed(0x0806, make([]byte, 28)), over(53, text("query")))
	for _, p := range split4(plain4(long), 1480) {
		frames = append(frames, framed(v4, p))
	}
	for _, p := range split6(plain6(long), 1440) {
		frames = append(frames, framed(0x86dd, p))
	}
	tests := []struct {
		name    string
		options LiveOptions
		want    []string
	}{
		{"all come once, tags and tunnels and fragments undone", LiveOptions{},
			[]string{"0 plain", "0 six", "7 tagged", "8 twice", "0 tunnel", "0 " + long, "0 " + long}},
		{"with several readers too", LiveOptions{Readers: 3, Promiscuous: true},
			[]string{"0 plain", "0 six", "7 tagged", "8 twice", "0 tunnel", "0 " + long, "0 " + long}},
		{"the outer tag that the kernel took off is filtered by", LiveOptions{Filter: Filter{VLANs: []uint16{7}}},
			[]string{"7 tagged", "8 twice"}},
		{"the inner tag too", LiveOptions{Filter: Filter{VLANs: []uint16{8}}}, []string{"8 twice"}},
		{"a host of IPv6", LiveOptions{Filter: Filter{Hosts: []netip.Addr{client6}}}, []string{"0 six", "0 " + long}},
		{"another port", LiveOptions{Filter: Filter{Ports: []uint16{9}}}, nil},
	}
	for _, test := range tests {
		sources := listen(t, farEnd, test.options)
		given := during(t, sources, func() {
			for _, f := range frames {
				c.send(t, f)
			}
		})
		var got []string
		for _, segments := range given {
			for _, line := range briefly(segments) {
				_, rest, _ := strings.Cut(line, " ")
				got = append(got, rest)
			}
		}
		slices.Sort(got)
		slices.Sort(test.want)
		if n := sum(sources); !slices.Equal(got, test.want) || n.Malformed != 0 || n.KernelDrops != 0 {
			t.Errorf("%s: %.30q, want %.30q (%+v)", test.name, got, test.want, n)
		}
	}
}

func TestDropsOfATinyRingAreCounted(t *testing.T) {
	c := newCable(t)
	frame := framed(0x0800, plain4(strings.Repeat("x", 1400)))
	src := listen(t, farEnd, LiveOptions{RingBytes: 1})[0]
	const sent = 6000 // 8.5 MB for a ring of 2 MiB that nobody empties
	for range sent {
		c.send(t, frame)
	}
	before := src.Counts().KernelDrops
	given := during(t, []Source{src}, func() {})[0]
	n := src.Counts()
	if n.KernelDrops == 0 || uint64(len(given))+n.KernelDrops != sent {
		t.Errorf("%d segments and %d drops of %d packets (%+v)", len(given), n.KernelDrops, sent, n)
	}
	if n.KernelDrops < before {
		t.Errorf("drops fell from %d to %d", before, n.KernelDrops)
	}
}

func TestARemovedInterfaceEndsTheCapture(t *testing.T) {
	newCable(t)
	src := listen(t, farEnd, LiveOptions{})[0]
	defer src.Close()
	if out, err := exec.Command("ip", "link", "set", farEnd, "down").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	var s Segment
	for range 2 {
		if err := src.Next(&s); err != nil && err != ErrIdle {
			t.Fatalf("Next on an interface that is down = %v, want ErrIdle", err)
		}
	}
	if out, err := exec.Command("ip", "link", "del", nearEnd).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	for range 100 {
		err := src.Next(&s)
		if err == nil || err == ErrIdle {
			continue
		}
		if !strings.Contains(err.Error(), farEnd+": the interface was removed") {
			t.Errorf("Next = %v, want that the interface was removed", err)
		}
		return
	}
	t.Error("Next goes on after the interface was removed")
}

// BenchmarkRing measures the cost of one packet of 1 kB that is read from the kernel's
// ring. Sending does not count.
func BenchmarkRing(b *testing.B) {
	c := newCable(b)
	frame := framed(0x0800, plain4(strings.Repeat("x", 1024)))
	src := listen(b, farEnd, LiveOptions{})[0]
	defer src.Close()
	b.ReportAllocs()
	b.SetBytes(int64(len(frame)))
	b.ResetTimer()
	var s Segment
	for n := 0; n < b.N; {
		b.StopTimer()
		batch := min(b.N-n, 20_000)
		for range batch {
			c.send(b, frame)
		}
		time.Sleep(2 * blockTimeMs * time.Millisecond) // the last block is handed over
		b.StartTimer()
		for end := n + batch; n < end; n++ {
			if err := src.Next(&s); err != nil {
				b.Fatal(err)
			}
		}
	}
}
