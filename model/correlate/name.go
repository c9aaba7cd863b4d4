package correlate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/endpoint"
)

// A namer finds the holes of one variant, and says what each request of the variant has
// in them. Their names are known in the end: until then a hole is called by its number.
type namer struct {
	*Learner
	uses  []*parsed // the requests
	holes []hole
	named map[*piece]string
}

// A hole is a value of a variant with what each of the requests has there.
type hole struct {
	value   model.Value
	key     string // names it if nothing else does
	from    *piece // where Kind is Bound
	recipe  *recipe
	formula string // of a recipe, with numbers for names
	takes   []model.Take
	own     []string
	written []string // own as it stands in the requests, where no encoding gives that; nil: else
}

// name returns the number of a hole: see mark.
func (n *namer) name(l *leaf, q *piece, w *writing) string {
	h := n.hole(l, q)
	h.value.Codec = w.after(q.value.Codec)
	if !w.exact && len(q.uses) == len(l.uses) && len(w.texts) == len(n.uses) {
		h.written = w.texts
	}
	name := n.add(h)
	if h.written != nil && h.recorded() || q.value.Codec != "" {
		return name // not the content itself, so no formula may use it
	}
	if n.named == nil {
		n.named = map[*piece]string{}
	}
	n.named[q] = name
	return name
}

// template returns the number of a hole that is a template of its own.
func (n *namer) template(l *leaf, text string, w *writing) string {
	return n.add(hole{value: model.Value{Kind: model.Template, Ref: text, Codec: w.codec}, key: l.key(),
		takes: make([]model.Take, len(n.uses)), own: make([]string, len(n.uses))})
}

func (n *namer) add(h hole) string {
	n.holes = append(n.holes, h)
	return mark(len(n.holes) - 1)
}

// hole says what the requests have in a piece.
func (n *namer) hole(l *leaf, q *piece) hole {
	h := hole{value: q.value, key: l.key(), recipe: q.recipe}
	if q.binding != nil {
		h.from = q
	}
	for _, e := range n.uses {
		take, own := n.content(l, q, e)
		h.takes, h.own = append(h.takes, take), append(h.own, n.keep(own))
	}
	return h
}

// keep returns a copy of a text. Equal texts are one in memory.
func (l *Learner) keep(text string) string {
	kept, had := l.kept[text]
	if !had {
		kept = strings.Clone(text)
		l.kept[kept] = kept
	}
	return kept
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
		n.know(q, e, &take)
	}
	if take.Act == model.Own || q.value.Own || n.mayBeRefused(q.binding) {
		return take, u.value
	}
	return take, ""
}

// mayBeRefused reports whether a person may have refused b. What it is called is known in
// the end.
func (l *Learner) mayBeRefused(b *binding) bool {
	if b == nil || b.live() {
		return false
	}
	name := holeName(bindingName(b.sources[0]))
	return slices.ContainsFunc(l.options.Refuse, func(refused string) bool { return strings.HasPrefix(refused, name) })
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
func (l *Learner) used() map[*binding]bool {
	used := map[*binding]bool{}
	for _, t := range l.known {
		leaves := t.settled
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
func (l *Learner) nameBindings() {
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
		b.name, b.refused = name, l.mayBeRefused(b) && slices.Contains(l.options.Refuse, name)
		m := model.Binding{Name: name, Refused: b.refused, Evidence: model.Evidence{Uses: b.uses, Match: round(b.match), Shuffled: round(b.shuffled), Compared: b.compared, RestsOn: b.restsOn}}
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
	case "cell":
		return (&content.Cell{Place: rest}).Name()
	case "form", "option", "labelled":
		if kind == "labelled" {
			rest, _, _ = strings.Cut(rest, "=")
		}
		name, _, _ := strings.Cut(rest, "@/")
		return name
	case "entries":
		_, action, _ := strings.Cut(rest, " ")
		action, _, _ = strings.Cut(action, "[")
		return resource(action) + "form"
	case "document":
		return resource(s.endpoint) + "document"
	case "as":
		return rest + "_shown"
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
