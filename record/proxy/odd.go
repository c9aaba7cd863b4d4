package proxy

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// mendable are the liberties of answers that browsers take, but the transport does not
// or takes otherwise.
const mendable = http1.Folded | http1.NoColon | http1.BadName | http1.Control | http1.OddLine | http1.TwoLengths | http1.BothFrames

// mended returns the head of an answer in b as the transport takes it: each field in one
// line, without control characters, and with one way to find the end of the body. Lines
// that are no fields, and fields whose names are no tokens, are not in it. A head without
// liberties is returned as it is.
//
// An answer with a Content-Length beside Transfer-Encoding is the last of its connection
// (RFC 9112, section 6.3).
func mended(head *http1.Head, b []byte, method string) []byte {
	body := head.ResponseBody(method)
	_, coded := head.Value(b, "transfer-encoding")
	uncoded := coded && body.Body != http1.Chunked && !body.Coded // "identity"
	if head.Odd&mendable == 0 && !uncoded {
		return b
	}
	out := http1.AppendStatusLine(nil, head.Version(), head.Status, clean(head.Reason.Bytes(b)))
	sized := false
	for _, f := range head.Fields {
		name, value := string(f.Name.Bytes(b)), clean([]byte(http1.Unfold(string(f.Value.Bytes(b)))))
		switch {
		case !http1.IsToken(name), uncoded && strings.EqualFold(name, "Transfer-Encoding"):
			continue
		case !strings.EqualFold(name, "Content-Length"):
		case head.Odd&http1.BothFrames != 0, sized && body.Body == http1.Sized:
			continue
		case body.Body == http1.Sized:
			value, sized = strconv.FormatInt(body.Length, 10), true
		}
		out = http1.AppendField(out, name, value)
	}
	if head.Odd&http1.BothFrames != 0 {
		out = http1.AppendField(out, "Connection", "close")
	}
	return http1.AppendEnd(out)
}

// clean replaces control characters by spaces.
func clean(text []byte) string {
	out := bytes.Clone(text)
	for i, c := range out {
		if c < ' ' && c != '\t' || c == 0x7f {
			out[i] = ' '
		}
	}
	return string(out)
}

// An oddLine says what becomes of a line of a head that takes liberties.
type oddLine uint8

const (
	lineField oddLine = iota // it is a field
	lineAlone                // it is none, and passes to HTTP/1 clients as it is
	lineJoins                // it is left out: the empty line, or part of a field that was unfolded
)

// lineOf looks at a line behind the first one.
func lineOf(line string) oddLine {
	name, _, colon := strings.Cut(line, ":")
	switch {
	case line == "", line[0] == ' ', line[0] == '\t':
		return lineJoins
	case !colon || !http1.IsToken(strings.Trim(name, " \t")):
		return lineAlone
	}
	return lineField
}

// noteOdd counts the liberties of an answer. Bytes in lines that are no fields are not in
// its flow.
func (x *exchange) noteOdd(h *wireHead) {
	if h.odd == 0 || x.skip {
		return
	}
	x.p.n.oddHeads.Add(1)
	x.p.n.odd.Or(uint32(h.odd))
	if h.skipped > 0 {
		x.p.o.Sink.Loss(&flow.Loss{At: x.f.Start, Reason: flow.LossUnparsed, Bytes: uint64(h.skipped)})
	}
}
