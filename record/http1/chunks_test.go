package http1_test

import (
	"strings"
	"testing"

	"github.com/starling-load/starling/record/http1"
)

func TestChunks(t *testing.T) {
	long := strings.Repeat("x", 70<<10)
	for _, c := range []struct {
		name, body, data, trailer string
		rest                      int // bytes that are not taken
		err                       error
	}{
		{name: "one chunk", body: "5\r\nhello\r\n0\r\n\r\n", data: "hello", trailer: "\r\n"},
		{name: "no chunk", body: "0\r\n\r\n", trailer: "\r\n"},
		{name: "two, and what follows", body: "1\r\na\r\n2\r\nbc\r\n0\r\n\r\nHTTP/1.1", data: "abc", trailer: "\r\n", rest: 8},
		{name: "digits of both cases, zeros first", body: "00a\r\n0123456789\r\nB\r\n0123456789a\r\n000\r\n\r\n", data: "01234567890123456789a", trailer: "\r\n"},
		{name: "line ends in the data", body: "4\r\n\r\n0\r\r\n0\r\n\r\n", data: "\r\n0\r", trailer: "\r\n"},
		{name: "extensions", body: "5;a=\"b\";c\r\nhello\r\n1 ; x\r\n!\r\n0;last\r\n\r\n", data: "hello!", trailer: "\r\n"},
		{name: "a CR in an extension", body: "5;a\rb\r\nhello\r\n0\r\n\r\n", data: "hello", trailer: "\r\n"},
		{name: "blanks around a size", body: " \t5 \t\r\nhello\r\n0\r\n\r\n", data: "hello", trailer: "\r\n"},
		{name: "line feeds alone", body: "5\nhello\n0\n\n", data: "hello", trailer: "\n"},
		{name: "trailers", body: "0\r\nA: b\r\nC: d\r\n\r\nx", trailer: "A: b\r\nC: d\r\n\r\n", rest: 1},
		{name: "a trailer line that begins with CR", body: "0\r\n\rA\r\n\r\n", trailer: "\rA\r\n\r\n"},
		{name: "a trailer line of one byte", body: "0\nA\nB: c\n\n", trailer: "A\nB: c\n\n"},
		{name: "an extension at its limit", body: "1;" + long[:4094] + "\r\na\r\n0\r\n\r\n", data: "a", trailer: "\r\n"},
		{name: "trailers at their limit", body: "0\r\n" + long[:64<<10-4] + "\r\n\r\n", trailer: long[:64<<10-4] + "\r\n\r\n"},

		{name: "no size", body: "\r\nhello", rest: 7, err: http1.BadChunk},
		{name: "an extension alone", body: ";a\r\n", rest: 4, err: http1.BadChunk},
		{name: "a size that is none", body: "1\r\na\r\n5g\r\n", data: "a", rest: 3, err: http1.BadChunk},
		{name: "a negative size", body: "-1\r\n", rest: 4, err: http1.BadChunk},
		{name: "a sign", body: "+1\r\n", rest: 4, err: http1.BadChunk},
		{name: "a prefix", body: "0x1\r\n", rest: 4, err: http1.BadChunk},
		{name: "an underscore", body: "1_0\r\n", rest: 4, err: http1.BadChunk},
		{name: "two sizes", body: "1 0\r\n", rest: 3, err: http1.BadChunk},
		{name: "CR alone", body: "5\rhello", rest: 5, err: http1.BadChunk},
		{name: "CR twice", body: "5\r\r\nhello", rest: 7, err: http1.BadChunk},
		{name: "NUL", body: "5\x00\r\n", rest: 3, err: http1.BadChunk},
		{name: "the largest size", body: "7fffffffffffffff\r\nabc", data: "abc"},
		{name: "a size past counting", body: "8000000000000000\r\n", rest: 3, err: http1.BadChunk},
		{name: "a longer chunk than its size", body: "2\r\nabc\r\n", data: "ab", rest: 3, err: http1.BadChunk},
		{name: "CR alone behind a chunk", body: "2\r\nab\r1\r\n", data: "ab", rest: 3, err: http1.BadChunk},
		{name: "a size of zeros without end", body: strings.Repeat("0", 5000), rest: 5000 - 4096, err: http1.LongLine},
		{name: "an extension above its limit", body: "1;" + long[:4096] + "\r\na", rest: 4, err: http1.LongLine},
		{name: "an extension without end", body: "1;" + long[:5000], rest: 905, err: http1.LongLine},
		{name: "trailers above their limit", body: "0\r\n" + long[:64<<10-3] + "\r\n\r\n", trailer: long[:64<<10-3] + "\r\n\r", rest: 1, err: http1.LongTrailer},
		{name: "many trailers", body: "0\r\n" + strings.Repeat("a:b\r\n", 20000), trailer: strings.Repeat("a:b\r\n", 20000)[:64<<10], rest: 100000 - 64<<10, err: http1.LongTrailer},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := decoded{data: c.data, trailer: c.trailer, taken: len(c.body) - c.rest, done: c.err == nil && c.trailer != "", err: c.err}
			for _, size := range []int{1, 2, 3, 7, 1 << 20} {
				if got := decode([]byte(c.body), size); got != want {
					t.Errorf("%.100q in pieces of %d:\n%+.300v\nwant\n%+.300v", c.body, size, got, want)
				}
			}
		})
	}
}

