package correlate

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/form"
)

// A series is the places of requests that hold one list: a field that is sent several times,
// the elements of an array, the identifiers in the names of fields, such as qty[17].
type series []*leaf

// seriesOf returns the series of a target by what their places have in common, and that in
// order.
func (t *target) seriesOf() (byStem map[string]series, stems []string) {
	byStem = map[string]series{}
	for _, p := range t.leaves {
		stem, key := keyStem(p.span.Selector)
		if !key {
			stem = seriesStem(p.span.Selector)
		}
		if p.outer != nil || p.header() != "" || p.hidden || !p.partly() || key && p.pieces != nil {
			continue
		}
		if byStem[stem] == nil {
			stems = append(stems, stem)
		}
		byStem[stem] = append(byStem[stem], p)
	}
	return byStem, stems
}

// keyStem cuts the identifier out of the place of one in the name of a field.
func keyStem(selector string) (stem string, ok bool) {
	name, _, _ := strings.Cut(selector, "#")
	if name, ok = strings.CutSuffix(name, "~"); !ok || !strings.HasPrefix(name, "body:") || strings.HasPrefix(name, "body:$") {
		return "", false
	}
	stem, _, ok = content.FieldKey(strings.TrimPrefix(name, "body:"))
	return stem, ok
}

// seriesStem cuts from a place which of a list it is.
func seriesStem(selector string) string {
	field, nth, _ := strings.Cut(selector, "#")
	if strings.Trim(nth, "0123456789") != "" {
		return selector
	}
	if rest, ok := strings.CutSuffix(field, "]"); ok {
		return strings.TrimSuffix(strings.TrimRight(rest, "0123456789"), "[")
	}
	return field
}

// pickSeries binds a series whose lists are of elements of a list that an answer showed, such
// as their order, or those that the user marked. It holds where nothing says that the values
// are identifiers, if those of a request are different, one list has them all, and they are not
// there by chance.
func (l *Learner) pickSeries(t *target) {
	all, stems := t.seriesOf()
	for _, stem := range stems {
		list := all[stem]
		locate := t.series[stem] // of a longer list than those before
		if locate == nil {
			locate = l.locateSeries(list)
		}
		if locate == nil && list.pressed() {
			locate = button("named:" + stem)
		}
		if locate == nil {
			continue
		}
		if t.series == nil {
			t.series = map[string]locator{}
		}
		t.series[stem] = locate
		for _, p := range append(list, t.named(stem)...) {
			spots := locate.all(p.uses)
			if len(spots) == 0 || 2*len(spots) < len(p.uses) {
				continue
			}
			p.pieces = []piece{l.place(model.OnList, p.uses, spots, locate)}
			if t.pickers = append(t.pickers, p); p.hidden {
				p.outermost().show()
				p.outermost().open()
			}
		}
	}
}

// pressed reports whether a series is of identifiers in the names of buttons, which each row of
// the page has: whoever presses one means its row, also where a row is known by its number.
func (s series) pressed() bool {
	n, uses := 0, 0
	for _, p := range s {
		name, key := strings.CutSuffix(p.span.Selector, "~")
		name = strings.TrimPrefix(name, "body:")
		for _, u := range p.uses {
			if uses++; key && u.exchange.offersButton(name) {
				n++
			}
		}
	}
	return n > 0 && 10*n >= 9*uses
}

// offersButton reports whether the page that e says it was sent from has a button of this name.
func (e *parsed) offersButton(name string) bool {
	page := e.named()
	return page != nil && slices.ContainsFunc(page.doc.Forms(), func(f form.Form) bool {
		return slices.ContainsFunc(f.Controls, func(c form.Control) bool { return c.Name == name && c.IsButton() })
	})
}

// button tells where the page that a request says it was sent from has an identifier in the
// names of its buttons.
func button(selector string) locator {
	return func(u use) (spot, bool) {
		page := u.exchange.named()
		if page == nil {
			return spot{}, false
		}
		i := slices.Index(page.values(selector), u.value)
		return spot{page, selector, i}, i >= 0
	}
}

