package correlate

import (
	"hash/maphash"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content/codec"
)

// A variant is one request of an endpoint, while requests are added to it.
type variant struct {
	request model.Request // with numbers for the names of holes
	holes   []hole
	acts    []*Act // of the requests
}

// add adds the requests of a structure, from which v was made, to the variants.
func (t *target) add(v *variant, s *structure) {
	for _, u := range s.uses {
		v.acts = append(v.acts, u.act)
	}
	for _, old := range t.byKey[s.key] {
		if slices.EqualFunc(old.holes, v.holes, hole.same) {
			old.acts = append(old.acts, v.acts...)
			for i := range v.holes {
				old.holes[i].append(&v.holes[i])
			}
			return
		}
	}
	t.variants = append(t.variants, v)
	t.byKey[s.key] = append(t.byKey[s.key], v)
}

// same reports whether two holes differ only in what requests have there.
func (h hole) same(o hole) bool {
	return h.value == o.value && h.key == o.key && h.recipe == o.recipe && h.formula == o.formula && (h.written == nil) == (o.written == nil) &&
		(h.from == nil) == (o.from == nil) && (h.from == nil || h.from.binding == o.from.binding)
}

func (h *hole) append(o *hole) {
	h.takes, h.own, h.written = append(h.takes, o.takes...), append(h.own, o.own...), append(h.written, o.written...)
}

// mark calls a hole by its number.
func mark(number int) string { return "\x00" + strconv.Itoa(number) + "\x00" }

// endpoint returns the endpoint with its variants, the commonest first.
func (t *target) endpoint() model.Endpoint {
	e := model.Endpoint{Name: t.name}
	t.byKey = nil // what requests have in the holes is needed once
	slices.SortStableFunc(t.variants, func(a, b *variant) int { return len(b.acts) - len(a.acts) })
	for i, v := range t.variants {
		name := ""
		if len(t.variants) > 1 {
			name = strconv.Itoa(i + 1)
		}
		e.Variants = append(e.Variants, v.finish(name))
		t.variants[i] = nil
	}
	return e
}

// finish gives the holes their names and tells the acts their rows and what they take.
func (v *variant) finish(name string) model.Variant {
	out := model.Variant{Name: name, Recorded: len(v.acts), Request: v.request}
	names := make([]string, len(v.holes))
	var holes []*hole
	given := newLabels()
	for i := range v.holes {
		h := &v.holes[i]
		h.settle()
		if h.value.Kind == model.Template {
			h.value.Ref = renamed(h.value.Ref, names)
		}
		if given.name(h) {
			holes = append(holes, h)
		}
		names[i] = h.value.Name
	}
	for _, h := range holes {
		if h.recipe != nil {
			h.value.Ref = h.formula
			for i, n := range names {
				h.value.Ref = strings.ReplaceAll(h.value.Ref, mark(i), n)
			}
		}
		out.Values = append(out.Values, h.value)
	}
	r := &out.Request
	r.Target, r.Body, r.Changes = renamed(r.Target, names), renamed(r.Body, names), named(r.Changes, names)
	for i := range r.Headers {
		r.Headers[i].Value = renamed(r.Headers[i].Value, names)
	}
	out.Rows = v.rows(&out, holes)
	return out
}

// settle finds out of which kind the hole is: requests may have their own content, now
// and then, or all of them.
func (h *hole) settle() {
	if h.from != nil {
		h.value.Ref = h.from.binding.name
		h.refuse(h.from.binding.refused)
	}
	switch {
	case h.recorded():
		h.value, h.recipe = model.Value{Name: h.value.Name, Kind: model.Row, Codec: h.value.Codec}, nil
		if h.written != nil {
			h.value.Codec, h.own = string(codec.Raw), h.written
		}
	case slices.ContainsFunc(h.takes, isOwn):
		h.value.Own = true
	}
}

// refuse makes what was bound the own content of each request, or else forgets that
// content where it is not needed.
func (h *hole) refuse(refused bool) {
	for i := range h.takes {
		switch {
		case refused:
			h.takes[i] = model.Take{Act: model.Own}
		case !isOwn(h.takes[i]) && !h.value.Own:
			h.own[i] = ""
		}
	}
}

// recorded reports whether all requests have their own content.
func (h *hole) recorded() bool {
	return !slices.ContainsFunc(h.takes, func(t model.Take) bool { return !isOwn(t) })
}

func isOwn(t model.Take) bool { return t.Act == model.Own }

// Labels give the holes of a variant their names. They look at few of the holes before a
// hole: at those with the same content.
type labels struct {
	taken map[string]bool // names
	free  map[string]int  // by base: no lower number than this is free
	alike map[uint64][]*hole
	seed  maphash.Seed
}