func TestAHoleInAChunkIsPassedOver(t *testing.T) {
	var c http1.Chunks
	data, _, rest, err := c.Next([]byte("9\r\nabc"))
	if string(data) != "abc" || len(rest) > 0 || err != nil || c.Left() != 6 {
		t.Fatalf("%q, %q, %v, %d left", data, rest, err, c.Left())
	}
	c.Skip(2)
	data, _, rest, err = c.Next([]byte("fghi\r\n0\r\n\r\n"))
	if string(data) != "fghi" || string(rest) != "\r\n0\r\n\r\n" || err != nil || c.Left() != 0 {
		t.Fatalf("%q, %q, %v, %d left", data, rest, err, c.Left())
	}
	if _, _, rest, err = c.Next(rest); len(rest) > 0 || err != nil || !c.Done() {
		t.Fatalf("%q, %v, done %v", rest, err, c.Done())
	}
	c = http1.Chunks{}
	c.Next([]byte("3\r\na"))
	c.Skip(2)
	if _, _, rest, err := c.Next([]byte("\r\n0\r\n\r\n")); len(rest) > 0 || err != nil || !c.Done() {
		t.Errorf("a hole up to the end of a chunk: %q, %v, done %v", rest, err, c.Done())
	}
}

func TestBytesOfAnUnfinishedLineAreCounted(t *testing.T) {
	for body, want := range map[string]int{"": 0, "12": 2, "12;a": 4, "12\r": 3, "1\r\n": 0, "1\r\na": 0, "1\r\na\r": 1, "1\r\na\r\n": 0, "0\r\nA: b": 4, "0\r\nA: b\r\n\r": 1} {
		var c http1.Chunks
		for p := []byte(body); len(p) > 0; {
			_, _, p, _ = c.Next(p)
		}
		if c.Pending() != want {
			t.Errorf("%q: %d, want %d", body, c.Pending(), want)
		}
	}
}

// FuzzChunks decodes arbitrary bytes. Where they are cut makes no difference, nothing is
// returned that was not there, and what was appended as chunks comes back.
func FuzzChunks(f *testing.F) {
	f.Add([]byte("5;x\r\nhello\r\n0\r\nA: b\r\n\r\nnext"), uint8(3))
	f.Add([]byte("5\nhello\n00\n\n"), uint8(1))
	f.Fuzz(func(t *testing.T, body []byte, size uint8) {
		whole := decode(body, len(body)+1)
		if whole.taken > len(body) || len(whole.data)+len(whole.trailer) > whole.taken {
			t.Errorf("%q: %+v", body, whole)
		}
		for _, n := range []int{1, int(size) + 1} {
			if got := decode(body, n); got != whole {
				t.Errorf("%q in pieces of %d:\n%+v\nwhole:\n%+v", body, n, got, whole)
			}
		}
		coded := http1.AppendEnd(http1.AppendLastChunk(http1.AppendChunk(nil, body)))
		if got := decode(coded, int(size)+1); got.data != string(body) || !got.done || got.taken != len(coded) {
			t.Errorf("%q came back as %+v", body, got)
		}
	})
}
