package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// A frame is one TCP segment of made-up traffic between 10.0.0.1 and 10.0.0.2:80.
type frame struct {
	at         int64 // ns
	fromServer bool
	port       uint16 // of the client
	seq, ack   uint32
	flags      byte
	payload    []byte
	part       int // the message of which it carries a part: 2n+1 is request n, 2n+2 response n of its connection
}

const (
	fin, syn, psh, ack = 1, 2, 8, 16
	firstTime          = 1_700_000_000_000_000_000
)

// A plan says what traffic to make up.
type plan struct {
	conns, exchanges int // exchanges on each connection
	pipeline         int // requests sent before the first one is answered
	segment          int // greatest payload of a packet
	body             int // greatest length of a response body
}

// request and response return the messages of exchange n of a connection.
func request(port uint16, n int) []byte {
	return fmt.Appendf(nil, "GET /%d/%d HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: made-up/1.0\r\nAccept: */*\r\n\r\n", port, n)
}

func response(port uint16, n, body int) []byte {
	r := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nServer: made-up\r\nContent-Length: %d\r\n\r\n", body)
	for i := range body {
		r = append(r, "starling recording "[(i+n)%19])
	}
	return r
}

// frames makes up the traffic. Connections run beside each other, as on a busy server.
func (p plan) frames(random *rand.Rand) (all []frame) {
	for c := range p.conns {
		all = append(all, p.conn(uint16(20000+c), int64(c)*1000, random)...)
	}
	if p.conns > 1 {
		sortByTime(all)
	}
	return all
}

func (p plan) conn(port uint16, offset int64, random *rand.Rand) (fs []frame) {
	next := [2]uint32{random.Uint32(), random.Uint32()}
	now := firstTime + offset
	send := func(side int, flags byte, payload []byte, part int) {
		for first := true; first || len(payload) > 0; first = false {
			n := len(payload)
			if n > 0 {
				n = min(n, 1+random.IntN(p.segment))
			}
			now += 20_000
			fs = append(fs, frame{at: now, fromServer: side == 1, port: port, seq: next[side], ack: next[1-side], flags: flags, payload: payload[:n], part: part})
			next[side] += uint32(n)
			payload = payload[n:]
		}
		if flags&(syn|fin) != 0 {
			next[side]++
		}
	}
	send(0, syn, nil, 0)
	fs[0].ack = 0
	send(1, syn|ack, nil, 0)
	send(0, ack, nil, 0)
	for n := 0; n < p.exchanges; n += max(p.pipeline, 1) {
		end := min(n+max(p.pipeline, 1), p.exchanges)
		for i := n; i < end; i++ {
			send(0, psh|ack, request(port, i), 2*i+1)
		}
		for i := n; i < end; i++ {
			send(1, psh|ack, response(port, i, random.IntN(p.body+1)), 2*i+2)
		}
	}
	send(0, ack, nil, 0)
	send(0, fin|ack, nil, 0)
	send(1, fin|ack, nil, 0)
	send(0, ack, nil, 0)
	return fs
}

func sortByTime(fs []frame) {
	// The sort is stable, so that the packets of a connection keep their order.
	for gap := 1; gap < len(fs); gap *= 2 {
		merged := make([]frame, 0, len(fs))
		for i := 0; i < len(fs); i += 2 * gap {
			a, b := fs[i:min(i+gap, len(fs))], fs[min(i+gap, len(fs)):min(i+2*gap, len(fs))]
			for len(a) > 0 || len(b) > 0 {
				if len(b) == 0 || len(a) > 0 && a[0].at <= b[0].at {
					merged, a = append(merged, a[0]), a[1:]
				} else {
					merged, b = append(merged, b[0]), b[1:]
				}
			}
		}
		fs = append(fs[:0], merged...)
	}
}

