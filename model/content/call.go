package content

import (
	"bytes"
	"strings"
)

// Limits on the calls that are read of a script.
const (
	maxCalls     = 5000
	maxFunctions = 20
	maxOther     = 500 // calls whose arguments are none of these
)

// A call is a call of a function in a script of which each argument is JSON, such as
// list.add(17, {"title": "Tide"}).
type call struct {
	name string
	args []string
}

// calls returns the calls of a script that have several arguments, one of them an object:
// so scripts fill lists.
func calls(s string) (out []call) {
	b := []byte(s)
	others := 0
	for i := 0; i < len(b) && len(out) < maxCalls && others < maxOther; {
		switch c := b[i]; {
		case c == '"' || c == '\'':
			end := i + 1
			for end < len(b) && b[end] != c {
				if b[end] == '\\' {
					end++
				}
				end++
			}
			i = end + 1
		case c == '(':
			if name := identifierBefore(b, i); name != "" {
				if args, end, ok := arguments(b, i+1); ok {
					out, i = append(out, call{name, args}), end
					continue
				}
				others++
			}
			i++
		default:
			i++
		}
	}
	return out
}

// arguments returns the arguments of a call behind its "(", and the index behind its ")".
func arguments(b []byte, i int) (args []string, end int, ok bool) {
	objects := false
	for {
		i = space(b, i)
		if i >= len(b) {
			return nil, 0, false
		}
		to := i
		switch b[i] {
		case '"', '{', '[':
			to = skipValue(b, i)
		default:
			for to < len(b) && strings.IndexByte(",) \n\r\t(", b[to]) < 0 {
				to++
			}
		}
		if !validJSON(b[i:to]) {
			return nil, 0, false
		}
		objects = objects || b[i] == '{'
		args = append(args, string(b[i:to]))
		switch i = space(b, to); {
		case i < len(b) && b[i] == ',':
			i++
		case i < len(b) && b[i] == ')':
			return args, i + 1, objects && len(args) > 1
		default:
			return nil, 0, false
		}
	}
}

// callDocument returns the calls of a function as a document of JSON: an object for each, with
// its first argument as id and the others by their numbers: a2, a3. It is empty if there are
// none.
func callDocument(list []call, name string) string {
	var b bytes.Buffer
	for _, c := range list {
		if c.name != name {
			continue
		}
		b.WriteString(",{")
		for i, arg := range c.args {
			if i == 0 {
				b.WriteString(`"id":` + arg)
			} else {
				b.WriteString(`,"a` + string(appendInt(nil, i+1)) + `":` + arg)
			}
		}
		b.WriteByte('}')
	}
	if b.Len() == 0 {
		return ""
	}
	return "[" + b.String()[1:] + "]"
}

// mayCall reports whether a text may be a script that calls functions.
func mayCall(s string) bool {
	n := strings.IndexByte(s, '(')
	return n > 0 && strings.IndexByte(s, '{') > n && strings.Contains(s, ")") && wordByte(s[n-1])
}

// called adds what the calls of a script hold. It reports whether there are any.
func (g *gatherer) called(prefix, s string) bool {
	if !mayCall(s) {
		return false
	}
	list := calls(s)
	seen := map[string]bool{}
	for _, c := range list {
		if !seen[c.name] && len(seen) < maxFunctions {
			seen[c.name] = true
			g.json(prefix+"call:"+escapeBar(c.name)+"|", []byte(callDocument(list, c.name)))
		}
	}
	return len(list) > 0
}
