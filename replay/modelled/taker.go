package modelled

import (
	"math/rand/v2"
	"slices"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/replay"
)

// A taker is a visitor whose acts are recorded ones: they take their values from the
// places of earlier answers that the model names.
type taker struct {
	visitor
	taken    map[place][]string
	chosen   map[choice]string // of taken: the elements that acts want
	sought   map[int][]choice  // by binding: those that their lists did not show, and that no act has taken
	absent   map[int]string    // of the acts that others take from, those that were not made for want of a value, by its name
	ended    map[int]bool      // of the acts that others take from, those that are over
	underWay map[int]int       // the endpoints of acts that are ready and not over, by ID
	tries    map[int]*try      // by ID of acts that are under way
	loops    map[*poll]*loop

	gave     map[int]bool // of the acts that others take from, those that had their recorded outcome
	finished map[int]bool // acts that the live list was too short for

	wrote map[int]*wrote // by ID of acts whose texts later answers show

	entered map[int]string // by binding: the credentials of a user who was let in, see entrance

	renewing map[int]*renewing // by ID of the act that waits for it
	replaced map[string]string // values that the target does not accept any more, with those in their place

	// outdated reports whether the user was shown anew what act id showed, which stands for a
	// recorded one of the session that a is from. nil: recorded users were not.
	outdated func(a *replay.Act, recorded, id int) bool
}

// An idOf returns the ID of the act that stands for another recorded act of the session
// that a is from. ok is false if that was not made.
type idOf func(a *replay.Act, recorded int) (id int, ok bool)

// A place is a source of a binding in the answer of an act.
type place struct{ act, binding, source int }

// A choice is an element of the list in a place.
type choice struct {
	place
	elementAt
}

func newTaker(v visitor) taker {
	return taker{visitor: v, taken: make(map[place][]string), chosen: make(map[choice]string), sought: make(map[int][]choice), absent: make(map[int]string), ended: make(map[int]bool), underWay: make(map[int]int),
		tries: make(map[int]*try), loops: make(map[*poll]*loop),
		gave: make(map[int]bool), finished: make(map[int]bool), renewing: make(map[int]*renewing), replaced: make(map[string]string), wrote: make(map[int]*wrote)}
}

// heard takes what later acts want out of an answer.
func (t *taker) heard(over *replay.Answer, from *model.Act, wants []issue) {
	delete(t.underWay, over.Act.ID)
	if w := t.wrote[over.Act.ID]; w != nil {
		w.done = over.OK
	}
	t.learn(t.source.index[from.Endpoint], over)
	t.seek(t.source.index[from.Endpoint], over)
	if len(wants) == 0 {
		return
	}
	t.ended[over.Act.ID], t.gave[over.Act.ID] = true, over.OK && over.Response != nil
	if over.Response == nil {
		if over.Act.Skip != "" {
			t.absent[over.Act.ID] = over.Act.Skip
		}
		return
	}
	for i := range wants {
		t.take(over, &wants[i])
	}
}

// take takes out of an answer what later acts want of one place.
func (t *taker) take(over *replay.Answer, want *issue) {
	at := place{over.Act.ID, want.binding, want.source}
	if len(want.elements) == 0 {
		t.taken[at] = want.selector.Values(over.Doc)
		return
	}
	list := want.selector.Elements(over.Doc)
	values := make([]string, len(list))
	for i := range list {
		values[i] = list[i].Value
	}
	t.taken[at] = values
	for _, it := range want.elements {
		if !t.choose(choice{at, it}, list, false) {
			t.sought[want.binding] = append(t.sought[want.binding], choice{at, it})
		}
	}
}

// choose notes which element of a list a choice is. It reports whether the list shows the
// element by its texts. If alone, nothing is noted otherwise.
func (t *taker) choose(c choice, list []content.Element, alone bool) (known bool) {
	e := t.source.elements[c.element-1].For(t.column)
	i, ok := e.Find(list, c.match)
	known = ok && e.Names(&list[i])
	if ok && !list[i].Lacks && (known || !alone) {
		t.chosen[c] = list[i].Value
	}
	return known
}