// pcap writes frames as a capture file of raw IPv4 packets, with times in nanoseconds.
func pcap(fs []frame) []byte {
	out := binary.LittleEndian.AppendUint32(nil, 0xa1b23c4d)
	out = append(out, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	out = binary.LittleEndian.AppendUint32(out, 262144)
	out = binary.LittleEndian.AppendUint32(out, 101)
	for _, f := range fs {
		length := 40 + len(f.payload)
		for _, v := range []uint32{uint32(f.at / 1e9), uint32(f.at % 1e9), uint32(length), uint32(length)} {
			out = binary.LittleEndian.AppendUint32(out, v)
		}
		out = append(out, 0x45, 0, byte(length>>8), byte(length), 0, 0, 0, 0, 64, 6, 0, 0)
		client, server := []byte{10, 0, 0, 1}, []byte{10, 0, 0, 2}
		src, dst, sport, dport := client, server, f.port, uint16(80)
		if f.fromServer {
			src, dst, sport, dport = server, client, 80, f.port
		}
		out = append(append(out, src...), dst...)
		out = binary.BigEndian.AppendUint16(out, sport)
		out = binary.BigEndian.AppendUint16(out, dport)
		out = binary.BigEndian.AppendUint32(out, f.seq)
		out = binary.BigEndian.AppendUint32(out, f.ack)
		out = append(out, 0x50, f.flags, 0xff, 0xff, 0, 0, 0, 0)
		out = append(out, f.payload...)
	}
	return out
}

// capturing finds the flows in frames.
func capturing(t testing.TB, fs []frame) (*basket, Counts) {
	t.Helper()
	b := new(basket)
	c := New(Options{Sink: b})
	if err := c.Read(context.Background(), bytes.NewReader(pcap(fs))); err != nil {
		t.Fatal(err)
	}
	return b, c.Counts()
}

// summary returns the content of flows, in the order of their connections.
func summary(b *basket) map[string]string {
	clients := map[uint64]string{}
	for _, c := range b.conns {
		clients[c.ID] = c.Client
	}
	say := map[string]string{}
	for _, f := range b.flows {
		text := f.Request.Method + " " + f.Request.Target
		if f.Response != nil {
			text += fmt.Sprintf(" %d %d/%d", f.Response.Status, len(f.Response.Body.Data), f.Response.Body.Size)
		}
		say[clients[f.Conn]] += text + f.Error + "\n"
	}
	return say
}

func TestDisorderWithinLimitsChangesNothing(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		p := plan{conns: 1 + random.IntN(6), exchanges: 1 + random.IntN(20), pipeline: 1 + random.IntN(4), segment: 1 + random.IntN(700), body: 3000}
		fs := p.frames(rand.New(rand.NewPCG(seed, 2)))
		straight, _ := capturing(t, fs)
		got, counts := capturing(t, disorder(fs, 3*p.conns, random))
		want := summary(straight)
		if sent := p.conns * p.exchanges; len(straight.flows) != sent {
			t.Fatalf("seed %d: %d flows in order, %d sent", seed, len(straight.flows), sent)
		}
		if have := summary(got); fmt.Sprint(have) != fmt.Sprint(want) {
			t.Fatalf("seed %d, %+v: in order\n%v\nin disorder\n%v\n%+v", seed, p, want, have, counts)
		}
		if counts.Gaps != 0 || len(got.losses) != 0 {
			t.Fatalf("seed %d: %d gaps and %d losses where nothing is missing", seed, counts.Gaps, len(got.losses))
		}
	}
}

// disorder moves packets by some places, sends some twice, and joins or splits
// retransmitted ones. The handshakes are the first packets. They keep their places.
func disorder(fs []frame, first int, random *rand.Rand) []frame {
	var out []frame
	for i, f := range fs {
		out = append(out, f)
		if i < first {
			continue
		}
		switch n := len(f.payload); {
		case random.IntN(8) == 0:
			out = append(out, f)
		case n > 1 && random.IntN(8) == 0: // sent again in two parts, one of them twice
			cut := 1 + random.IntN(n-1)
			head, tail := f, f
			head.payload, tail.payload, tail.seq = f.payload[:cut], f.payload[cut:], f.seq+uint32(cut)
			out = append(out[:len(out)-1], tail, head, tail)
		}
	}
	for i := first; i < len(out); i++ {
		if j := i + random.IntN(6); j < len(out) && random.IntN(3) == 0 {
			out[i], out[j] = out[j], out[i]
		}
	}
	return out
}

