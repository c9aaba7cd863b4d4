package session

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
	"time"

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
	leads   identity.Mark // where its answer sends the client; 0: nowhere
	node    identity.Node
	carrier uint32
	source  uint32 // address and program of the client
	program uint32 // the same without the address
	is      traits
}

// traits are what kind of flow a record stands for.
type traits uint32

const (
	page    traits = 1 << iota // a document that the user then looks at
	style                      // others may come from it, but nobody looks at it
	refused                    // answered with a status of 400 to 499
	robot                      // the program calls itself one, or asks for robots.txt
	cold                       // asked for in full, although a client keeps it once it has it
	warm                       // asked for again by who has it
	vague                      // the languages of the program are guessed
)

const recordSize = 76

func (r record) append(b []byte) []byte {
	for _, v := range [...]uint64{uint64(r.start) ^ 1<<63, r.number, r.name, uint64(r.done), uint64(r.target), uint64(r.referer), uint64(r.leads)} {
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
		target: identity.Mark(u64(32)), referer: identity.Mark(u64(40)), leads: identity.Mark(u64(48)),
		node: identity.Node(u32(56)), carrier: u32(60), source: u32(64), program: u32(68), is: traits(u32(72)),
	}
}

// A carrier is a connection that flows came over. Flows without a known connection
// have the carrier 0.
type carrier struct {
	peer   uint32 // who opened it: a source without a program
	opened int64  // unix nanoseconds; 0: not known
	flows  uint32
	last   int64 // start of its last flow
	busy   int64 // end of its latest flow so far

	source, client, agent, program uint32 // of its first flow
	roots                          [4]identity.Node
	now                            identity.Node // the user of its latest flow that named one
	mixed                          bool          // it carried requests of users who took turns
	pooled                         bool          // it is one of those on which several users come

	visitor int32 // who uses it; 0: nobody yet
}

// meet takes note of a flow from a source, in the order of start. root is 0 if it names
// nobody. A connection on which address, program or languages change has several users.
func (c *carrier) meet(r *record, from *source, root identity.Node) {
	if c.flows++; c.flows == 1 {
		c.source, c.client, c.agent = r.source, from.client, from.agent
	}
	c.last = r.start
	if c.program == 0 && r.is&vague == 0 {
		c.program = r.program
	}
	c.mixed = c.mixed || c.client != from.client || c.agent != from.agent || r.is&vague == 0 && c.program != r.program
	if root == 0 || root == c.now {
		return
	}
	c.now = root
	for i := range c.roots {
		switch c.roots[i] {
		case root:
			c.mixed = true // it came back
			return
		case 0:
			c.roots[i] = root
			return
		}
	}
	c.mixed = true // more users than one browser has
}

// A source is an address, a program, or both.
type source struct {
	address bool   // the address tells clients apart
	client  uint32 // the address alone
	agent   uint32 // the name of the program alone
	peer    uint32 // whose address it is; 0: a proxy has named it
	flows   uint32
	coming  uint32 // of them, from a page
	direct  uint32 // connections of its own that name nobody
	sent    uint32 // flows on them
}

// carriers are all connections, and where they come from.
type carriers struct {
	identity.Marks
	list    []carrier
	at      map[identity.Mark]uint32
	sources []source
	index   map[identity.Mark]uint32
	clients int // different pairs of address and program

	// Some requests lack the languages that their user reads. They are those of the
	// latest request of a program of this name.
	languages map[identity.Mark]string
}

func newCarriers(m identity.Marks) *carriers {
	return &carriers{
		Marks: m, list: make([]carrier, 1), at: map[identity.Mark]uint32{}, sources: make([]source, 1), index: map[identity.Mark]uint32{},
		languages: map[identity.Mark]string{},
	}
}

func (c *carriers) source(m identity.Mark) uint32 {
	n, known := c.index[m]
	if !known {
		n = uint32(len(c.sources))
		c.index[m] = n
		c.sources = append(c.sources, source{})
	}
	return n
}

// maxPrograms is the number of programs whose languages are remembered.
const maxPrograms = 4096