// seek looks in an answer for elements that the lists did not show which users chose them from.
// The live target may show them in another list to the same user.
func (t *taker) seek(endpoint int, over *replay.Answer) {
	if len(t.sought) == 0 || over.Response == nil {
		return
	}
	for _, from := range t.source.endpoints[endpoint].issues {
		if left := t.sought[from.binding]; len(left) > 0 {
			list := from.selector.Elements(over.Doc)
			t.sought[from.binding] = slices.DeleteFunc(left, func(c choice) bool { return t.choose(c, list, true) })
		}
	}
}

// release returns the acts that were held back. They are due at once.
func (t *taker) release(held *[]replay.Act) []replay.Act {
	acts := *held
	*held = nil
	for i := range acts {
		acts[i].Delay = 0
	}
	return acts
}

// hold keeps back the acts that lack a value which another act may still issue, and
// returns the others. from gives the recorded act of an act.
func (t *taker) hold(held *[]replay.Act, acts []replay.Act, from func(*replay.Act) *model.Act, idOf idOf) []replay.Act {
	for i := range acts {
		t.underWay[acts[i].ID] = t.source.index[from(&acts[i]).Endpoint]
	}
	var ready []replay.Act
	for i := range acts {
		if t.awaits(&acts[i], from(&acts[i]), idOf) {
			*held = append(*held, acts[i])
		} else {
			ready = append(ready, acts[i])
		}
	}
	for i := range *held {
		delete(t.underWay, (*held)[i].ID)
	}
	return ready
}

// awaits reports whether an act lacks a value that another act may still issue: the
// act that it takes from or, where it takes the latest one, any under way that issues it.
func (t *taker) awaits(a *replay.Act, from *model.Act, idOf idOf) bool {
	v := t.source.variantOf(from)
	for i, at := range v.takers {
		take := model.Take{Act: model.Latest}
		if len(from.Takes) > 0 {
			take = from.Takes[i]
		}
		value := &v.values[at]
		if take.Act >= 0 {
			if id, ok := idOf(a, take.Act); ok && !t.ended[id] {
				return true
			}
			continue
		}
		if take.Act == model.Latest && value.kind == model.Bound && len(t.issued[value.index].values) == 0 && t.issuing(value.index, from) {
			return true
		}
	}
	return false
}

// issuing reports whether an act under way may issue a value of a binding for another.
func (t *taker) issuing(binding int, other *model.Act) bool {
	own := t.source.index[other.Endpoint]
	for _, at := range t.underWay {
		if at != own && slices.ContainsFunc(t.source.endpoints[at].issues, func(i issue) bool { return i.binding == binding }) {
			return true
		}
	}
	return false
}

// fillRecorded writes the request of the recorded act that a stands for into a.
func (t *taker) fillRecorded(a *replay.Act, role roleOf, idOf idOf, random *rand.Rand) {
	of, index := role(a)
	from := &of.acts[index]
	if r := t.renewing[a.ID]; r != nil && r.at < len(r.of.acts) {
		t.fillRenewing(a, r, random)
		return
	}
	if t.pastTheEnd(a, from, idOf) {
		a.Kind, a.Spare = replay.Pause, true
		t.finished[a.ID] = true
		return
	}
	v := t.source.variantOf(from)
	values, missing := t.contents(a, from, nil, idOf, random)
	if x := t.tries[a.ID]; missing == "" && x != nil && x.reacted != nil {
		same := make(map[string]string, len(values))
		for i := range values {
			same[v.values[i].name] = values[i]
		}
		v = t.source.variantOf(x.reacted.act)
		values, missing = t.contents(a, x.reacted.act, same, elsewhere, random)
	}
	if a.Skip = missing; missing == "" {
		t.fill(a, v, values, len(of.wants[index]) > 0 || len(from.Echoes) > 0)
		if places := of.echoed[index]; places != nil && a.Write {
			t.write(a, places)
		}
	}
}

