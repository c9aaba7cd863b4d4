package exchange

import "github.com/starling-load/starling/record/capture/tcp"

// hidden counts the heads that holes must have hidden on one connection of HTTP/1, and
// how many of them the other direction has told of. It begins anew whenever requests
// and responses are known to be in step.
//
// A hole that begins where a message begins, or reaches beyond the end of one, hides
// at least one head. A hidden request shows in a response that nobody asked for, a
// hidden response in a request that nobody answers. Two things do not show: an exchange
// that was hidden whole, and one for which the response before it is taken:
//
//	request    1    hole   3           both holes hide a head, and a seems to answer
//	response  hole   a     b           1: there was another exchange
type hidden struct{ heads, told [2]uint64 }

// head notes that a hole has hidden a head of a direction.
func (u *hidden) head(d tcp.Dir) { u.heads[d]++ }

// tell notes that a head of a direction is known to be missing.
func (u *hidden) tell(d tcp.Dir) { u.told[d]++ }

// settle declares the exchanges that were hidden whole: neither the request nor the
// response was told. It counts the fewest that explain the holes, and begins anew.
func (u *hidden) settle(p *Parser, at int64) {
	untold := uint64(0)
	for d := range u.heads {
		if u.heads[d] > u.told[d] {
			untold = max(untold, u.heads[d]-u.told[d])
		}
	}
	*u = hidden{}
	if untold == 0 {
		return
	}
	p.o.Counts.RequestsLost.Add(untold)
	p.o.Counts.ResponsesLost.Add(untold)
	p.losses.add(lossGap, at, loss{flows: untold})
}