// see makes the record of a flow, without its node.
func (c *carriers) see(f *flow.Flow, conns *Conns, home string) record {
	r := record{start: unixNano(f.Start), number: f.Number, done: max(0, f.Done), target: c.Of("target", f.Request.Target)}
	peer, opened := conns.of(f.Conn)
	c.identify(&r, f.Request.Headers, peer)
	if target, own := referer(&f.Request, home); own {
		r.referer = c.Of("target", target)
	}
	if target, ok := redirected(f); ok {
		r.leads = c.Of("target", target)
	}
	r.is |= traitsOf(f)
	if f.Conn == 0 {
		return r
	}
	at := c.Of(connMark, strconv.FormatUint(f.Conn, 10))
	n, met := c.at[at]
	if !met {
		n = uint32(len(c.list))
		c.at[at] = n
		c.list = append(c.list, carrier{opened: opened, peer: c.source(c.Of("peer", peer.String()))})
	}
	r.carrier = n
	return r
}

// identify fills in the source and the program of a request.
func (c *carriers) identify(r *record, h flow.Headers, peer netip.Addr) {
	client, from := forwarded(h), uint32(0)
	if !client.IsValid() {
		client, from = peer, c.source(c.Of("peer", peer.String()))
	}
	agent, languages := h.Value("User-Agent"), h.Value("Accept-Language")
	at := c.Of("agent", agent)
	if languages == "" {
		languages = c.languages[at]
		r.is |= vague
	} else if _, known := c.languages[at]; known || len(c.languages) < maxPrograms {
		c.languages[at] = languages
	}
	r.program = c.source(c.Of("program", agent, languages))
	known := len(c.sources)
	if r.source = c.source(c.Of("source", client.String(), agent, languages)); len(c.sources) > known {
		c.clients++
	}
	s := source{client: c.source(c.Of("client", client.String())), agent: c.source(at), peer: from, address: client.IsValid() && client != local}
	if old := &c.sources[r.source]; old.client == 0 {
		*old = s
	}
}

// meet takes note of a flow, in the order of start. root is 0 if it names nobody.
func (c *carriers) meet(r *record, root identity.Node) {
	c.list[r.carrier].meet(r, &c.sources[r.source], root)
	for _, n := range [...]uint32{r.source, r.program} {
		c.sources[n].flows++
		if r.referer != 0 {
			c.sources[n].coming++
		}
	}
}

// settle decides which connections several users share, and whether addresses tell
// clients apart. It is called after the last flow was met.
func (c *carriers) settle() {
	type proxy struct{ several, mixed int }
	peers := map[uint32]proxy{}
	for i := range c.list[1:] {
		l := &c.list[i+1]
		p := peers[l.peer]
		if l.flows > 1 {
			p.several++
		}
		if l.mixed {
			p.mixed++
		}
		peers[l.peer] = p
	}
	pools := func(peer uint32) bool { return peers[peer].mixed > 0 && 2*peers[peer].mixed >= peers[peer].several }
	for i := range c.list[1:] {
		l := &c.list[i+1]
		if l.pooled = l.mixed || pools(l.peer); l.pooled || l.roots[0] != 0 {
			continue
		}
		for _, n := range [...]uint32{l.source, l.program} {
			c.sources[n].direct++
			c.sources[n].sent += l.flows
		}
	}
	clients := map[uint32]bool{}
	for i := range c.sources {
		s := &c.sources[i]
		if s.address = s.address && (s.peer == 0 || !pools(s.peer)); s.address {
			clients[s.client] = true
		}
	}
	if len(clients) < 2 {
		for i := range c.sources {
			c.sources[i].address = false
		}
	}
}

// connMark is the kind of the marks of connections.
const connMark = "conn"

func traitsOf(f *flow.Flow) traits {
	var t traits
	if declared(f.Request.Headers.Value("User-Agent")) || f.Request.Path() == "/robots.txt" {
		t |= robot
	}
	if f.Response == nil {
		return t
	}
	media, status := f.Response.Headers.Value("Content-Type"), f.Response.Status
	switch {
	case status/100 == 3 && status != 304: // nobody sees it
	case strings.HasPrefix(media, "text/html"), strings.HasPrefix(media, "application/xhtml"),
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

// declared reports whether a program calls itself a robot, as the well-behaved ones do.
func declared(program string) bool {
	p := strings.ToLower(program)
	for _, word := range [...]string{"bot", "crawl", "spider", "slurp", "+http"} {
		if strings.Contains(p, word) {
			return true
		}
	}
	return false
}
