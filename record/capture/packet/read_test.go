package packet

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ulikunitz/xz"
)

// pcapOf is a classic pcap file of packets with the given header fields, all at the
// times 1700000000 s + their number.
func pcapOf(order binary.AppendByteOrder, nanos bool, snap, linkType uint32, packets ...[]byte) []byte {
	magic, unit := uint32(0xa1b2c3d4), uint32(1)
	if nanos {
		magic, unit = 0xa1b23c4d, 1000
	}
	p := order.AppendUint32(nil, magic)
	p = order.AppendUint16(p, 2)
	p = order.AppendUint16(p, 4)
	p = append(p, make([]byte, 8)...)
	p = order.AppendUint32(p, snap)
	p = order.AppendUint32(p, linkType)
	for i, data := range packets {
		p = order.AppendUint32(p, 1700000000+uint32(i))
		p = order.AppendUint32(p, 5*unit)
		p = order.AppendUint32(p, uint32(len(data)))
		p = order.AppendUint32(p, uint32(len(data)))
		p = append(p, data...)
	}
	return p
}

// blocks writes a pcapng file.
type blocks struct {
	order binary.AppendByteOrder
	bytes.Buffer
}

func (b *blocks) block(kind uint32, body ...any) *blocks {
	var p []byte
	for _, x := range body {
		switch x := x.(type) {
		case []byte:
			p = append(p, x...)
			p = append(p, make([]byte, -len(x)&3)...)
		case string:
			p = append(p, x...)
			p = append(p, make([]byte, -len(x)&3)...)
		case uint16:
			p = b.order.AppendUint16(p, x)
		case int:
			p = b.order.AppendUint32(p, uint32(x))
		case uint64:
			p = b.order.AppendUint64(p, x)
		}
	}
	b.Write(b.order.AppendUint32(b.order.AppendUint32(nil, kind), uint32(len(p)+12)))
	b.Write(p)
	b.Write(b.order.AppendUint32(nil, uint32(len(p)+12)))
	return b
}

func (b *blocks) section() *blocks { return b.block(blockSection, sectionMagic, 1, -1, -1) }

func (b *blocks) netIf(linkType uint16, options ...any) *blocks {
	return b.block(blockInterface, append([]any{linkType, uint16(0), 0}, options...)...)
}

func (b *blocks) enhanced(netIf int, time uint64, data []byte, options ...any) *blocks {
	return b.block(blockEnhanced, append([]any{netIf, int(time >> 32), int(uint32(time)), len(data), len(data), data}, options...)...)
}

func newBlocks(order binary.AppendByteOrder) *blocks { return &blocks{order: order} }

func mustRead(t *testing.T, p []byte, o ReadOptions) Source {
	t.Helper()
	src, err := Read(bytes.NewReader(p), o)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// briefly returns what a test compares: time, VLAN and payload of each segment.
func briefly(segments []Segment) (out []string) {
	for _, s := range segments {
		out = append(out, fmt.Sprintf("%d %d %s", s.Time, s.VLAN, s.Payload))
	}
	return out
}

func TestClassicPcapFiles(t *testing.T) {
	const at = int64(1700000000000005000)
	long := strings.Repeat("0123456789", 7000)
	merged := framed(0x0800, plain4(long[:60_000]))
	merged = append(merged, long[60_000:]...)
	binary.BigEndian.PutUint16(merged[16:], 0)
	frame := framed(0x0800, plain4("hello"))
	moreThanThere := pcapOf(binary.LittleEndian, false, 65535, linkEthernet, frame, frame)
	binary.LittleEndian.PutUint32(moreThanThere[24+12:], 20)
	one := fmt.Sprintf("%d 0 hello", at)
	tests := []struct {
		name string
		file []byte
		want []string
	}{
		{"microseconds, little-endian", pcapOf(binary.LittleEndian, false, 65535, linkEthernet, frame), []string{one}},
		{"microseconds, big-endian", pcapOf(binary.BigEndian, false, 65535, linkEthernet, frame), []string{one}},
		{"nanoseconds, little-endian", pcapOf(binary.LittleEndian, true, 65535, linkEthernet, frame), []string{one}},
		{"nanoseconds, big-endian", pcapOf(binary.BigEndian, true, 65535, linkEthernet, frame), []string{one}},
		{"a snap length of 0", pcapOf(binary.LittleEndian, false, 0, linkEthernet, frame), []string{one}},
		{"a frame longer than the snap length", pcapOf(binary.LittleEndian, false, 40, linkEthernet, frame), []string{one}},
		{"a frame of 70 kB", pcapOf(binary.LittleEndian, false, 0, linkEthernet, merged, frame),
			[]string{fmt.Sprintf("%d 0 %s", at, long), fmt.Sprintf("%d 0 hello", at+1e9)}},
		{"a link type above 255", pcapOf(binary.BigEndian, false, 65535, linkSLL2,
			slices.Concat([]byte{8, 0}, make([]byte, 18), plain4("hello"))), []string{one}},
		{"a link type with a note on check sequences", pcapOf(binary.LittleEndian, false, 65535, 0x24000000|linkEthernet, frame), []string{one}},
		{"more bytes captured than there were", moreThanThere, []string{one, fmt.Sprintf("%d 0 hello", at+1e9)}},
		{"no packets", pcapOf(binary.LittleEndian, false, 65535, linkEthernet), nil},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			for kind, r := range map[string]io.Reader{"at once": bytes.NewReader(c.file), "byte by byte": iotest.OneByteReader(bytes.NewReader(c.file))} {
				src, err := Read(r, ReadOptions{})
				if err != nil {
					t.Fatal(err)
				}
				segments, damage := readAll(t, src)
				if got := briefly(segments); !slices.Equal(got, c.want) || len(damage) > 0 {
					t.Errorf("%s: %.200q and %v, want %.200q", kind, got, damage, c.want)
				}
			}
		})
	}
}

