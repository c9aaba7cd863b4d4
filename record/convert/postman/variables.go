package postman

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/flow"
)

// url returns the URL with its variables: {{name}}, and :name in the path. A
// query with disabled parts is written from its list.
func (p *importer) url(u *address) (string, error) {
	raw := string(u.Raw)
	if len(u.Query) > 0 {
		base, _, _ := strings.Cut(raw, "?")
		var parts []string
		for _, q := range u.Query {
			if q.on() {
				parts = append(parts, string(q.Key)+"="+string(q.Value))
			}
		}
		if raw = base; len(parts) > 0 {
			raw += "?" + strings.Join(parts, "&")
		}
	}
	if len(u.Variable) > 0 {
		path, query, asked := strings.Cut(raw, "?")
		segments := strings.Split(path, "/")
		for i, s := range segments {
			for _, v := range u.Variable {
				if name, ok := strings.CutPrefix(s, ":"); ok && name == string(v.Key) {
					segments[i] = string(v.Value)
				}
			}
		}
		raw = strings.Join(segments, "/")
		if asked {
			raw += "?" + query
		}
	}
	return p.fill(raw)
}

// fill replaces variables by their values, which may hold variables again.
func (p *importer) fill(text string) (string, error) {
	return p.fillDeep(text, 0)
}

func (p *importer) fillDeep(text string, depth int) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, p.grow(len(text))
	}
	if depth > 8 {
		return "", errors.New("its variables name each other in a circle")
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{{")
		b.WriteString(before)
		if !ok {
			return b.String(), p.grow(len(before))
		}
		name, after, closed := strings.Cut(rest, "}}")
		if !closed || len(name) > 256 {
			b.WriteString("{{" + rest)
			return b.String(), p.grow(len(rest))
		}
		value, err := p.variable(strings.TrimSpace(name), depth)
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		text = after
	}
}

// grow counts text of n bytes. Its limit stops variables that hold each other.
func (p *importer) grow(n int) error {
	if p.size += n + 1; p.size > convert.MaxEntry {
		return convert.ErrTooLong
	}
	return nil
}

// variable returns the value of {{name}}. Values that Postman draws at random follow
// from the number of the request here, so that an import can be repeated.
func (p *importer) variable(name string, depth int) (string, error) {
	if value, ok := p.vars[name]; ok {
		return p.fillDeep(value, depth+1)
	}
	n := p.s.Upcoming().Unix()
	switch name {
	case "$timestamp":
		return fmt.Sprint(n), nil
	case "$isoTimestamp":
		return time.Unix(n, 0).UTC().Format("2006-01-02T15:04:05.000Z"), nil
	case "$randomInt":
		return fmt.Sprint(n % 1001), nil
	case "$guid", "$randomUUID":
		h := flow.NewBody([]byte(fmt.Sprint("uuid ", n))).Sum()
		return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(h), uint16(h>>32), h>>48&0xfff, h>>52&0xfff, h&0xffffffffffff), nil
	}
	return "", fmt.Errorf("it uses the variable {{%s}}, which has no value; set it in the collection or an environment", name)
}
