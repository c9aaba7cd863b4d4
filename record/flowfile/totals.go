package flowfile

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// Totals sums up a recording. The JSON keys are stable.
type Totals struct {
	Flows       uint64 `json:"flows"`
	Requests    uint64 `json:"requests"`    // flows with a request, which is all
	Responses   uint64 `json:"responses"`   // flows with a final response
	Complete    uint64 `json:"complete"`    // flows seen whole
	Partial     uint64 `json:"partial"`     // the other flows
	Messages    uint64 `json:"messages"`    // of streams, both directions
	Connections uint64 `json:"connections"` // connection records

	// SessionsHint is a rough number of users: the number of different identities
	// (see FORMAT.md). A connection counts by the best identity seen on it.
	SessionsHint uint64 `json:"sessions_hint"`

	BytesRaw  int64 `json:"bytes_raw"`  // recorded heads, bodies and messages, written as HTTP/1.1
	BytesLong int64 `json:"bytes_long"` // of bodies in pieces, behind their first pieces; not in BytesRaw
	BytesFile int64 `json:"bytes_file"` // length of the file

	Start time.Time `json:"start,omitzero"` // least Flow.Start; absent without flows
	End   time.Time `json:"end,omitzero"`   // greatest Flow.Start + Flow.Done

	Status    map[int]uint64    `json:"status"`    // flows by status, keys up to 999
	Protocols map[string]uint64 `json:"protocols"` // flows by Flow.Protocol; "other" beyond 32 different ones
	Loss      LossTotals        `json:"loss"`      // but for what was left out on purpose

	// LeftOut counts the flows of Loss records with OnPurpose.
	LeftOut uint64 `json:"left_out"`

	// Infos are the different Info records, in the order met and at most 64.
	// Those that differ in Part alone are one, with the greatest Part.
	Infos []flow.Info `json:"info,omitempty"`
}

// LossTotals sums up the Loss records of a recording.
type LossTotals struct {
	PacketsDropped uint64 `json:"packets_dropped"`
	Gaps           uint64 `json:"gaps"`
	BytesMissing   uint64 `json:"bytes_missing"`
	UnparsedBytes  uint64 `json:"unparsed_bytes"`
	Flows          uint64 `json:"flows"`
	Sessions       uint64 `json:"sessions"`
	Messages       uint64 `json:"messages"`
}

// A tally builds Totals from a stream of records in bounded memory.
type tally struct {
	totals   Totals
	best     map[uint64]flow.Identity // by connection; settled into users when it is full
	users    distinct
	protocol map[string]uint64
	status   map[int]uint64
}

const (
	maxTallyConns     = 1 << 16
	maxTallyProtocols = 32
	maxTallyInfos     = 64
)

// A note is what a tally needs to know of one record. It is small and keeps nothing
// of the record in memory, so that a writer can keep the notes of an unsealed block.
type note struct {
	kind     byte
	complete bool
	response bool
	status   int
	protocol string
	messages uint64
	bytesRaw int64
	long     int64
	conn     uint64
	who      flow.Identity
	start    time.Time
	end      time.Time
	loss     *flow.Loss
	info     *flow.Info
}

func noteOf(r flow.Record) note {
	switch r := r.(type) {
	case *flow.Flow:
		n := note{
			kind: kindFlow, complete: r.Complete(), response: r.Response != nil, protocol: strings.ToValidUTF8(strings.Clone(r.Protocol), "\uFFFD"),
			messages: uint64(len(r.Messages)), bytesRaw: rawBytes(r), long: longBytes(r), conn: r.Conn, who: r.Identity(),
			start: writable(r.Start), end: writable(r.Start.Add(r.Done)),
		}
		if n.response {
			n.status = r.Response.Status
		}
		return n
	case *flow.Conn:
		return note{kind: kindConn}
	case *flow.Loss:
		l := *r
		l.Reason = strings.Clone(l.Reason)
		return note{kind: kindLoss, loss: &l}
	case *flow.Info:
		i := short(r)
		return note{kind: kindInfo, info: &i}
	}
	return note{}
}

// writable returns the time, or the nearest one in the years that JSON can say, 0 to
// 9999.
func writable(t time.Time) time.Time {
	const least, greatest = -62167219200, 253402300799
	return time.Unix(min(max(t.Unix(), least), greatest), int64(t.Nanosecond())).UTC()
}

func (t *tally) add(n *note) {
	switch n.kind {
	case kindConn:
		t.totals.Connections++
	case kindLoss:
		t.addLoss(n.loss)
	case kindInfo:
		t.addInfo(n.info)
	case kindFlow:
		t.addFlow(n)
	}
}

func (t *tally) addFlow(n *note) {
	s := &t.totals
	if s.Flows == 0 || n.start.Before(s.Start) {
		s.Start = n.start
	}
	if s.Flows == 0 || n.end.After(s.End) {
		s.End = n.end
	}
	s.Flows++
	s.Requests++
	if n.complete {
		s.Complete++
	} else {
		s.Partial++
	}
	s.Messages += n.messages
	s.BytesRaw += n.bytesRaw
	s.BytesLong += n.long
	if t.status == nil {
		t.status, t.protocol, t.best = map[int]uint64{}, map[string]uint64{}, map[uint64]flow.Identity{}
	}
	if n.response {
		s.Responses++
		if n.status >= 0 && n.status <= 999 {
			t.status[n.status]++
		}
	}
	name := n.protocol
	if _, known := t.protocol[name]; !known && (len(t.protocol) >= maxTallyProtocols-1 || len(name) > 64) {
		name = "other"
	}
	t.protocol[name]++
	t.addIdentity(n)
}