func TestPcapngFiles(t *testing.T) {
	ethernet, cooked := framed(0x0800, plain4("e")), slices.Concat([]byte{8, 0}, make([]byte, 18), plain4("c"))
	const s = uint64(1_700_000_000)
	tests := []struct {
		name  string
		file  func(b *blocks)
		want  []string
		drops uint64
	}{
		{"two interfaces with link types of their own", func(b *blocks) {
			b.section().netIf(linkEthernet).netIf(linkSLL2).enhanced(0, s*1e6, ethernet).enhanced(1, s*1e6+1, cooked)
		}, []string{"1700000000000000000 0 e", "1700000000000001000 0 c"}, 0},
		{"times in units of their own and from a start of their own", func(b *blocks) {
			b.section().netIf(linkEthernet, uint16(9), uint16(1), "\x09").netIf(linkEthernet, uint16(9), uint16(1), "\x8a").
				netIf(linkEthernet, uint16(9), uint16(1), "\x0c").netIf(linkEthernet, uint16(9), uint16(1), "\x00", uint16(14), uint16(8), uint64(1000)).
				enhanced(0, s*1e9+7, ethernet).enhanced(1, s*1024+512, ethernet).enhanced(2, 5_000_000_001_999, ethernet).enhanced(3, s-1000, ethernet)
		}, []string{"1700000000000000007 0 e", "1700000000500000000 0 e", "5000000001 0 e", "1700000000000000000 0 e"}, 0},
		{"simple and obsolete packets", func(b *blocks) {
			b.section().netIf(linkEthernet).
				block(blockPacket, uint16(0), uint16(3), int(s*1e6>>32), int(uint32(s*1e6&0xffffffff)), len(ethernet), len(ethernet), ethernet).
				block(blockSimple, len(ethernet), ethernet)
		}, []string{"1700000000000000000 0 e", "1700000000000000000 0 e"}, 3},
		{"a simple packet cut at the snap length", func(b *blocks) {
			b.section().block(blockInterface, uint16(linkEthernet), uint16(0), 14+20+32).block(blockSimple, len(ethernet), ethernet[:len(ethernet)-1])
		}, []string{"0 0 "}, 0},
		{"unknown blocks", func(b *blocks) {
			b.block(blockSection, sectionMagic, 1, -1, -1).block(0x80000001, "private").netIf(linkEthernet).block(4, "names").
				enhanced(0, s*1e6, ethernet).block(0x0bad, make([]byte, 300_000)).enhanced(0, s*1e6, ethernet)
		}, []string{"1700000000000000000 0 e", "1700000000000000000 0 e"}, 0},
		{"a second section of the other byte order, with interfaces of its own", func(b *blocks) {
			b.section().netIf(linkEthernet).enhanced(0, s*1e6, ethernet)
			other := newBlocks(binary.BigEndian)
			if b.order == binary.AppendByteOrder(binary.BigEndian) {
				other.order = binary.LittleEndian
			}
			other.section().netIf(linkSLL2).enhanced(0, s*1e6, cooked)
			b.Write(other.Bytes())
		}, []string{"1700000000000000000 0 e", "1700000000000000000 0 c"}, 0},
		{"drops, by packet and by interface", func(b *blocks) {
			b.section().netIf(linkEthernet).netIf(linkEthernet).
				enhanced(0, s*1e6, ethernet, uint16(1), uint16(2), "hi", uint16(4), uint16(8), uint64(5)).
				enhanced(1, s*1e6, ethernet, uint16(4), uint16(8), uint64(2)).
				block(blockStatistics, 0, 0, 0, uint16(4), uint16(8), uint64(99), uint16(5), uint16(8), uint64(6), uint16(7), uint16(8), uint64(1)).
				section()
		}, []string{"1700000000000000000 0 e", "1700000000000000000 0 e"}, 9},
	}
	for _, c := range tests {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			t.Run(c.name+", "+order.String(), func(t *testing.T) {
				b := newBlocks(order)
				c.file(b)
				src := mustRead(t, b.Bytes(), ReadOptions{})
				segments, damage := readAll(t, src)
				if got := briefly(segments); !slices.Equal(got, c.want) || len(damage) > 0 {
					t.Errorf("%q and %v, want %q", got, damage, c.want)
				}
				if n := src.Counts(); n.KernelDrops != c.drops {
					t.Errorf("%d drops, want %d", n.KernelDrops, c.drops)
				}
			})
		}
	}
}

