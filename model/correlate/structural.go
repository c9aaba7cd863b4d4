package correlate

import (
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content/form"
)

// A request is explained by the structure of the answer that it follows from: the form
// that was sent, the document that was written back, the link that was followed. What
// the structure says needs no test by other sessions, and holds also where everybody
// sees the same.

// A spot is a place in an earlier answer: the match of a selector.
type spot struct {
	from     *parsed
	selector string
	match    int
}

// rewrite makes e a request that tells only what the user did to the form or document
// that it sends back, and notes that as what e changes.
func (e *parsed) rewrite() {
	r := e.Flow.Request
	if !e.fromForm(&r) && !e.fromDocument(&r) && !e.fromText(&r) && !e.fromDraft(&r) {
		return
	}
	f := *e.Flow
	f.Request = r
	e.Flow = &f
}

// structural explains leaves by the structure of earlier answers.
func (l *Learner) structural() {
	for _, t := range l.targets {
		for _, p := range t.leaves {
			switch {
			case p.pieces != nil:
			case replacedLines(p.span.Selector): // the live text need not have them
				p.pieces = []piece{{value: model.Value{Kind: model.Row}, uses: p.uses}}
			default:
				l.fromStructure(p)
			}
		}
		l.bindChanged(t)
	}
}

// groundOf says whether spots are of documents or of forms.
func groundOf(spots map[*parsed]spot) model.Ground {
	for _, s := range spots {
		if strings.HasPrefix(s.selector, "document:") || strings.HasSuffix(s.selector, "|document:") || strings.HasPrefix(s.selector, "json:") {
			return model.OnDocument
		}
	}
	return model.OnForm
}

// replacedLines reports whether a place holds lines that the user replaced.
func replacedLines(place string) bool {
	return strings.Contains(place, ":"+form.Find) || strings.Contains(place, ":"+form.Lines) && !strings.Contains(place, "].put") || strings.Contains(place, "~document[") && strings.HasSuffix(place, "].find") || (strings.Contains(place, ".~text[") || strings.Contains(place, "].lines[")) && !strings.Contains(place, "].put")
}

// fromStructure binds a leaf whose values come from places of the answers that the
// requests follow from, or from beside the form, see fromPage. Values that do not are the acts' own.
func (l *Learner) fromStructure(p *leaf) {
	selector := p.span.Selector
	scripted := p.fromPage()
	var locate locator = func(u use) (spot, bool) {
		if s, ok := u.exchange.spots[selector]; ok {
			return s, true
		}
		return scripted(u)
	}
	spots := locate.all(p.uses)
	if 2*len(spots) < len(p.uses) || len(spots) == 0 {
		return
	}
	p.pieces = []piece{l.place(groundOf(spots), p.uses, spots, locate)}
}

// bindChanged binds the forms and documents that requests change.
func (l *Learner) bindChanged(t *target) {
	var uses []use
	for _, e := range t.uses {
		if e.changes != nil {
			uses = append(uses, use{exchange: e})
		}
	}
	if t.changed != nil {
		t.changed.uses = uses
		l.again(t.changed)
	} else if len(uses) > 0 {
		var locate locator = func(u use) (spot, bool) { return *u.exchange.changes, true }
		spots := locate.all(uses)
		t.changed = &leaf{target: t, uses: uses, pieces: []piece{l.place(groundOf(spots), uses, spots, locate)}}
	}
}

// A locator tells where the value of a use comes from.
type locator func(use) (spot, bool)

// nowhere is the locator of what comes from no answer.
func nowhere(use) (spot, bool) { return spot{}, false }

// all returns the spots of uses, by their requests.
func (locate locator) all(uses []use) map[*parsed]spot {
	spots := map[*parsed]spot{}
	for _, u := range uses {
		if s, ok := locate(u); ok {
			spots[u.exchange] = s
		}
	}
	return spots
}

// place returns the hole that takes its content from spots, on a ground. They are those
// that locate finds.
func (l *Learner) place(on model.Ground, uses []use, spots map[*parsed]spot, locate locator) piece {
	b := &binding{pick: "first", uses: len(uses), match: float64(len(spots)) / float64(len(uses)), structural: true, restsOn: on}
	index := map[source]int{}
	for _, u := range uses {
		if s, ok := spots[u.exchange]; ok {
			of := source{s.from.Endpoint, s.selector}
			if _, had := index[of]; !had {
				index[of] = 0
				b.sources = append(b.sources, of)
			}
		}
	}
	b.sort()
	for i, s := range b.sources {
		index[s] = i
	}
	l.shuffleSpots(b, uses, spots)
	taken := map[*parsed]model.Take{}
	for e, s := range spots {
		taken[e] = model.Take{Act: s.from.index, Source: index[source{s.from.Endpoint, s.selector}], Match: s.match}
	}
	return piece{value: model.Value{Kind: model.Bound}, binding: l.join(b), uses: uses, taken: taken, locate: locate}
}

// maxPlaced bounds the uses of a place that are compared with other sessions.
const maxPlaced = 200

// shuffleSpots compares what was taken from spots with what other sessions had at the same
// sources. A form or document as a whole is not compared.
func (l *Learner) shuffleSpots(b *binding, uses []use, spots map[*parsed]spot) {
	var placed []use
	for _, u := range uses {
		if _, ok := spots[u.exchange]; ok && u.value != "" && len(placed) < maxPlaced {
			placed = append(placed, u)
		}
	}
	anywhere := *b
	anywhere.pick = "any"
	b.shuffled, b.compared = l.shuffle(&anywhere, placed)
}

// join returns an earlier binding with the same sources, or b.
func (l *Learner) join(b *binding) *binding {
	for _, old := range l.bindings {
		if old.same(b) {
			old.add(b)
			return old
		}
	}
	l.bindings = append(l.bindings, b)
	return b
}
