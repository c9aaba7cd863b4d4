package decrypt

import "errors"

// The reasons why a connection cannot be read. Data returns one of them or a *SuiteError.
var (
	// ErrNoKeys says that the key log has nothing about this connection.
	ErrNoKeys = errors.New("no keys for this connection in the key log")

	// ErrNoHandshake says that the capture lacks the beginning of the connection. Without
	// it the keys cannot be found.
	ErrNoHandshake = errors.New("the handshake of this connection is not in the capture")

	// ErrNotTLS says that the bytes are not TLS records.
	ErrNotTLS = errors.New("not TLS records")

	// ErrKeys says that the records do not open with the keys of the key log.
	ErrKeys = errors.New("records do not open with the keys of the key log")
)

// A Sink takes what a Conn reads, in the order in which it was sent.
type Sink interface {
	// Plain gives the next bytes of one direction, at least one. They are valid during
	// the call. at is the time of the packet that completed their record.
	Plain(fromServer bool, p []byte, at int64)

	// Gap says that n bytes of a direction cannot be given. -1 is unknown. In TLS 1.3 a
	// known n assumes that the sender does not pad.
	Gap(fromServer bool, n, at int64)

	// End says that a direction is over, by a closure alert or by a call of End.
	End(fromServer bool, at int64, reset bool)
}

// Info describes a connection, as far as its handshake was seen.
type Info struct {
	Version    string // "TLS 1.3"; "" before the server has answered
	Cipher     string // IANA name
	ServerName string // SNI, "" when none was sent
	ALPN       string // "h2", "http/1.1" or ""
}

// A side is one end of a connection. It also names the direction from that end.
type side uint8

const (
	client side = iota
	server
)

func sideOf(fromServer bool) side {
	if fromServer {
		return server
	}
	return client
}

// A Conn reads one connection. It is not safe for concurrent use. Times may be of any
// clock, in nanoseconds. They are passed on, and they bound the wait for keys.
type Conn struct {
	keys   *Keys
	to     Sink
	halves [2]half
	info   Info
	err    error // why no direction is read any more

	hello   clientHello // the newest client hello
	greeted bool        // there was a client hello
	answer  serverHello // the newest server hello that is not a retry
	suite   suite       // of answer
	first   random      // TLS 1.2: the handshake that made the master secret
	chosen  bool        // there was an answer
	retried bool        // the server has asked for another hello
	exts    bool        // the encrypted extensions of TLS 1.3 were seen
	early   bool        // the server accepts the early data

	queue   []event // the events that wait
	held    int     // bytes of the Keys' memory that queue takes
	full    bool    // the queue is too long
	known   int     // the result of logged when the queue was last tried
	changed bool    // something came that a waiting event may need

	lost    uint64
	scratch []byte
}

// NewConn returns a connection of which nothing has been seen yet. If keys is nil, it
// only gives Info.
func NewConn(keys *Keys, to Sink) *Conn {
	c := &Conn{keys: keys, to: to}
	for d := range c.halves {
		c.halves[d].budget = maxTrial
	}
	return c
}

// Data takes the next bytes of one direction, cut anywhere. p is not kept. An error says
// that the connection cannot be read any more. Later calls only count bytes.
func (c *Conn) Data(fromServer bool, p []byte, at int64) error {
	return c.take(event{kind: eventData, d: sideOf(fromServer), p: p, at: at})
}

// Gap says that n bytes of one direction are missing here. -1 is unknown.
func (c *Conn) Gap(fromServer bool, n, at int64) error {
	return c.take(event{kind: eventGap, d: sideOf(fromServer), n: n, at: at})
}

// End says that one direction is over.
func (c *Conn) End(fromServer bool, at int64, reset bool) error {
	return c.take(event{kind: eventEnd, d: sideOf(fromServer), reset: reset, at: at})
}

// Close tries the keys one last time. It gives up what still waits for them.
func (c *Conn) Close(at int64) error {
	c.drain()
	c.giveUp(at)
	return c.failure()
}

// Info returns what the handshake has told so far.
func (c *Conn) Info() Info { return c.info }

// Lost returns how many bytes of ciphertext were seen and could not be read.
func (c *Conn) Lost() uint64 { return c.lost }

// failure returns the error if no direction is read any more.
func (c *Conn) failure() error {
	if c.halves[client].dead && c.halves[server].dead {
		return c.err
	}
	return nil
}

// stop gives up one direction.
func (c *Conn) stop(d side, err error, at int64) {
	h := &c.halves[d]
	if h.dead {
		return
	}
	if c.err == nil {
		c.err = err
	}
	c.lost += uint64(len(h.buf))
	*h = half{dead: true, ended: h.ended}
	c.to.Gap(d == server, -1, at)
}

// stopAll gives up the connection.
func (c *Conn) stopAll(err error, at int64) {
	c.stop(client, err, at)
	c.stop(server, err, at)
}

// end passes on the end of a direction, once.
func (c *Conn) end(d side, reset bool, at int64) {
	if h := &c.halves[d]; !h.ended {
		h.ended = true
		c.to.End(d == server, at, reset)
	}
}