func TestSecretsComeBeforeThePacketsThatFollowThem(t *testing.T) {
	frame := framed(0x0800, plain4("x"))
	b := newBlocks(binary.LittleEndian).section().netIf(linkEthernet).enhanced(0, 0, frame).
		block(blockSecrets, secretsTLS, 7, "CLIENT ").block(blockSecrets, 0x57474b4c, 4, "wire").enhanced(0, 0, frame)
	var src Source
	var story []string
	src = mustRead(t, b.Bytes(), ReadOptions{Secrets: func(p []byte) { story = append(story, string(p)) }})
	for {
		var s Segment
		if err := src.Next(&s); err != nil {
			story = append(story, err.Error())
			break
		}
		story = append(story, string(s.Payload))
	}
	if want := []string{"x", "CLIENT ", "x", "EOF"}; !slices.Equal(story, want) {
		t.Errorf("%q, want %q", story, want)
	}
}

func gzipped(p []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(p)
	w.Close()
	return b.Bytes()
}

func xzipped(t *testing.T, p []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(p)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCompressedFilesAreKnownByContent(t *testing.T) {
	plain := pcapOf(binary.LittleEndian, false, 0, linkRaw, plain4("a"), plain4("b"))
	b := newBlocks(binary.LittleEndian).section().netIf(linkRaw).enhanced(0, 0, plain4("a")).enhanced(0, 0, plain4("b"))
	for name, file := range map[string][]byte{
		"gzip":            gzipped(plain),
		"xz":              xzipped(t, plain),
		"xz in parts":     slices.Concat(xzipped(t, plain[:50]), make([]byte, 8), xzipped(t, plain[50:])),
		"gzip in xz":      xzipped(t, gzipped(plain)),
		"xz in gzip":      gzipped(xzipped(t, plain)),
		"gzip in parts":   slices.Concat(gzipped(plain[:50]), gzipped(plain[50:])),
		"pcapng in gzip":  gzipped(b.Bytes()),
		"pcapng in xz":    xzipped(t, b.Bytes()),
		"not at all":      plain,
		"gzip four times": gzipped(gzipped(gzipped(plain))),
	} {
		src := mustRead(t, file, ReadOptions{})
		segments, damage := readAll(t, src)
		if len(segments) != 2 || len(damage) != 0 {
			t.Errorf("%s: %d segments and %v, want 2", name, len(segments), damage)
		}
	}
}

func TestWhatIsNoCaptureFileIsRefusedWithAReason(t *testing.T) {
	whole := xzipped(t, pcapOf(binary.LittleEndian, false, 0, linkRaw, plain4("a")))
	bomb := slices.Clone(whole)
	head := bomb[12:][:4*(int(bomb[12])+1)] // of the first block
	head[4] = 40                            // a dictionary of 4 GiB
	binary.LittleEndian.PutUint32(head[len(head)-4:], crc32.ChecksumIEEE(head[:len(head)-4]))
	five := pcapOf(binary.LittleEndian, false, 0, linkRaw)
	for range 5 {
		five = gzipped(five)
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"nothing":                  {nil, "empty"},
		"text":                     {[]byte("GET / HTTP/1.1\r\n"), "neither pcap nor pcapng"},
		"two bytes":                {[]byte("\xd4\xc3"), "neither pcap nor pcapng"},
		"a header cut short":       {pcapOf(binary.LittleEndian, false, 0, 1)[:20], "unexpected EOF"},
		"a gzip header cut short":  {gzipped(nil)[:6], "decompress gzip"},
		"an xz file's head":        {whole[:20], "unexpected EOF"},
		"an xz dictionary of 4 GB": {bomb, "too large"},
		"too many compressions":    {five, "more than 4 times"},
		"an old version":           {append([]byte("\xd4\xc3\xb2\xa1\x02\x00\x03\x00"), make([]byte, 16)...), "version"},
	} {
		_, err := Read(bytes.NewReader(c.file), ReadOptions{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

func TestDamageSaysWhereAndReadingGoesOnWhereItCan(t *testing.T) {
	frame := framed(0x0800, plain4("hello"))
	n := len(frame)
	file := func() []byte { return pcapOf(binary.LittleEndian, false, 0, linkEthernet, frame, frame, frame) }
	huge := file()
	binary.LittleEndian.PutUint32(huge[24+16+n+8:], 0xffffffff)
	tooLong := pcapOf(binary.LittleEndian, false, 0, linkEthernet, frame, make([]byte, maxRecord+1), frame)
	ng := func(change func(b *blocks)) []byte {
		b := newBlocks(binary.LittleEndian).section().netIf(linkEthernet).enhanced(0, 0, frame)
		change(b)
		return b.enhanced(0, 0, frame).Bytes()
	}
	const head = 28 + 20 // of a pcapng file
	block := 32 + (n+3)&^3
	tests := []struct {
		name    string
		file    []byte
		found   int
		offsets []int64
	}{
		{"a pcap cut in a packet", file()[:24+16+n+16+5], 1, []int64{int64(24 + 16 + n)}},
		{"a pcap cut right behind a packet's head", file()[:24+16+n+16], 1, []int64{int64(24 + 16 + n)}},
		{"a pcap cut in a packet's head", file()[:24+16+n+3], 1, []int64{int64(24 + 16 + n)}},
		{"a pcap packet of 4 GiB", huge, 1, []int64{int64(24 + 16 + n)}},
		{"a pcap packet too long, but there", tooLong, 2, []int64{int64(24 + 16 + n)}},
		{"a gzip cut short", gzipped(file())[:60], 0, []int64{24}},
		{"a pcapng cut in a block", ng(func(b *blocks) {})[:head+block+20], 1, []int64{int64(head + block)}},
		{"a pcapng cut in a block's head", ng(func(b *blocks) {})[:head+block+5], 1, []int64{int64(head + block)}},
		{"a pcapng block too long, but there", ng(func(b *blocks) { b.block(77, make([]byte, maxRecord)) }), 2, []int64{int64(head + block)}},
		{"a pcapng block whose lengths differ", ng(func(b *blocks) {
			b.block(77, "1234")
			b.Bytes()[b.Len()-4] = 0
		}), 2, []int64{int64(head + block)}},
		{"a pcapng block of 8 bytes", ng(func(b *blocks) { b.Write([]byte{77, 0, 0, 0, 8, 0, 0, 0}) }), 1, []int64{int64(head + block)}},
		{"a packet of an interface that is not there", ng(func(b *blocks) { b.enhanced(5, 0, frame) }), 2, []int64{int64(head + block)}},
		{"a packet longer than its block", ng(func(b *blocks) { b.block(blockEnhanced, 0, 0, 0, 1000, 1000, frame) }), 2, []int64{int64(head + block)}},
		{"an interface without anything", ng(func(b *blocks) { b.block(blockInterface) }), 2, []int64{int64(head + block)}},
		{"secrets longer than their block", ng(func(b *blocks) { b.block(blockSecrets, secretsTLS, 1000, "x") }), 2, []int64{int64(head + block)}},
		{"a section without byte order", ng(func(b *blocks) { b.block(blockSection, 7, 1, -1, -1) }), 1, []int64{int64(head + block)}},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			segments, damage := readAll(t, mustRead(t, c.file, ReadOptions{}))
			var offsets []int64
			for _, err := range damage {
				var d *DamageError
				errors.As(err, &d)
				offsets = append(offsets, d.Offset)
			}
			if len(segments) != c.found || !slices.Equal(offsets, c.offsets) {
				t.Errorf("%d segments and %v, want %d and damage at %d", len(segments), damage, c.found, c.offsets)
			}
		})
	}
}

// smallFiles are a pcap and a pcapng file with several kinds of packets.
func smallFiles() map[string][]byte {
	packets := append(split4(plain4(strings.Repeat("f", 60)), 40), framed(0x0800, plain4("hello")))
	b := newBlocks(binary.BigEndian).section().netIf(linkRaw).netIf(linkEthernet, uint16(9), uint16(1), "\x09").
		block(blockSecrets, secretsTLS, 7, "CLIENT ").enhanced(0, 1, packets[0]).enhanced(0, 2, packets[1]).
		enhanced(1, 3, vxlanDepth(1), uint16(4), uint16(8), uint64(1)).block(blockSimple, len(packets[0]), packets[0]).
		block(blockStatistics, 1, 0, 0, uint16(5), uint16(8), uint64(6))
	return map[string][]byte{
		"pcap":   pcapOf(binary.LittleEndian, false, 0, linkRaw, packets...),
		"pcapng": b.Bytes(),
	}
}

// readQuietly reads a file of any content. It fails the test only for what must never
// happen.
func readQuietly(t *testing.T, p []byte) Counts {
	t.Helper()
	src, err := Read(bytes.NewReader(p), ReadOptions{Secrets: func([]byte) {}})
	if err != nil {
		return Counts{}
	}
	errs := 0
	for n := 0; n <= len(p); n++ {
		var s Segment
		switch err := src.Next(&s); {
		case err == io.EOF:
			return src.Counts()
		case err != nil:
			if errs++; !errors.As(err, new(*DamageError)) {
				t.Fatalf("Next = %v, want a *DamageError", err)
			}
		}
	}
	t.Fatalf("a file of %d bytes has more packets than bytes", len(p))
	return Counts{}
}

func TestFilesCutAtEveryByteNeverPanicAndTellOfIt(t *testing.T) {
	for name, file := range smallFiles() {
		whole := readQuietly(t, file)
		if whole.Segments == 0 || whole.Malformed > 1 {
			t.Fatalf("%s: %+v", name, whole)
		}
		ends := 0
		for n := range len(file) {
			src, err := Read(bytes.NewReader(file[:n]), ReadOptions{})
			if err != nil {
				continue
			}
			_, damage := readAll(t, src)
			if len(damage) == 0 {
				ends++ // cut between two packets
			}
			if got := src.Counts(); got.Packets > whole.Packets || len(damage) > 1 {
				t.Errorf("%s cut to %d bytes: %+v and %v", name, n, got, damage)
			}
		}
		if ends == 0 || ends > 12 {
			t.Errorf("%s: %d cuts go unnoticed, want those between packets", name, ends)
		}
	}
}

func TestCompressedFilesCutAnywhereTellOfIt(t *testing.T) {
	plain := smallFiles()["pcap"]
	for name, file := range map[string][]byte{"gzip": gzipped(plain), "xz": xzipped(t, plain)} {
		for n := range len(file) {
			src, err := Read(bytes.NewReader(file[:n]), ReadOptions{})
			if err != nil {
				continue
			}
			if _, damage := readAll(t, src); len(damage) == 0 {
				t.Errorf("%s cut to %d of %d bytes: no damage", name, n, len(file))
			}
		}
	}
}

func TestFilesWithAnyBitFlippedNeverPanic(t *testing.T) {
	for _, file := range smallFiles() {
		for i := range len(file) * 8 {
			p := slices.Clone(file)
			p[i/8] ^= 1 << (i % 8)
			readQuietly(t, p)
		}
	}
}

func TestClosedFileSourcesGiveNothing(t *testing.T) {
	src := mustRead(t, pcapOf(binary.LittleEndian, false, 0, linkRaw, plain4("a")), ReadOptions{})
	if err := src.Close(); err != nil {
		t.Error(err)
	}
	var s Segment
	if err := src.Next(&s); err != net.ErrClosed {
		t.Errorf("Next = %v, want net.ErrClosed", err)
	}
}

func TestBothFormsOfOneCaptureHaveTheSameTimes(t *testing.T) {
	data := dataFolder(t)
	var times [2][]int64
	for i, name := range []string{"dhcp-nanosecond.pcap", "dhcp-nanosecond.pcapng"} {
		p, err := os.ReadFile(filepath.Join(data, "wireshark", name))
		if err != nil {
			t.Fatal(err)
		}
		src := mustRead(t, p, ReadOptions{}).(*fileSource)
		for {
			if err := src.file.next(&src.frame); err != nil {
				break
			}
			times[i] = append(times[i], src.frame.time)
		}
	}
	const first = 1102274184317453000 // by tshark
	if len(times[0]) != 4 || !slices.Equal(times[0], times[1]) || times[0][0] != first {
		t.Errorf("times %d and %d, want four equal ones from %d on", times[0], times[1], first)
	}
}

func FuzzRead(f *testing.F) {
	for _, p := range smallFiles() {
		f.Add(p)
		f.Add(gzipped(p))
	}
	f.Fuzz(func(t *testing.T, p []byte) { readQuietly(t, p) })
}
