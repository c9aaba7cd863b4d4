package exchange

import "github.com/starling-load/starling/record/capture/tcp"

// hidden counts the heads that holes must have hidden on one HTTP/1 connection. It also
// counts how many of them the other direction has shown. It begins anew when requests and
// responses are known to be in step.
//
// A hole hides at least one head if it begins where a message begins, or if it reaches
// beyond the end of a message. A hidden request shows as a response that nobody asked
// for. A hidden response shows as a request that nobody answers. Two things do not show:
// an exchange that was hidden whole, and one that seems to be answered by the response
// before it:
//
//	request    1    hole   3           both holes hide a head, and a seems to answer
//	response  hole   a     b           1: there was another exchange
type hidden struct{ heads, told [2]uint64 }

// head notes that a hole has hidden a head in a direction.
func (u *hidden) head(d tcp.Dir) { u.heads[d]++ }

// tell notes that a head in a direction is known to be missing.
func (u *hidden) tell(d tcp.Dir) { u.told[d]++ }

// settle declares the exchanges that were hidden whole, so that neither request nor
// response has shown. It counts the fewest that explain the holes. Then it begins anew.
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
