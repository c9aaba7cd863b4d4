package mitm

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/loose"
)

// A tnetstring is LENGTH:PAYLOAD and a letter for its type
// (tnetstrings.info; ';' is mitmproxy's own, text beside bytes).

const (
	// depth bounds how deep lists and dictionaries nest.
	depth = 32

	// values bounds the values in one entry: the smallest has three bytes
	// in the file and some thirty in memory.
	values = 1 << 20
)

var (
	errTnet = errors.New("not a tnetstring")
	errDeep = errors.New("nested too deeply")
	errMany = fmt.Errorf("more than %d values", values)
)

// length reads LENGTH and the colon.
func length(r *bufio.Reader) (int64, error) {
	var digits []byte
	for {
		c, err := r.ReadByte()
		if err != nil {
			if len(digits) == 0 {
				return 0, err
			}
			return 0, loose.Cut(err)
		}
		switch {
		case c == ':' && len(digits) > 0:
			return strconv.ParseInt(string(digits), 10, 64)
		case c < '0' || c > '9' || len(digits) == 12:
			return 0, errTnet
		}
		digits = append(digits, c)
	}
}

// readTnet reads the next top-level value, and io.EOF after the last. It passes over a
// value longer than convert.MaxEntry and returns convert.ErrTooLong.
func readTnet(r *bufio.Reader) (any, error) {
	n, err := length(r)
	if err != nil {
		return nil, err
	}
	if n > convert.MaxEntry {
		if _, err := io.CopyN(io.Discard, r, n+1); err != nil {
			return nil, loose.Cut(err)
		}
		return nil, convert.ErrTooLong
	}
	b, err := readN(r, int(n)+1)
	if err != nil {
		return nil, loose.Cut(err)
	}
	return new(parser).value(b[:n], b[n], depth)
}

// readN reads n bytes. It allocates memory as they come, since n may be wrong.
func readN(r io.Reader, n int) ([]byte, error) {
	var b []byte
	for len(b) < n {
		part := make([]byte, min(n-len(b), max(64<<10, len(b))))
		k, err := io.ReadFull(r, part)
		b = append(b, part[:k]...)
		if err != nil {
			return b, err
		}
	}
	return b, nil
}

// A parser decodes one entry and counts its values.
type parser struct{ values int }

// value decodes a payload: []byte for bytes and text, int64, float text as
// float, bool, nil, []any and map[string]any. Bytes are part of payload.
func (p *parser) value(payload []byte, kind byte, depth int) (any, error) {
	if p.values++; p.values > values {
		return nil, errMany
	}
	if depth == 0 {
		return nil, errDeep
	}
	switch kind {
	case ',', ';':
		return payload, nil
	case '#':
		n, err := strconv.ParseInt(string(payload), 10, 64)
		if err != nil {
			return nil, errTnet
		}
		return n, nil
	case '^':
		if len(payload) > 64 {
			return nil, errTnet
		}
		return float(payload), nil
	case '!':
		return string(payload) == "true", nil
	case '~':
		return nil, nil
	case ']':
		list := []any{}
		for len(payload) > 0 {
			v, rest, err := p.next(payload, depth)
			if err != nil {
				return nil, err
			}
			list, payload = append(list, v), rest
		}
		return list, nil
	case '}':
		return p.dict(payload, depth)
	}
	return nil, fmt.Errorf("%w: %q is not a type", errTnet, kind)
}

func (p *parser) dict(payload []byte, depth int) (any, error) {
	dict := map[string]any{}
	for len(payload) > 0 {
		k, rest, err := p.next(payload, depth)
		if err != nil {
			return nil, err
		}
		key, ok := k.([]byte)
		if !ok || len(rest) == 0 {
			return nil, errTnet
		}
		v, rest, err := p.next(rest, depth)
		if err != nil {
			return nil, err
		}
		dict[string(key)], payload = v, rest
	}
	return dict, nil
}

// next decodes the value at the beginning of b.
func (p *parser) next(b []byte, depth int) (v any, rest []byte, err error) {
	colon := 0
	for colon < len(b) && colon <= 12 && b[colon] != ':' {
		colon++
	}
	if colon >= len(b) || b[colon] != ':' {
		return nil, nil, errTnet
	}
	n, err := strconv.ParseUint(string(b[:colon]), 10, 40)
	b = b[colon+1:]
	if err != nil || n >= uint64(len(b)) {
		return nil, nil, errTnet
	}
	v, err = p.value(b[:n], b[n], depth-1)
	return v, b[n+1:], err
}

// A float is a number as it is written: a float64 would round Unix times.
type float string
