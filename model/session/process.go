package session

import (
	"time"

	"github.com/starling-load/starling/model/session/identity"
)

// A process is a program that ran on the machine of the recorder. A browser that a person
// uses is the best evidence beside a name. Some processes have many users: a proxy, a
// browser that a test drives with several profiles, a program that makes load.
type process struct {
	flows    uint32
	carriers uint32
	first    uint32 // connection
	program  uint32
	agent    uint32
	now      identity.Node // the latest user whom a flow named
	roots    [4]identity.Node
	lines    [maxBusy]line // its latest connections
	passed   int           // times that a new connection was opened beside an idle one
	browses  uint8         // what only browsers do
	cold     map[identity.Mark]fetching
	twice    int  // assets that two connections fetched at about the same time
	shared   bool // it has several users
}

// A line is a connection of a process.
type line struct {
	carrier uint32
	host    identity.Mark
	busy    int64 // end of its latest flow, in unix nanoseconds
	idle    bool  // another one was opened to the same host while it was idle
}

// What browsers do.
const (
	loadsPages = 1 << iota
	loadsParts
)

// A fetching is the connection over which an asset came, and when.
type fetching struct {
	carrier uint32
	second  int32 // unix; it wraps
}

// Bounds of what is remembered of a process.
const (
	maxBusy      = 12 // requests that a browser has under way to one site
	maxCold      = 64
	maxProcesses = 1 << 16
)

// processes holds those of a recording by their numbers.
type processes map[uint32]*process

// meet takes note of a flow, in the order of start.
func (p processes) meet(r *record, c *carrier, root identity.Node) {
	if c.process == 0 {
		return
	}
	x := p[c.process]
	if x == nil {
		if len(p) == maxProcesses {
			return
		}
		x = &process{first: r.carrier, agent: c.agent, cold: map[identity.Mark]fetching{}}
		p[c.process] = x
	}
	x.flows++
	if c.flows == 1 {
		x.carriers++
	}
	x.user(root)
	x.shared = x.shared || x.agent != c.agent
	if r.is&vague == 0 {
		x.shared = x.shared || x.program != 0 && x.program != r.program
		x.program = r.program
	}
	x.work(r, c)
	switch {
	case r.is&page != 0:
		x.browses |= loadsPages
	case r.is&(cold|warm|style) != 0 || r.referer != 0:
		x.browses |= loadsParts
	}
	if r.is&cold == 0 || len(x.cold) == maxCold {
		return
	}
	at := fetching{r.carrier, int32(r.start / int64(time.Second))}
	if old, known := x.cold[r.target]; known && old.carrier != r.carrier && at.second-old.second < 60 {
		x.twice++
	}
	x.cold[r.target] = at
}

// user notes whom a flow names. Users who take turns share the process.
func (x *process) user(root identity.Node) {
	if root == 0 || root == x.now {
		return
	}
	x.now = root
	for i := range x.roots {
		switch x.roots[i] {
		case root:
			x.shared = true
			return
		case 0:
			x.roots[i] = root
			return
		}
	}
	x.shared = true
}

// work notes the use of a connection. A browser has only few requests to one site under
// way, and opens no connection while it has an idle one.
func (x *process) work(r *record, c *carrier) {
	at, oldest, opened := -1, 0, r.start
	if c.opened != 0 {
		opened = min(opened, c.opened)
	}
	for i := range x.lines {
		l := &x.lines[i]
		switch {
		case l.carrier == r.carrier:
			at = i
		case c.flows == 1 && l.carrier != 0 && l.host == c.host && l.busy <= opened:
			l.idle = true
		}
		if l.busy < x.lines[oldest].busy {
			oldest = i
		}
	}
	if at < 0 {
		at = oldest
		x.shared = x.shared || x.lines[at].busy > r.start
		x.lines[at] = line{carrier: r.carrier, host: c.host}
	}
	l := &x.lines[at]
	if l.idle {
		x.passed++
	}
	l.idle, l.busy = false, max(l.busy, r.start+int64(r.done))
}

// one reports whether a process has one user, as far as the recording tells.
func (x *process) one() bool {
	return x != nil && !x.shared && x.twice < 2 && (x.passed < 3 || 4*x.passed < int(x.carriers))
}

// browser reports whether a process loads pages with what is in them.
func (x *process) browser() bool { return x.browses == loadsPages|loadsParts }

// joined makes the connections of a browser with one user one. Those that name different
// users stay apart.
func (c *carriers) joined() {
	for i := range c.list[1:] {
		l := &c.list[i+1]
		if x := c.running[l.process]; l.process != 0 && x.one() && x.browser() && !l.pooled {
			c.merge(c.stands(x.first), c.stands(uint32(i+1)))
		}
	}
}

// elsewhere reports whether a connection belongs to another process than one of those that
// a visitor has used. A process of a single request tells nothing: some users start a
// program for each.
func (w *visitors) elsewhere(v *visitor, r *record) bool {
	here := w.carriers.list[r.carrier].process
	return here != 0 && v.process != 0 && here != v.process && w.running.lasts(here) && w.running.lasts(v.process)
}

// lasts reports whether a process sent several requests, and is no proxy.
func (p processes) lasts(number uint32) bool {
	x := p[number]
	return x != nil && !x.shared && x.flows > 1
}