// named returns the identifiers within values that are names of fields with the same stem.
func (t *target) named(stem string) (out []*leaf) {
	for _, p := range t.leaves {
		if p.outer != nil || p.pieces != nil || p.header() != "" || len(p.inner) != 1 || len(p.uses) == 0 {
			continue
		}
		if !slices.ContainsFunc(p.uses, func(u use) bool { of, _, ok := content.FieldKey(u.value); return !ok || of != stem }) {
			out = append(out, p.inner[0])
		}
	}
	return out
}

// locateSeries tells where users were given the values of a series, or is nil.
func (l *Learner) locateSeries(list series) locator {
	rows, distinct, several := list.requests()
	if _, key := keyStem(list[0].span.Selector); !several && !key || len(distinct) < minCalled {
		return nil
	}
	for _, s := range l.listsOf(rows) {
		locate := locator(func(u use) (spot, bool) { return u.latestIn(s) })
		spots := map[*parsed]spot{}
		for _, row := range rows {
			if at, ok := locate(row[0]); ok && row.in(s) {
				spots[row[0].exchange] = at
			}
		}
		if 10*len(spots) >= 9*len(rows) && sparse(spots, distinct) {
			return locate
		}
	}
	return nil
}

// A row of a series is what one request has of it.
type seriesRow []use

// requests returns what each request has of the series, and the different values: none if they
// cannot be elements of a list. several says that a request has several.
func (s series) requests() (rows []seriesRow, distinct map[string]bool, several bool) {
	at := map[*parsed]int{}
	distinct = map[string]bool{}
	for _, p := range s {
		for _, u := range p.uses {
			if kind := content.Kind(u.value); kind == "email" || !p.canIdentify(u) {
				return nil, nil, false
			}
			i, had := at[u.exchange]
			if !had {
				i = len(rows)
				at[u.exchange], rows = i, append(rows, nil)
			}
			if slices.ContainsFunc(rows[i], func(o use) bool { return o.value == u.value }) {
				return nil, nil, false
			}
			rows[i] = append(rows[i], u)
			several = several || len(rows[i]) > 1
			distinct[u.value] = true
		}
	}
	return rows, distinct, several
}

// listsOf returns the lists of answers that have the values of rows, those of most first.
func (l *Learner) listsOf(rows []seriesRow) []source {
	hits := map[source]int{}
	var out []source
	for _, row := range rows[:min(len(rows), maxLooked)] {
		u := row[0]
		seen := map[source]bool{}
		for _, at := range u.exchange.session.given()[u.value] {
			s := source{at.exchange.Endpoint, at.selector}
			kind, _, _ := strings.Cut(at.selector, ":")
			if seen[s] || !at.exchange.before(u.exchange) || !(kind == "attr" || kind == "option" || kind == "link" || kind == "form" || l.isList(at)) {
				continue
			}
			seen[s] = true
			if hits[s]++; hits[s] == 1 {
				out = append(out, s)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b source) int {
		return cmp.Or(cmp.Compare(hits[b], hits[a]), cmp.Compare(order(a.selector), order(b.selector)), cmp.Compare(len(a.selector), len(b.selector)))
	})
	return out[:min(len(out), maxSources)]
}

// latestIn returns where the latest answer of a source that has the value of u has it.
func (u use) latestIn(s source) (spot, bool) {
	for e := range u.exchange.answers(s.endpoint) {
		if i := slices.Index(e.values(s.selector), u.value); i >= 0 {
			return spot{e, s.selector, i}, true
		}
	}
	return spot{}, false
}

// in reports whether one answer of a source has all values of a row.
func (r seriesRow) in(s source) bool {
	for e := range r[0].exchange.answers(s.endpoint) {
		values := e.values(s.selector)
		if !slices.ContainsFunc(r, func(u use) bool { return !slices.Contains(values, u.value) }) {
			return true
		}
	}
	return false
}

// sparse reports whether lists have so few of the numbers up to the greatest that they do not
// have those of the uses by chance.
func sparse(spots map[*parsed]spot, distinct map[string]bool) bool {
	listed, most := map[string]bool{}, 0
	for _, s := range spots {
		for _, v := range s.from.values(s.selector) {
			listed[v] = true
		}
	}
	for v := range listed {
		n, err := strconv.Atoi(v)
		if most = max(most, n); err != nil {
			return content.Kind(v) != "" && content.Kind(v) != "int"
		}
	}
	return math.Pow(float64(len(listed))/float64(most+1), float64(len(distinct))) <= maxChance
}
