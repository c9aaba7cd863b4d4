package mixture

// A step leads from one page to another. The start and the end are page outside.
type step struct {
	row row
	to  int // a page, outside or back
}

// A row is what decides where a user goes next: the page at hand, in some contexts
// with the one before.
type row struct{ before, at int }

const (
	outside = -1
	back    = -2 // to the page before, as by the button of a browser
	anyPage = -3 // any page before
)

// A coder tells sessions as steps.
type coder struct {
	back     bool         // going back is a step of its own
	contexts map[row]bool // rows with the page before
}

// each calls yield for each step of a session.
func (c *coder) each(session []int, yield func(step)) {
	p := place{coder: c, before: anyPage, at: outside}
	for i := 0; i <= len(session); i++ {
		next := outside
		if i < len(session) {
			next = session[i]
		}
		r := p.row()
		yield(step{r, p.follow(next)})
	}
}

// A place is where a user is.
type place struct {
	coder      *coder
	before, at int
	behind     []int // the pages that the user may go back to
}

// row returns what decides where the user goes next.
func (p *place) row() row {
	if wide := (row{p.before, p.at}); p.coder.contexts[wide] || p.coder.back && p.before == p.at {
		return wide
	}
	return row{anyPage, p.at}
}

// follow goes to a page. It returns what step that is.
func (p *place) follow(page int) (to int) {
	to = page
	switch n := len(p.behind) - 1; {
	case page == p.at || !p.coder.back:
	case n >= 0 && p.behind[n] == page:
		to, p.behind = back, p.behind[:n]
	case p.at != outside:
		p.behind = append(p.behind, p.at)
	}
	p.before, p.at = p.at, page
	return to
}

// page returns where a step leads to.
func (p *place) page(to int) int {
	switch n := len(p.behind) - 1; {
	case to != back:
		return to
	case n < 0:
		return outside
	default:
		return p.behind[n]
	}
}
