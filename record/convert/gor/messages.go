package gor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/compose"
	"github.com/starling-load/starling/record/convert/wire"
	"github.com/starling-load/starling/record/http1"
)

// messages takes a record apart: it holds several messages where the line and the
// separator between them are missing.
func (g *importer) messages(h half) error {
	if h.kind == '3' {
		return g.s.Skip(h.place(), fmt.Errorf("%w: a response to replayed traffic", convert.ErrOther))
	}
	if h.open {
		if err := g.doubt(&h, "no separator ends the record; it was read by its own length"); err != nil {
			return err
		}
	}
	found := h
	for rest := h.raw; ; found.number++ {
		more, interim := next(rest, h.kind)
		if interim {
			rest, found.number = more, found.number-1
			continue
		}
		found.raw = rest[:len(rest)-len(more)]
		if err := g.record(found); err != nil {
			return err
		}
		if len(more) == 0 {
			break
		}
		rest = more
	}
	switch {
	case found.number == 1:
		return g.doubt(&h, "one more message follows in it without a separator; it was read with the time of the first")
	case found.number > 1:
		return g.doubt(&h, fmt.Sprintf("%d more messages follow in it without separators; they were read with the time of the first", found.number))
	}
	return nil
}

// next returns what follows the first message of raw if it is a message of that kind,
// and whether the first is an interim response to the same request.
func next(raw []byte, kind byte) (more []byte, interim bool) {
	m, err := wire.Parse(raw)
	if err != nil {
		return nil, false
	}
	if more = bytes.TrimLeft(m.Excess(), "\r\n"); len(more) == 0 {
		return nil, false
	}
	if behind, err := wire.Parse(more); err != nil || (behind.Status == 0) != (kind == '1') || behind.Version == "" {
		return nil, false
	}
	return more, m.Status/100 == 1 && m.Status != http.StatusSwitchingProtocols
}

// isDocument reports whether a body is an object or a list of JSON. Of one that is cut off
// the end is missing.
func isDocument(body []byte) bool {
	body = bytes.TrimLeft(body, " \t\r\n")
	return len(body) > 0 && (body[0] == '{' || body[0] == '[') && json.Valid(body)
}

// parse reads a message of a kind, and repairs what people and tools damage in it: a
// head without an end, and a body that has another length than the head says. note
// says what was wrong, "" for nothing.
func parse(raw []byte, kind byte) (m wire.Message, note string, err error) {
	m, err = wire.Parse(raw)
	if err == http1.ErrMore {
		m, err = wire.Parse(append(bytes.TrimRight(raw, "\r\n"), "\r\n\r\n"...))
		note = "its head is cut off; the lines that are there were read"
	}
	if err != nil || (m.Status == 0) != (kind == '1') {
		return m, "", wire.ErrHead
	}
	excess := m.Excess()
	switch said, has := wire.ContentLength(m.Headers), len(m.Content); {
	case said > int64(has) && isDocument(m.Content):
		m.Headers = compose.SetHeader(m.Headers, "Content-Length", strconv.Itoa(has))
		note = fmt.Sprintf("its body has %d bytes, and its head says %d; the body is whole JSON, so the length was corrected", has, said)
	case len(excess) == 0:
	case wire.Chunked(m.Headers):
		note = fmt.Sprintf("%d bytes behind the last chunk of its body were left out", len(excess))
	case said >= 0:
		m.Headers = compose.SetHeader(m.Headers, "Content-Length", strconv.Itoa(has))
		note = fmt.Sprintf("its body has %d bytes, and its head says %d; the length was corrected", has, said)
	case m.Status == 0:
		note = fmt.Sprintf("its head tells no length, and %d bytes follow; they were taken as the body", has)
	}
	return m, note, nil
}
