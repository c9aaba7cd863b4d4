package correlate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/model/endpoint"
)

// A namer gives the holes of one variant their names, and says what each request of
// the variant has in them.
type namer struct {
	uses     []*parsed // the requests
	holes    []hole
	bindings []*binding // of the recording
	named    map[*piece]string
}

// A hole is a value of a variant with what each of the requests has there.
type hole struct {
	value  model.Value
	recipe *recipe // of a computed value whose formula is not written yet
	takes  []model.Take
	own    []string
}

// name returns the name of a hole: that of an earlier hole with the same content in
// each request, or a new one.
func (n *namer) name(l *leaf, q *piece, w *writing) string {
	h := n.hole(l, q)
	h.value.Codec = w.codec
	if h.value.Kind == model.Row && !w.exact && len(q.uses) == len(l.uses) && len(w.texts) == len(n.uses) {
		h.value.Codec, h.own = string(codec.Raw), w.texts
		return n.add(l, h) // not the content itself, so no formula may use it
	}
	if n.named == nil {
		n.named = map[*piece]string{}
	}
	n.named[q] = n.add(l, h)
	return n.named[q]
}

// template returns the name of a hole that is a template of its own.
func (n *namer) template(l *leaf, text string, w *writing) string {
	return n.add(l, hole{value: model.Value{Kind: model.Template, Ref: text, Codec: w.codec},
		takes: make([]model.Take, len(n.uses)), own: make([]string, len(n.uses))})
}

// add returns the name of a hole: see name.
func (n *namer) add(l *leaf, h hole) string {
	base := h.value.Name
	switch {
	case h.value.Kind == model.Bound:
		base = h.value.Ref
	case base == "":
		base = holeName(l.key())
	}
	base = holeName(base)
	h.value.Name = base
	for k := 2; ; k++ {
		at := slices.IndexFunc(n.holes, func(o hole) bool { return o.value.Name == h.value.Name })
		if at < 0 {
			break
		}
		if old := &n.holes[at]; old.value == h.value && old.recipe == h.recipe && (old.value.Kind != model.Fresh || old.value.Own) && slices.Equal(old.takes, h.takes) && slices.Equal(old.own, h.own) {
			return h.value.Name
		}
		h.value.Name = base + "_" + strconv.Itoa(k)
	}
	n.holes = append(n.holes, h)
	return h.value.Name
}

// hole says what the requests have in a piece.
func (n *namer) hole(l *leaf, q *piece) hole {
	h := hole{value: q.value, recipe: q.recipe}
	if q.binding != nil {
		h.value.Ref = q.binding.name
	}
	owns := 0
	for _, e := range n.uses {
		take, own := n.content(l, q, e)
		if take.Act == model.Own {
			owns++
		}
		h.takes, h.own = append(h.takes, take), append(h.own, own)
	}
	switch {
	case owns == len(n.uses):
		h.value, h.recipe = model.Value{Name: h.value.Name, Kind: model.Row}, nil
	case owns > 0:
		h.value.Own = true
	}
	return h
}

// content returns what a request has in a piece: a place to take it from, or its own.
func (n *namer) content(l *leaf, q *piece, e *parsed) (model.Take, string) {
	uses := q.uses
	if len(l.pieces) == 1 {
		uses = l.uses
	}
	u := use{exchange: e}
	if i := useOf(uses, e); i >= 0 {
		u = uses[i]
	}
	take := model.Take{Act: model.Own}
	if q.value.Kind != model.Row && (q.value.Kind != model.Data && q.value.Kind != model.Computed || useOf(q.uses, e) >= 0) {
		take = q.take(u)
	}
	if take.Act == model.Own || q.value.Own {
		return take, u.value
	}
	return take, ""
}

// finish returns the values of the variant and the recorded contents, a row for each
// request. It tells the requests their rows and what they take.
func (n *namer) finish() (values []model.Value, rows [][]string) {
	v := model.Variant{}
	for _, h := range n.holes {
		v.Values = append(v.Values, h.value)
	}
	takers := v.Takers()
	for i, e := range n.uses {
		for _, k := range takers {
			e.act.Takes = append(e.act.Takes, n.holes[k].takes[i])
		}
		var row []string
		for k := range n.holes {
			if v.Values[k].InRows() {
				row = append(row, n.holes[k].own[i])
			}
		}
		if row != nil {
			rows = append(rows, row)
			e.act.Row = len(rows)
		}
	}
	return v.Values, rows
}