func (t *tally) addIdentity(n *note) {
	if n.conn == 0 {
		if n.who.Rank > flow.ByConn {
			t.users.add(n.who.Hash)
		}
		return
	}
	if old, known := t.best[n.conn]; known && old.Rank >= n.who.Rank {
		return
	} else if !known && len(t.best) == maxTallyConns {
		for _, who := range t.best {
			t.users.add(who.Hash)
		}
		clear(t.best)
	}
	t.best[n.conn] = n.who
}

func (t *tally) addLoss(l *flow.Loss) {
	if l.OnPurpose() {
		t.totals.LeftOut += l.Flows
		return
	}
	s := &t.totals.Loss
	s.PacketsDropped += l.Packets
	s.Gaps += l.Gaps
	s.Flows += l.Flows
	s.Sessions += l.Sessions
	s.Messages += l.Messages
	if l.Reason == flow.LossUnparsed {
		s.UnparsedBytes += l.Bytes
	} else {
		s.BytesMissing += l.Bytes
	}
}

func (t *tally) addInfo(i *flow.Info) {
	infos := t.totals.Infos
	same := func(old flow.Info) bool { old.Part = i.Part; return old == *i }
	if k := slices.IndexFunc(infos, same); k >= 0 {
		infos[k].Part = max(infos[k].Part, i.Part)
	} else if len(infos) < maxTallyInfos {
		t.totals.Infos = append(infos, *i)
	}
}

// sum returns the totals so far of a file of size bytes.
func (t *tally) sum(size int64) Totals {
	s := t.totals
	s.BytesFile = size
	s.Status, s.Protocols = map[int]uint64{}, map[string]uint64{}
	maps.Copy(s.Status, t.status)
	maps.Copy(s.Protocols, t.protocol)
	users := distinct{least: slices.Clone(t.users.least)}
	for _, who := range t.best {
		users.add(who.Hash)
	}
	s.SessionsHint = users.count()
	s.Infos = slices.Clone(t.totals.Infos)
	return s
}

// rawBytes is the length of the recorded flow written as HTTP/1.1, with what is
// recorded of its bodies and messages.
func rawBytes(f *flow.Flow) int64 {
	n := len(f.Request.Method) + 1 + len(f.Request.Target) + 1 + len(f.Protocol) + 2
	n += headBytes(f.Request.Headers) + len(f.Request.Body.Data)
	for i := range f.Interim {
		n += len(f.Protocol) + 6 + headBytes(f.Interim[i].Headers)
	}
	if f.Response != nil {
		n += len(f.Protocol) + 6 + headBytes(f.Response.Headers) + len(f.Response.Body.Data)
	}
	for i := range f.Messages {
		n += len(f.Messages[i].Data)
	}
	return int64(n)
}

// longBytes is what is kept of the bodies of a flow behind their first pieces.
func longBytes(f *flow.Flow) (n int64) {
	for _, b := range bodies(f) {
		if b.Open != nil {
			n += b.Size - int64(len(b.Data))
		}
	}
	return n
}

func headBytes(h flow.Headers) int {
	n := 2
	for i := range h {
		n += len(h[i].Name) + 2 + len(h[i].Value) + 2
	}
	return n
}

// distinct counts different hashes. Up to keptHashes the count is exact. Beyond, it is
// estimated from how close the least of them are to each other (the k-minimum-values
// estimate of Bar-Yossef et al. 2002; its standard error is 1/sqrt(keptHashes-2),
// 1.6 %).
type distinct struct {
	least []uint64 // sorted, without duplicates
}

const keptHashes = 4096

func (d *distinct) add(hash uint64) {
	full := len(d.least) == keptHashes
	if full && hash >= d.least[keptHashes-1] {
		return
	}
	i, found := slices.BinarySearch(d.least, hash)
	if found {
		return
	}
	if full {
		d.least = d.least[:keptHashes-1]
	}
	d.least = slices.Insert(d.least, i, hash)
}

func (d *distinct) count() uint64 {
	if len(d.least) < keptHashes {
		return uint64(len(d.least))
	}
	share := float64(d.least[keptHashes-1]) / (1 << 64)
	return uint64(float64(keptHashes-1)/share + 0.5)
}

// maxInfoText bounds each string of an Info in Totals, in bytes.
const maxInfoText = 256

// short returns the Info as Totals keep it: with strings of bounded length, copied,
// and in valid UTF-8, which JSON needs.
func short(i *flow.Info) flow.Info {
	text := func(s string) string {
		return strings.Clone(strings.ToValidUTF8(s[:min(len(s), maxInfoText)], "\uFFFD"))
	}
	return flow.Info{Recording: i.Recording, Part: i.Part, Source: text(i.Source), Redaction: text(i.Redaction), Sample: text(i.Sample)}
}

// jsonRoom is the greatest length of a short Info in JSON. There an invalid byte
// takes three bytes and a control character six.
func jsonRoom(i *flow.Info) int64 {
	n := 0
	for _, s := range [...]string{i.Source, i.Redaction, i.Sample} {
		n += min(len(s), maxInfoText)
	}
	return int64(128 + 6*n)
}
