package redact

import (
	"crypto/rand"
	"fmt"
	"hash/maphash"

	"github.com/starling-load/starling/record/flow"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

// A Decoder removes one content coding (RFC 9110, section 8.4.1), such as "br", from
// data. It returns at most limit decoded bytes. whole is false if data is cut, broken or
// longer than that, or if the coding is not known.
type Decoder func(coding string, data []byte, limit int64) (decoded []byte, whole bool)

// Options steer a Redactor. The zero value works.
type Options struct {
	// Key makes the pseudonyms. Recordings with the same key can be linked to each other.
	// Recordings with different keys cannot. nil: a random key.
	Key []byte

	// Rules are added to the default rules. nil: none.
	Rules *Rules

	// Decode removes content codings other than gzip and deflate. nil: bodies with such a
	// coding are dropped, because they cannot be read.
	Decode Decoder

	// Addresses says that client addresses are replaced too, those of connections and
	// those in forwarding headers.
	Addresses bool
}

func (o Options) withDefaults() Options {
	if o.Key == nil {
		o.Key = make([]byte, KeySize)
		rand.Read(o.Key) // never fails: the runtime ends the process instead
	}
	if o.Rules == nil {
		o.Rules = &Rules{}
	}
	return o
}

// A Redactor replaces secrets by pseudonyms. It remembers the secrets that it met, in
// memory and up to a limit. It belongs to one goroutine at a time.
type Redactor struct {
	o     Options
	maker *maker
	known *known
	walk  walker
}

// New returns a Redactor. The error says what is wrong with the options.
func New(o Options) (*Redactor, error) {
	o = o.withDefaults()
	if len(o.Key) != KeySize {
		return nil, fmt.Errorf("redact: key of %d bytes; give %d", len(o.Key), KeySize)
	}
	r := &Redactor{o: o, maker: newMaker(o.Key), known: newKnown()}
	r.walk = walker{maker: r.maker, known: r.known, issued: newIssued(), decode: o.Decode, addresses: o.Addresses, all: o.Rules, seed: maphash.MakeSeed()}
	return r, nil
}

// Name names the rules, for flow.Info: "default", or "default+" and a hash of
// the rules that were added.
func (r *Redactor) Name() string { return "default" + r.o.Rules.suffix() }

// Flow replaces the secrets of f by pseudonyms. What changes gets new slices: Flow never
// writes into the slices of f, which may be shared. A secret without a name is replaced
// too if an earlier flow, or any place in this flow, had it under a name.
func (r *Redactor) Flow(f *flow.Flow) {
	before, added := *f, r.known.added
	r.walk.flow(f)
	if r.known.added != added {
		// Some of the new secrets may stand before their names.
		*f = before
		r.walk.bodies.drop()
		r.walk.flow(f)
	}
	r.walk.bodies.keep()
}

// Learn remembers the secrets of f for later flows. It leaves f as it is. Learn all flows
// of a recording first and redact them in a second reading: then secrets that stand
// before their names are replaced too.
func (r *Redactor) Learn(f *flow.Flow) {
	c := *f
	words := r.walk.issued
	r.walk.issued = nil // the second reading hides the credential and the word alike
	r.walk.flow(&c)
	r.walk.issued = words
	r.walk.bodies.drop()
}

// Conn replaces the address of the client, if Options.Addresses says so.
func (r *Redactor) Conn(c *flow.Conn) {
	if r.o.Addresses {
		c.Client = r.walk.address(c.Client)
	}
}

// Value returns the pseudonym that value gets in a field with this name. It goes by the
// rules for any host. It finds known accounts in a recording with the same key.
func (r *Redactor) Value(name, value string) string {
	r.walk.enter("")
	b := r.walk.load(value)
	r.walk.field(r.walk.scope.field([]byte(name)), b)
	return r.walk.unload(b, value)
}