// holeName turns a key into a name that can stand between braces.
func holeName(key string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-', r == '.', r == '[', r == ']':
			return r
		}
		return '_'
	}, key)
	if len(name) > 60 {
		name = name[:60]
	}
	switch name {
	case model.RefererHole, model.OriginHole, model.ETagHole, model.ModifiedHole: // the replayer fills these
		return name + "_value"
	}
	if strings.Trim(name, "_") == "" {
		return "value"
	}
	return name
}

// used returns the bindings of values that requests carry.
func (l *learner) used() map[*binding]bool {
	used := map[*binding]bool{}
	for _, t := range l.targets {
		leaves := t.leaves
		if t.changed != nil {
			leaves = append(slices.Clip(leaves), t.changed)
		}
		for _, p := range leaves {
			for i := range p.pieces {
				used[p.pieces[i].binding] = true
				for _, b := range p.pieces[i].recipe.bindings(l.bindings) {
					used[b] = true
				}
			}
		}
	}
	return used
}

// nameBindings gives the bindings names and puts them into the result.
func (l *learner) nameBindings() {
	taken, used := map[string]bool{}, l.used()
	for _, b := range l.bindings {
		if !used[b] {
			continue
		}
		base := holeName(bindingName(b.sources[0]))
		name := base
		for k := 2; taken[name]; k++ {
			name = base + "_" + strconv.Itoa(k)
		}
		taken[name] = true
		b.name = name
		m := model.Binding{Name: name, Evidence: model.Evidence{Uses: b.uses, Match: round(b.match), Shuffled: round(b.shuffled)}}
		if b.pick != "first" {
			m.Pick = b.pick
		}
		for _, s := range b.sources {
			m.Sources = append(m.Sources, model.Select{Endpoint: s.endpoint, Selector: s.selector})
		}
		l.result.Bindings = append(l.result.Bindings, m)
	}
}

// round keeps three decimals.
func round(x float64) float64 { return float64(int(x*1000+0.5)) / 1000 }

// bindingName names a binding after the place of its first source.
func bindingName(s source) string {
	kind, rest := naming(s.selector)
	switch kind {
	case "header", "cookie", "meta":
		return strings.ToLower(rest)
	case "attr":
		return strings.TrimPrefix(rest, "data-")
	case "form", "option":
		name, _, _ := strings.Cut(rest, "@/")
		return name
	case "entries":
		_, action, _ := strings.Cut(rest, " ")
		action, _, _ = strings.Cut(action, "[")
		return resource(action) + "form"
	case "document":
		return resource(s.endpoint) + "document"
	case "query", "part", "delta", "script":
		return strings.Trim(rest[strings.LastIndexByte(rest, '/')+1:], "#(_")
	case "xml":
		return rest[strings.LastIndexAny(rest, "/@")+1:]
	case "proto":
		return "field_" + rest
	case "json":
		parts := strings.FieldsFunc(rest, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
		if len(parts) == 0 {
			return "value"
		}
		last := parts[len(parts)-1]
		if (last == "id" || last == "number") && len(parts) > 1 {
			return singular(parts[len(parts)-2]) + "_" + last
		}
		if last == "id" {
			return resource(s.endpoint) + "id"
		}
		return last
	case "link", "redirect":
		if path, query, ok := strings.Cut(rest, "?"); ok {
			key := query[strings.LastIndexByte(query, '&')+1:]
			if key == "{}" {
				return holeName(endpoint.Stem(path[strings.LastIndexByte(path, '/')+1:]))
			}
			return key
		}
		return resource(rest) + "id"
	}
	return "token"
}

// naming returns kind and rest of the last step of a selector that has a name.
func naming(selector string) (kind, rest string) {
	steps := strings.Split(selector, "|")
	for _, step := range slices.Backward(steps) {
		if kind, rest, _ = strings.Cut(step, ":"); rest != "" {
			return kind, rest
		}
	}
	return kind, rest
}

// resource returns the last word of a path that says what the path is about, in the
// singular and with "_". It returns "" if there is none.
func resource(path string) string {
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "#")
	plain := ""
	segments := strings.Split(path, "/")
	for i := len(segments) - 1; i > 0; i-- {
		switch s, _, _ := strings.Cut(segments[i], " "); {
		case s == "" || strings.HasPrefix(s, "{"):
		case s == "records" || s == "items" || s == "data" || s == "collections" || s == "api":
			plain = max(plain, singular(s)+"_")
		default:
			return singular(s) + "_"
		}
	}
	return plain
}

func singular(s string) string {
	if strings.HasSuffix(s, "s") && !strings.HasSuffix(s, "ss") && len(s) > 3 {
		return s[:len(s)-1]
	}
	return s
}
