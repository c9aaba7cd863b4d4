package trail

import (
	"slices"

	"github.com/starling-load/starling/model/session/identity"
)

// A Trail is what is known of it. Times are in unix nanoseconds, in rising order.
type Trail struct {
	Group    uint32 // address and program: trails of different groups have different readers
	Process  uint32 // that sent it; 0: not known
	Doubtful bool   // it may go on another trail
	Named    bool   // something names its reader in the end: none goes on from there
	Alone    bool   // its group is one reader, if nothing speaks against it

	First, Last int64 // start of its first and end of its last request
	Pages       Pages // that it loaded

	Entry   identity.Mark // what it asked for first
	Fetched Set           // what its client keeps from now on
	Had     Set           // what its client had before
	Came    Set           // pages that it comes from and did not load
}

// Pages are the loads of pages, up to maxPages: the first ones and the last one.
type Pages struct {
	of []identity.Mark
	at []int64
}

// Bounds of a trail. Trails that are longer are cut for the comparison.
const (
	maxPages = 48
	maxSet   = 40
)

// Add notes the load of a page.
func (p *Pages) Add(of identity.Mark, at int64) {
	if n := len(p.of); n == maxPages {
		p.of[n-1], p.at[n-1] = of, at
		return
	}
	p.of, p.at = append(p.of, of), append(p.at, at)
}

// Before returns the last page that was loaded before a time.
func (p *Pages) Before(t int64) (of identity.Mark, at int64, ok bool) {
	n, _ := slices.BinarySearch(p.at, t)
	if n == 0 {
		return 0, 0, false
	}
	return p.of[n-1], p.at[n-1], true
}

// Has reports whether a page was loaded.
func (p *Pages) Has(of identity.Mark) bool { return slices.Contains(p.of, of) }

// A Set holds up to maxSet marks, sorted. The zero value is empty.
type Set []identity.Mark

// Add puts a mark into the set.
func (s *Set) Add(m identity.Mark) {
	at, found := slices.BinarySearch(*s, m)
	if !found && len(*s) < maxSet {
		*s = slices.Insert(*s, at, m)
	}
}

// Has reports whether a mark is in the set.
func (s Set) Has(m identity.Mark) bool {
	_, found := slices.BinarySearch(s, m)
	return found
}
