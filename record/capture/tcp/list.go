package tcp

// A list holds connections in the order in which they were added. Each connection has one
// link for each kind of list.
type list struct {
	head, tail *conn
	kind       int
	n          int
}

// The kinds of lists.
const (
	byAge  = iota // by the time of the last segment
	byWait        // by the time since which something waits
	listKinds
)

type link struct {
	prev, next *conn
	on         *list
}

func (l *list) add(c *conn) {
	c.links[l.kind] = link{prev: l.tail, on: l}
	if l.tail != nil {
		l.tail.links[l.kind].next = c
	} else {
		l.head = c
	}
	l.tail = c
	l.n++
}

func (l *list) remove(c *conn) {
	k := &c.links[l.kind]
	if k.on != l {
		return
	}
	if k.prev != nil {
		k.prev.links[l.kind].next = k.next
	} else {
		l.head = k.next
	}
	if k.next != nil {
		k.next.links[l.kind].prev = k.prev
	} else {
		l.tail = k.prev
	}
	*k = link{}
	l.n--
}

// renew moves c to the end of the list.
func (l *list) renew(c *conn) {
	if l.tail != c {
		l.remove(c)
		l.add(c)
	}
}
