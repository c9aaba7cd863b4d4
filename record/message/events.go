package message

import (
	"bytes"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// Events finds the events in the body of an event stream (WHATWG HTML, section
// 9.2): blocks of lines that end with an empty one. The data of an event are its
// lines, each ended by LF but for the last. Comments alone are no event.
type Events struct {
	limit  int
	emit   Emit
	block  buffer // lines so far, each with LF
	line   int64  // bytes of the current line
	fields bool   // some line of the block is not a comment
	cr     bool   // the last byte was CR: an LF belongs to it
}

// NewEvents makes a parser that gives at most limit bytes of each event to emit.
func NewEvents(limit int, emit Emit) *Events { return &Events{limit: limit, emit: emit} }

// Feed takes the next bytes, which passed at the offset at. It keeps none of p.
func (e *Events) Feed(p []byte, at time.Duration) {
	for len(p) > 0 {
		if e.cr && p[0] == '\n' {
			e.cr, p = false, p[1:]
			continue
		}
		e.cr = false
		n := bytes.IndexAny(p, "\r\n")
		if n < 0 {
			e.part(p)
			return
		}
		e.part(p[:n])
		e.cr = p[n] == '\r'
		p = p[n+1:]
		e.endLine(at)
	}
}

// part takes bytes of the current line.
func (e *Events) part(p []byte) {
	if len(p) == 0 {
		return
	}
	if e.line == 0 && p[0] != ':' {
		e.fields = true
	}
	e.line += int64(len(p))
	e.block.add(p, e.limit)
}

func (e *Events) endLine(at time.Duration) {
	if e.line > 0 {
		e.line = 0
		e.block.add([]byte{'\n'}, e.limit)
		return
	}
	if e.fields {
		data := e.block.data
		if e.block.whole() {
			data = data[:len(data)-1] // the LF of the last line
		}
		e.emit(at, flow.MessageEvent, data, e.block.size-1)
	}
	e.block.reset()
	e.fields = false
}
