package client

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

const (
	// maxFields bounds the fields of a head, which cost more memory than their bytes.
	maxFields = 4096

	// maxInterim bounds the 1xx answers before an answer.
	maxInterim = 100

	// readSize is the size of a scratch's buffer, in bytes; one that has grown
	// beyond maxScratch is not used again.
	readSize   = 8 << 10
	maxScratch = 64 << 10
)

// answerRules say which heads of answers are accepted: those that browsers accept.
var answerRules = http1.Rules{MaxHead: maxHead, MaxLine: maxHead, MaxFields: maxFields, Refuse: http1.Control}

// A scratch holds the buffers of one HTTP/1 exchange and the place in its answer.
//
//	in:  | taken | pos: not yet looked at | end: free |
type scratch struct {
	from      io.Reader
	firstByte time.Time // of the answer

	out      []byte // the request
	unsent   bool   // the request could not be written whole
	in       []byte
	pos, end int

	head  http1.Head
	size  int // of the head, at in[pos-size:pos] until the next read
	frame http1.Framing
	left  int64 // of a sized body
	coded http1.Chunks

	tail   []byte     // trailer section
	fields http1.Head // of the trailers
}

// scratches keeps buffers for reuse. It is safe for concurrent use.
type scratches struct {
	pool   sync.Pool
	chunks sync.Pool // of *chunk
}

// A chunk is memory that a body passes through.
type chunk [16 << 10]byte

func (p *scratches) takeChunk() *chunk {
	if c, _ := p.chunks.Get().(*chunk); c != nil {
		return c
	}
	return new(chunk)
}

func (p *scratches) giveChunk(c *chunk) { p.chunks.Put(c) }

func (p *scratches) take(from io.Reader) *scratch {
	s, _ := p.pool.Get().(*scratch)
	if s == nil {
		s = &scratch{in: make([]byte, readSize)}
	}
	s.from = from
	return s
}

func (p *scratches) give(s *scratch) {
	if len(s.in) > maxScratch || cap(s.out) > maxScratch || cap(s.head.Fields) > 512 || cap(s.tail) > maxScratch {
		return
	}
	*s = scratch{in: s.in, out: s.out[:0], tail: s.tail[:0], head: http1.Head{Fields: s.head.Fields[:0]},
		fields: http1.Head{Fields: s.fields.Fields[:0]}}
	p.pool.Put(s)
}

// readHead reads the head of the final answer into s.head. interim is called for
// each answer 1xx before it.
func (s *scratch) readHead(interim func(status int)) error {
	for range maxInterim {
		if err := s.readOneHead(); err != nil {
			return err
		}
		if s.head.Status >= 200 || s.head.Status == 101 {
			return nil
		}
		interim(s.head.Status)
	}
	return errInterimFlood
}

var errInterimFlood = named(interimFlood, errors.New("the target sends interim answers without end"))

func (s *scratch) readOneHead() error {
	seen := 0
	for {
		n, err := s.head.ParseResponse(s.in[s.pos:s.end], seen, answerRules)
		if err == nil {
			s.size = n
			s.pos += n
			return nil
		}
		if err != http1.ErrMore {
			return err
		}
		seen = s.end - s.pos
		if err := s.more(); err != nil {
			if err == io.EOF && seen > 0 {
				return io.ErrUnexpectedEOF
			}
			return err
		}
	}
}

// more reads further bytes behind those that are there. It makes room for them.
func (s *scratch) more() error {
	if s.pos > 0 {
		copy(s.in, s.in[s.pos:s.end])
		s.pos, s.end = 0, s.end-s.pos
	}
	if s.end == len(s.in) {
		s.in = append(s.in, make([]byte, len(s.in))...)
	}
	return s.read(s.in[s.end:])
}

// refill reads the next bytes when all earlier ones are taken.
func (s *scratch) refill() error {
	s.pos, s.end = 0, 0
	return s.read(s.in)
}

// read reads into p, which is free space at the end of in.
func (s *scratch) read(p []byte) error {
	for range 100 { // a reader may give nothing for a while, but not for ever
		n, err := s.from.Read(p)
		if n > 0 {
			if s.firstByte.IsZero() {
				s.firstByte = time.Now()
			}
			s.end += n
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// fill copies status and fields of the head into resp. It must be called before
// the next read.
func (s *scratch) fill(resp *Response) {
	resp.Status, resp.Protocol = s.head.Status, s.head.Version()
	resp.Headers = fieldsOf(&s.head, s.in[s.pos-s.size:s.pos])
}

// fieldsOf returns the fields of a head that was parsed from b.
func fieldsOf(h *http1.Head, b []byte) flow.Headers {
	if len(h.Fields) == 0 {
		return nil
	}
	text := string(b)
	out := make(flow.Headers, len(h.Fields))
	for i, f := range h.Fields {
		out[i] = flow.Header{Name: f.Name.Text(text), Value: http1.Unfold(f.Value.Text(text))}
	}
	return out
}

// begin prepares to read the body of the answer to a request with method.
func (s *scratch) begin(method string) {
	s.frame = s.head.ResponseBody(method)
	s.left = s.frame.Length
	s.coded = http1.Chunks{}
	s.tail = s.tail[:0]
}

// next returns the next bytes of the body, valid until the next call, or io.EOF
// at its end.
func (s *scratch) next() ([]byte, error) {
	switch s.frame.Body {
	case http1.Sized:
		return s.nextSized()
	case http1.Chunked:
		return s.nextChunked()
	case http1.ToClose:
		if s.empty() {
			if err := s.refill(); err != nil {
				return nil, err
			}
		}
		return s.taken(s.end - s.pos), nil
	}
	return nil, io.EOF
}

func (s *scratch) nextSized() ([]byte, error) {
	if s.left == 0 {
		return nil, io.EOF
	}
	if err := s.some(); err != nil {
		return nil, err
	}
	p := s.taken(int(min(s.left, int64(s.end-s.pos))))
	s.left -= int64(len(p))
	return p, nil
}

func (s *scratch) nextChunked() ([]byte, error) {
	for !s.coded.Done() {
		if err := s.some(); err != nil {
			return nil, err
		}
		data, trailer, rest, err := s.coded.Next(s.in[s.pos:s.end])
		s.pos = s.end - len(rest)
		if err != nil {
			if err == http1.LongLine {
				err = http1.BadChunk
			}
			return nil, err
		}
		s.tail = append(s.tail, trailer...)
		if len(data) > 0 {
			return data, nil
		}
	}
	return nil, io.EOF
}

// some makes sure that at least one byte is there. The body still needs some, so the
// end of the connection is an error.
func (s *scratch) some() error {
	if !s.empty() {
		return nil
	}
	err := s.refill()
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// taken takes the next n bytes.
func (s *scratch) taken(n int) []byte {
	p := s.in[s.pos : s.pos+n]
	s.pos += n
	return p
}

// empty reports whether all bytes that were read are taken.
func (s *scratch) empty() bool { return s.pos == s.end }

// trailers returns the fields behind a chunked body.
func (s *scratch) trailers() flow.Headers {
	if len(bytes.TrimSpace(s.tail)) == 0 {
		return nil
	}
	if _, err := s.fields.ParseTrailer(s.tail, answerRules); err != nil {
		return nil
	}
	return fieldsOf(&s.fields, s.tail)
}
