package session

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/session/identity"
	"github.com/starling-load/starling/record/flow"
)

// A record is what is kept of a flow between the passes. Its bytes are in the order
// of start, and of the number where starts are equal.
type record struct {
	start   int64 // unix nanoseconds
	number  uint64
	name    uint64
	done    time.Duration
	target  identity.Mark
	referer identity.Mark // the page that it comes from; 0: none
	shape   identity.Mark // method and path without what varies
	leads   identity.Mark // where its answer sends the client; 0: nowhere
	node    identity.Node
	carrier uint32
	source  uint32 // address and program of the client
	program uint32 // the same without the address
	is      traits
}

// asks is a mark of what a flow asks for: the target, and the operation where one address
// stands for several.
func (r *record) asks() identity.Mark {
	if r.is&page != 0 {
		return r.target
	}
	return r.target ^ r.shape
}

// traits are what kind of flow a record stands for.
type traits uint32

const (
	page    traits = 1 << iota // a document that the user then looks at
	style                      // others may come from it, but nobody looks at it
	refused                    // answered with a status of 400 to 499
	robot                      // the program calls itself one, or asks for robots.txt
	probe                      // the program calls itself a health check or a monitor
	cold                       // asked for in full, although a client keeps it once it has it
	warm                       // asked for again by who has it
	vague                      // the languages of the program are guessed
	leaves                     // its user logs out
	writes                     // it changes something
	shows                      // it carries what names its user
)

const recordSize = 84

func (r record) append(b []byte) []byte {
	for _, v := range [...]uint64{uint64(r.start) ^ 1<<63, r.number, r.name, uint64(r.done), uint64(r.target), uint64(r.referer), uint64(r.leads), uint64(r.shape)} {
		b = binary.BigEndian.AppendUint64(b, v)
	}
	for _, v := range [...]uint32{uint32(r.node), r.carrier, r.source, r.program, uint32(r.is)} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

func parseRecord(b []byte) record {
	u64 := func(at int) uint64 { return binary.BigEndian.Uint64(b[at:]) }
	u32 := func(at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
	return record{
		start: int64(u64(0) ^ 1<<63), number: u64(8), name: u64(16), done: time.Duration(u64(24)),
		target: identity.Mark(u64(32)), referer: identity.Mark(u64(40)), leads: identity.Mark(u64(48)), shape: identity.Mark(u64(56)),
		node: identity.Node(u32(64)), carrier: u32(68), source: u32(72), program: u32(76), is: traits(u32(80)),
	}
}

func traitsOf(f *flow.Flow) traits {
	var t traits
	switch program := strings.ToLower(f.Request.Headers.Value("User-Agent")); {
	case f.Request.Path() == "/robots.txt", declares(program, "bot", "crawl", "spider", "slurp", "+http"):
		t |= robot
	case declares(program, "probe", "health", "monitor", "uptime", "check_"):
		t |= probe
	}
	if content.Writes(&f.Request) {
		t |= writes
	}
	if f.Response == nil {
		return t
	}
	media, status := f.Response.Headers.Value("Content-Type"), f.Response.Status
	switch {
	case status/100 == 3 && status != 304: // nobody sees it
	case strings.HasPrefix(media, "text/html"), strings.HasPrefix(media, "application/xhtml"),
		status == 401 && f.Response.Headers.Has("Www-Authenticate"),                        // the browser asks for the password
		status == 304 && strings.HasPrefix(f.Request.Headers.Value("Accept"), "text/html"): // its type is that of the answer before
		t |= page
	case strings.HasPrefix(media, "text/css"):
		t |= style
	}
	if status/100 == 4 {
		t |= refused
	}
	switch h := f.Request.Headers; {
	case h.Has("If-None-Match") || h.Has("If-Modified-Since"):
		t |= warm
	case f.Request.Method == "GET" && status == 200 && kept(f.Response.Headers):
		t |= cold
	}
	return t
}

// kept reports whether a client keeps an answer, or asks for it on condition the next
// time (RFC 9111).
func kept(h flow.Headers) bool {
	control := strings.ToLower(h.Value("Cache-Control"))
	if strings.Contains(control, "no-store") {
		return false
	}
	age := strings.Contains(control, "max-age=") && !strings.Contains(control, "max-age=0")
	return age || h.Has("Etag") || h.Has("Last-Modified") || h.Has("Expires")
}

// declares reports whether a program says in its name what it is, as the well-behaved ones
// do. The name is in lower case.
func declares(program string, words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(program, word) })
}
