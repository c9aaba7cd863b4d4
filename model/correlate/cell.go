package correlate

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// maxNamed is the chance that a value matches by accident where the place of a row has the name
// of the field.
const maxNamed = 0.05

// A copied is a place in the rows of what users chose, which some uses of a leaf equal.
type copied struct {
	place  string
	named  bool // as the leaf
	hits   int
	values []string // different ones
	same   float64  // sum of the shares of rows that have the value of a use there, too
	rows   int      // that were compared
}

// pickCell binds a leaf to what a script copied from the row of what the user chose: far more
// uses than chance allows have what stands at one place of the chosen row, and not what stands
// there in the others, or the place has the name of the leaf. What the user typed over it is sent
// as recorded.
func (l *Learner) pickCell(p *leaf) {
	if p.header() != "" || p.hidden || p.pieces != nil && !p.byLabel() {
		return
	}
	uses := p.uses[:min(len(p.uses), maxLooked)]
	pickers := p.pickers()
	c := l.copied(p.name(), pickers, uses)
	if c == nil {
		return
	}
	known := p.known()
	var locate locator = func(u use) (spot, bool) {
		for at := range picked(pickers, u.exchange) {
			at = at.inList()
			if rows := l.elements.cells(at.from, at.selector); at.match < len(rows) && has(rows[at.match], c.place, u.value) {
				return spot{at.from, content.CellSelector(at.selector, c.place), at.match}, true
			}
		}
		return known(u)
	}
	p.pieces = []piece{l.place(model.OnList, p.uses, locate.all(p.uses), locate)}
	p.target.pickers = slices.DeleteFunc(p.target.pickers, func(o *leaf) bool { return o == p })
}

// byLabel reports whether a leaf is bound to a choice as the page calls it.
func (p *leaf) byLabel() bool {
	return !p.opened && len(p.pieces) == 1 && p.pieces[0].locate != nil && p.pieces[0].binding != nil && !slices.ContainsFunc(p.pieces[0].binding.sources, func(s source) bool {
		return !strings.HasPrefix(s.selector, "labelled:")
	})
}

// name returns the last part of the key of a leaf.
func (p *leaf) name() string {
	_, name := lastName(p.key())
	return name
}

// pickers returns the other leaves that say what users chose. Those come later that say it of
// what the request is about, by its name, and last those of the same element of a list.
func (p *leaf) pickers() []*leaf {
	var out, about, beside []*leaf
	of, element := p.target.operation(), p.element()
	for _, o := range p.target.pickers {
		list := words(o.name())
		if word, ok := o.identifies(); ok && word != "" {
			list = words(word)
		}
		switch {
		case o == p:
		case element != "" && element == o.element():
			beside = append(beside, o)
		case len(list) > 0 && slices.Contains(of, list[len(list)-1]):
			about = append(about, o)
		default:
			out = append(out, o)
		}
	}
	return slices.Concat(out, about, beside)
}

// element returns the element of a list in the request that a leaf is in, "" if it is in none.
func (p *leaf) element() string {
	return p.span.Selector[:strings.LastIndexByte(p.span.Selector, ']')+1]
}

// inList returns the choice at s among all that its page offers.
func (s spot) inList() spot {
	field, ok := strings.CutPrefix(s.selector, "labelled:")
	if !ok {
		return s
	}
	field, _, _ = strings.Cut(field, "=")
	value := s.from.values(s.selector)[s.match]
	if i := slices.Index(s.from.values("option:"+field), value); i >= 0 {
		return spot{s.from, "option:" + field, i}
	}
	return s
}

// copied returns the place of the rows that users chose which explains most of some uses of what
// is called key, or nil.
func (l *Learner) copied(key string, pickers []*leaf, uses []use) *copied {
	found := map[string]*copied{}
	var order []*copied
	for _, u := range uses {
		seen := map[string]bool{}
		for at := range picked(pickers, u.exchange) {
			at = at.inList()
			rows := l.elements.cells(at.from, at.selector)
			if at.match >= len(rows) {
				continue
			}
			for _, cell := range rows[at.match] {
				named := alike(cell.Name(), key)
				if cell.Text != u.value || u.value == "" && !sameName(cell.Name(), key) || seen[cell.Place] {
					continue
				}
				seen[cell.Place] = true
				c := found[cell.Place]
				if c == nil {
					c = &copied{place: cell.Place, named: named}
					found[c.place], order = c, append(order, c)
				}
				c.add(u.value, rows)
			}
		}
	}
	slices.SortStableFunc(order, (*copied).compare)
	for _, c := range order {
		if c.holds(len(uses)) {
			return c
		}
	}
	return nil
}

// add counts a use that has what its row has.
func (c *copied) add(value string, rows [][]content.Cell) {
	c.hits++
	if !slices.Contains(c.values, value) {
		c.values = append(c.values, value)
	}
	same := 0
	for _, row := range rows {
		if has(row, c.place, value) {
			same++
		}
	}
	c.same += float64(same) / float64(len(rows))
	c.rows += len(rows)
}

// compare orders places: what has the name of the leaf first, then what explains most.
func (c *copied) compare(o *copied) int {
	switch {
	case c.named != o.named:
		if c.named {
			return -1
		}
		return 1
	case c.hits != o.hits:
		return o.hits - c.hits
	case c.same < o.same:
		return -1
	case c.same > o.same:
		return 1
	}
	return 0
}

// holds reports whether a place explains enough of n uses.
func (c *copied) holds(n int) bool {
	if c.named && 2*c.hits >= n {
		return true
	}
	limit := maxChance
	if c.named {
		limit = maxNamed
	}
	return len(c.values) > 1 && tail(n, c.hits, max(c.same/float64(c.hits), 1/float64(2*c.rows))) <= limit
}

// has reports whether a row has a text at a place.
func has(row []content.Cell, place, text string) bool {
	return slices.ContainsFunc(row, func(c content.Cell) bool { return c.Place == place && c.Text == text })
}

// alike reports whether the words of one name are the last ones of the other: author-email and
// new_author_email.
func alike(a, b string) bool {
	x, y := words(a), words(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	return len(x) > 0 && slices.Equal(x, y[len(y)-len(x):])
}