func TestMessagesFoundAndDeclaredLostAreThoseSent(t *testing.T) {
	everywhere := func(fs []frame, random *rand.Rand) (kept []frame) {
		for _, f := range fs {
			if f.part == 0 || random.IntN(100) != 0 {
				kept = append(kept, f)
			}
		}
		return kept
	}
	t.Run("one packet of a hundred", func(t *testing.T) { testFoundAndLost(t, 300, everywhere) })
	t.Run("some of one message at a time", func(t *testing.T) { testFoundAndLost(t, 60, dropSome) })
}

func testFoundAndLost(t *testing.T, seeds uint64, drop func([]frame, *rand.Rand) []frame) {
	lost := uint64(0)
	for seed := range seeds {
		random := rand.New(rand.NewPCG(seed, 3))
		p := plan{conns: 1 + random.IntN(5), exchanges: 2 + random.IntN(40), segment: 1400, body: 4000}
		fs := p.frames(rand.New(rand.NewPCG(seed, 4)))
		kept := drop(fs, random)
		b, counts := capturing(t, kept)
		sent := uint64(p.conns * p.exchanges)
		lost += counts.RequestsLost + counts.ResponsesLost
		if counts.Requests+counts.RequestsLost != sent || counts.Responses+counts.ResponsesLost != sent {
			t.Errorf("seed %d, %+v: requests %d + %d lost, responses %d + %d lost; %d sent, %d of %d packets dropped",
				seed, p, counts.Requests, counts.RequestsLost, counts.Responses, counts.ResponsesLost, sent, len(fs)-len(kept), len(fs))
		}
		if gone := missing(fs, kept); b.lost(flow.LossGap).Bytes != gone || counts.Missing != gone {
			t.Errorf("seed %d: %d bytes declared missing, %d counted; %d dropped", seed, b.lost(flow.LossGap).Bytes, counts.Missing, gone)
		}
	}
	if lost == 0 {
		t.Error("no message was lost: nothing was tested")
	}
}

// dropSome drops packets with payload. In an exchange it drops packets of one message at
// most. Then it spares the next exchange. If more were lost, the rest could not always
// tell how many messages there were.
func dropSome(fs []frame, random *rand.Rand) (kept []frame) {
	hurt := map[[2]int]int{} // by connection and exchange: the part that has suffered
	for _, f := range fs {
		conn, exchange := int(f.port), (f.part+1)/2
		part, chosen := hurt[[2]int{conn, exchange}]
		_, before := hurt[[2]int{conn, exchange - 1}]
		if f.part > 0 && !before && (!chosen || part == f.part) && random.IntN(6) == 0 {
			hurt[[2]int{conn, exchange}] = f.part
			continue
		}
		kept = append(kept, f)
	}
	return kept
}

// missing returns how many payload bytes are in fs and not in kept.
func missing(fs, kept []frame) (n uint64) {
	for _, f := range fs {
		n += uint64(len(f.payload))
	}
	for _, f := range kept {
		n -= uint64(len(f.payload))
	}
	return n
}

func TestACaptureOfSeveralFilesIsOne(t *testing.T) {
	p := plan{conns: 3, exchanges: 10, segment: 500, body: 2000}
	fs := p.frames(rand.New(rand.NewPCG(1, 1)))
	whole, _ := capturing(t, fs)
	b := new(basket)
	c := New(Options{Sink: b})
	var files []io.Reader
	for cut := range 4 {
		files = append(files, bytes.NewReader(pcap(fs[cut*len(fs)/4:(cut+1)*len(fs)/4])))
	}
	if err := c.Read(context.Background(), files...); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(summary(b)), fmt.Sprint(summary(whole)); got != want {
		t.Errorf("in four files\n%s\nin one\n%s", got, want)
	}
	if n := c.Counts(); n.Packets != uint64(len(fs)) || n.Connections != 3 || n.Open != 0 {
		t.Errorf("counts %+v", n)
	}
}
