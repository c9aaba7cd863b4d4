package tcp

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/record/capture/packet"
)

// A story is a capture in writing, and what its streams are told.
//
// A line is a segment: ">" from 10.0.0.1:40000 to 10.0.0.2:80, "<" back. Its flags (SFRA,
// "." for none), sequence number, acknowledgment and payload follow. Numbers count from
// the bases. "cut N" behind a payload stands for N bytes that the capture did not keep.
// "wait D" lets time pass. "advance" calls Advance, without a segment. "base C S" sets
// the bases.
//
// What streams are told is one word for each event: who opened, the data of a direction
// ("c:GET"), its holes ("c-4"), its end ("c." or "c!" after a reset), and the end of the
// connection ("|").
type story struct {
	t         testing.TB
	a         *Assembler
	now       int64
	base      [2]uint32 // of the client and the server
	told      []string
	addresses [2]netip.AddrPort
}

func newStory(t testing.TB, o Options) *story {
	if o.IsRequest == nil {
		o.IsRequest = func(p []byte) bool { return bytes.HasPrefix(p, []byte("GET")) }
	}
	s := &story{t: t, now: 1e18, base: [2]uint32{1000, 500_000}}
	s.addresses = [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:80")}
	s.a = New(o, func(c *Conn) Stream {
		word := fmt.Sprintf("open(%d", c.Client.Port())
		if c.MidStream {
			word += " mid"
		}
		s.told = append(s.told, word+")")
		return (*teller)(s)
	})
	return s
}

func (s *story) play(text string) {
	s.t.Helper()
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			s.line(line)
		}
	}
}

func (s *story) line(line string) {
	s.t.Helper()
	word := strings.Fields(line)
	switch word[0] {
	case "wait":
		d, err := time.ParseDuration(word[1])
		if err != nil {
			s.t.Fatal(err)
		}
		s.now += int64(d)
	case "advance":
		s.a.Advance(s.now)
	case "close":
		s.a.Close()
	case "base":
		s.base = [2]uint32{s.number(word[1]), s.number(word[2])}
	case "ports":
		for i := range s.addresses {
			s.addresses[i] = netip.AddrPortFrom(s.addresses[i].Addr(), uint16(s.number(word[1+i])))
		}
	default:
		s.segment(word)
	}
}

func (s *story) number(word string) uint32 {
	s.t.Helper()
	n, err := strconv.ParseInt(word, 0, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return uint32(n)
}

func (s *story) segment(word []string) {
	s.t.Helper()
	side := strings.Index("><", word[0])
	if side < 0 || len(word) < 3 {
		s.t.Fatalf("no story: %q", word)
	}
	s.now += int64(time.Millisecond)
	g := packet.Segment{Time: s.now, Src: s.addresses[side], Dst: s.addresses[1-side], Seq: s.base[side] + s.number(word[2])}
	for _, f := range word[1] {
		g.Flags |= map[rune]packet.Flags{'S': packet.SYN, 'F': packet.FIN, 'R': packet.RST, 'A': packet.ACK}[f]
	}
	if len(word) > 3 && word[3] != "-" {
		g.Ack = s.base[1-side] + s.number(word[3])
	}
	if len(word) > 4 {
		g.Payload = []byte(word[4])
	}
	if len(word) > 6 {
		g.Cut = int(s.number(word[6]))
	}
	s.a.Segment(&g)
	for i := range g.Payload {
		g.Payload[i] = '#' // what is kept must be a copy
	}
}

// expect compares what was told. It also checks that nothing waits when the story is
// over.
func (s *story) expect(want string) {
	s.t.Helper()
	if got := strings.Join(s.told, " "); got != want {
		s.t.Errorf("told\n  %s\nwant\n  %s", got, want)
	}
}

// teller is the Stream of a story.
type teller story

var letters = [...]string{FromClient: "c", FromServer: "s"}

func (s *teller) Data(d Dir, p []byte, at int64) {
	prefix := letters[d] + ":"
	if n := len(s.told); strings.HasPrefix(s.told[n-1], prefix) {
		s.told[n-1] += string(p)
		return
	}
	s.told = append(s.told, prefix+string(p))
}

func (s *teller) Gap(d Dir, n, at int64) {
	s.told = append(s.told, fmt.Sprintf("%s-%d", letters[d], n))
}

func (s *teller) End(d Dir, at int64, reset bool) {
	s.told = append(s.told, letters[d]+map[bool]string{false: ".", true: "!"}[reset])
}

func (s *teller) Close(at int64) { s.told = append(s.told, "|") }