func newLabels() *labels {
	return &labels{taken: map[string]bool{}, free: map[string]int{}, alike: map[uint64][]*hole{}, seed: maphash.MakeSeed()}
}

// name gives h a name: one from its content, with a number behind it where others have that.
// It reports false if h is as one of the holes before it with such a name, and has its name.
func (n *labels) name(h *hole) bool {
	base := h.value.Name
	switch {
	case h.value.Kind == model.Bound:
		base = h.value.Ref
	case base == "":
		base = holeName(h.key)
	}
	base = holeName(base)
	k := max(1, n.free[base])
	for n.taken[numbered(base, k)] {
		k++
	}
	n.free[base] = k
	h.value.Name = numbered(base, k)
	if h.value.Kind == model.Fresh && !h.value.Own {
		n.taken[h.value.Name] = true
		return true
	}
	first := k
	for _, o := range n.alike[n.hash(h, base)] {
		if at := numberOf(o.value.Name, base); at > 0 && at < first && o.as(h) {
			first = at
		}
	}
	if first < k {
		h.value.Name = numbered(base, first)
		return false
	}
	n.taken[h.value.Name] = true
	n.note(h, h.value.Name)
	if at := strings.LastIndexByte(h.value.Name, '_'); at > 0 && numberOf(h.value.Name, h.value.Name[:at]) > 0 {
		n.note(h, h.value.Name[:at])
	}
	return true
}

// note lets h be found by holes that have a base and its content.
func (n *labels) note(h *hole, base string) {
	at := n.hash(h, base)
	n.alike[at] = append(n.alike[at], h)
}

// hash stands for a base and the content of a hole.
func (n *labels) hash(h *hole, base string) uint64 {
	var sum maphash.Hash
	sum.SetSeed(n.seed)
	value := h.value
	value.Name = base
	maphash.WriteComparable(&sum, value)
	for _, t := range h.takes {
		maphash.WriteComparable(&sum, t)
	}
	for _, text := range h.own {
		maphash.WriteComparable(&sum, text)
	}
	return sum.Sum64()
}

// as reports whether two holes differ in nothing but their names.
func (h *hole) as(o *hole) bool {
	a, b := h.value, o.value
	a.Name, b.Name = "", ""
	return a == b && h.recipe == o.recipe && slices.Equal(h.takes, o.takes) && slices.Equal(h.own, o.own)
}

// numbered returns the name with a number that is made of a base: base, base_2, base_3.
func numbered(base string, number int) string {
	if number == 1 {
		return base
	}
	return base + "_" + strconv.Itoa(number)
}

// numberOf returns the number of a name that is made of a base, 0 if it is not.
func numberOf(name, base string) int {
	rest, ok := strings.CutPrefix(name, base)
	switch {
	case !ok:
		return 0
	case rest == "":
		return 1
	}
	if n, err := strconv.Atoi(rest[1:]); err == nil && n > 1 && numbered(base, n) == name {
		return n
	}
	return 0
}

// rows returns the recorded contents, a row for each request.
func (v *variant) rows(of *model.Variant, holes []*hole) (rows [][]string) {
	takers := of.Takers()
	width := 0
	for _, h := range holes {
		if h.value.InRows() {
			width++
		}
	}
	cells := make([]string, 0, width*len(v.acts))
	takes := make([]model.Take, 0, len(takers)*len(v.acts))
	for i, a := range v.acts {
		a.Variant = of.Name
		for _, k := range takers {
			takes = append(takes, holes[k].takes[i])
		}
		if len(takers) > 0 {
			a.Takes = takes[len(takes)-len(takers) : len(takes) : len(takes)]
		}
		if width == 0 {
			continue
		}
		for _, h := range holes {
			if h.value.InRows() {
				cells = append(cells, h.own[i])
			}
		}
		rows = append(rows, cells[len(cells)-width:len(cells):len(cells)])
		a.Row = len(rows)
	}
	return rows
}

// renamed puts names in place of the numbers in a template.
func renamed(template string, names []string) string {
	var b strings.Builder
	for {
		at := strings.IndexByte(template, '$')
		if at < 0 || at+1 == len(template) {
			b.WriteString(template)
			return b.String()
		}
		end := at + 2
		b.WriteString(template[:end])
		if hole, _, ok := strings.Cut(template[end:], "}"); ok && template[at+1] == '{' {
			b.WriteString(named(hole, names))
			end += len(hole)
		}
		template = template[end:]
	}
}

// named returns the name of a hole that is called by its number. A name stays.
func named(hole string, names []string) string {
	number, ok := strings.CutPrefix(hole, "\x00")
	if !ok {
		return hole
	}
	i, err := strconv.Atoi(strings.TrimSuffix(number, "\x00"))
	if err != nil || i >= len(names) {
		return hole
	}
	return names[i]
}