// pastTheEnd reports whether an act asks for a part of a list that the live list does not
// have: it takes a value from an answer of its own endpoint, such as the cursor of the
// next page, and that answer was as recorded but for the value, or was not asked for
// because it is past the end itself.
func (t *taker) pastTheEnd(a *replay.Act, from *model.Act, idOf idOf) bool {
	if len(from.Takes) == 0 {
		return false
	}
	v := t.source.variantOf(from)
	for i, at := range v.takers {
		take, of := from.Takes[i], &v.values[at]
		if take.Act < 0 || of.kind != model.Bound || t.source.bindings[of.index].Sources[take.Source].Endpoint != from.Endpoint {
			continue
		}
		id, made := idOf(a, take.Act)
		if !made {
			continue
		}
		if values, answered := t.taken[place{id, of.index, take.Source}]; t.finished[id] || answered && len(values) == 0 && t.gave[id] {
			return true
		}
	}
	return false
}

// elsewhere is the idOf of an act of another session.
func elsewhere(*replay.Act, int) (id int, ok bool) { return 0, false }

// contents returns the contents of the values of a recorded act, or what is missing, such as
// the name of the binding that gives none. known are contents by the names of values, which come first.
func (t *taker) contents(a *replay.Act, from *model.Act, known map[string]string, idOf idOf, random *rand.Rand) (values []string, missing string) {
	v := t.source.variantOf(from)
	var row []string
	switch {
	case from.Row > 0:
		row = v.rows[from.Row-1]
	case len(v.rows) > 0:
		row = v.rows[random.IntN(len(v.rows))]
	}
	values = make([]string, len(v.values))
	next := 0 // taker
	for i := range v.values {
		take := model.Take{Act: model.Latest}
		if next < len(v.takers) && v.takers[next] == i {
			if len(from.Takes) > 0 {
				take = from.Takes[next]
			}
			next++
		}
		if take.Act >= 0 {
			if id, ok := idOf(a, take.Act); ok && !t.shownAnew(&v.values[i], a, take.Act, id) {
				take.Act = id
			} else {
				take.Act = model.Latest
			}
		}
		var ok bool
		if values[i], ok = known[v.values[i].name]; ok {
			continue
		}
		if values[i], missing = t.content(&v.values[i], take, row, random); missing != "" {
			return nil, missing
		}
	}
	return values, ""
}

// shownAnew reports whether a value is a form or document, or of one, that the user was shown
// anew: the last one is sent.
func (t *taker) shownAnew(of *value, a *replay.Act, recorded, id int) bool {
	if t.outdated == nil || of.kind != model.Bound {
		return false
	}
	on := t.source.bindings[of.index].RestsOn
	return (on == model.OnForm || on == model.OnDocument) && t.outdated(a, recorded, id)
}

// likeRecorded names what is missing where an answer gives what a binding is for, but not
// what the user meant of it.
func likeRecorded(binding string) string { return binding + " like the recorded one" }

// content returns the content of a value: the recorded one, the one of the answer that
// the act takes it from, or, if that holds none, the one that was issued last. Of what an act
// would have shown that was not made itself, there is none, nor of a form, a document or an
// element that the answer does not show: what was issued last may be of something else.
func (t *taker) content(of *value, take model.Take, row []string, random *rand.Rand) (s, missing string) {
	if take.Act == model.Own {
		own := t.own(of, row)
		if now, ok := t.entered[of.index]; ok && of.kind == model.Bound {
			t.replaced[own] = now // also where it is sent for another binding
		}
		return t.inPlaceOf(own), ""
	}
	if take.Act >= 0 {
		at := place{take.Act, of.index, take.Source}
		from := t.taken[at]
		switch {
		case len(from) == 0:
		case take.Element == 0:
			return t.inPlaceOf(from[take.Match%len(from)]), ""
		default:
			c := choice{at, elementAt{take.Element, take.Match}}
			if s, ok := t.chosen[c]; ok { // from now on it is no other
				t.sought[at.binding] = slices.DeleteFunc(t.sought[at.binding], func(o choice) bool { return o == c })
				return t.inPlaceOf(s), ""
			}
			return "", likeRecorded(t.source.bindings[of.index].Name)
		}
		if missing = t.absent[take.Act]; missing != "" {
			return "", missing
		}
		if t.ended[take.Act] && t.source.bindings[of.index].RestsOn.OfThat() {
			return "", t.source.bindings[of.index].Name
		}
	}
	if of.kind == model.Bound && len(t.issued[of.index].values) == 0 {
		return "", t.source.bindings[of.index].Name
	}
	return t.value(of, row, random), ""
}
