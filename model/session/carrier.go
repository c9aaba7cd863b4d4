package session

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/starling-load/starling/model/session/identity"
	"github.com/starling-load/starling/model/session/origin"
	"github.com/starling-load/starling/record/flow"
)

// A carrier is a connection that flows came over. Flows without a known connection
// have the carrier 0.
type carrier struct {
	peer    uint32 // who opened it: a source without a program
	process uint32 // that opened it; 0: not known
	opened  int64  // unix nanoseconds; 0: not known
	host    identity.Mark
	flows   uint32
	since   int64 // start of its first flow
	last    int64 // start of its last flow
	busy    int64 // end of its latest flow so far

	source, client, agent, named uint32 // of its first flow
	program                      uint32 // of the first that says its languages
	roots                        [4]identity.Node
	now                          identity.Node // the user of its latest flow that named one
	mixed                        bool          // it carried requests of users who took turns
	pooled                       bool          // it is one of those on which several users come

	ties  [8]tie   // to connections of the same browser
	cold  [8]fetch // the first of what its client keeps
	colds uint8
	own   uint32 // weight of what came from a page on the connection itself
	with  uint32 // the connection that stands for all of a browser
	by    int32  // on that: the visitor who uses them; 0: nobody yet
}

// A tie says how much speaks for a browser that uses one connection using another too.
type tie struct{ carrier, weight uint32 }

// A fetch is an asset that a client keeps, and when it fetched it.
type fetch struct {
	asset  uint32 // of its mark
	second int32  // unix; it wraps
}

// wholeTie is the weight of a tie for which a flow speaks without doubt. If there are
// several that it may come from, they share it.
const wholeTie = 24

// meet takes note of a flow from a source, in the order of start. root is 0 if it names
// nobody. A connection on which address, program or languages change has several users.
func (c *carrier) meet(r *record, from *source, root identity.Node) {
	if c.flows++; c.flows == 1 {
		c.source, c.client, c.agent, c.named, c.since = r.source, from.client, from.agent, r.program, r.start
	}
	c.last = r.start
	if r.is&cold != 0 && int(c.colds) < len(c.cold) {
		c.cold[c.colds] = fetch{uint32(r.target), int32(r.start / int64(time.Second))}
		c.colds++
	}
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
	running processes

	// Some requests lack the languages that their user reads. They are those of the
	// latest request of a program of this name.
	languages map[identity.Mark]string
}

func newCarriers(m identity.Marks) *carriers {
	return &carriers{
		Marks: m, list: make([]carrier, 1), at: map[identity.Mark]uint32{}, sources: make([]source, 1), index: map[identity.Mark]uint32{},
		languages: map[identity.Mark]string{}, running: processes{},
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
	r.shape = c.shapeOf(&f.Request)
	opened := conns.of(f.Conn)
	c.identify(&r, f.Request.Headers, opened.client)
	if target, own := origin.Page(&f.Request, home); own {
		r.referer = c.Of("target", target)
	}
	if target, ok := origin.Next(f); ok {
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
		c.list = append(c.list, carrier{opened: opened.at, process: opened.process, host: c.Of("host", f.Scheme, f.Request.Authority), peer: c.source(c.Of("peer", opened.client.String()))})
	}
	r.carrier = n
	return r
}

// identify fills in the source and the program of a request.
func (c *carriers) identify(r *record, h flow.Headers, peer netip.Addr) {
	client, from := origin.Forwarded(h), uint32(0)
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
	s := source{client: c.source(c.Of("client", client.String())), agent: c.source(at), peer: from, address: client.IsValid() && !origin.Local(client)}
	if old := &c.sources[r.source]; old.client == 0 {
		*old = s
	}
}

// meet takes note of a flow, in the order of start. root is 0 if it names nobody.
func (c *carriers) meet(r *record, root identity.Node) {
	c.list[r.carrier].meet(r, &c.sources[r.source], root)
	c.running.meet(r, &c.list[r.carrier], root)
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
		for _, n := range [...]uint32{l.source, l.named} {
			c.sources[n].direct++
			c.sources[n].sent += l.flows
		}
	}
	c.bind()
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
