package folder

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/starling-load/starling/model/problem"
)

// A node is a YAML value that becomes a part of a model, and its place. A method that
// finds a problem notes it and returns the zero value.
type node struct {
	d    *decoder
	y    *yaml.Node
	path []string
}

// child is the value y of key in x. The place of the key is noted.
func (x node) child(key string, at, y *yaml.Node) node {
	c := node{x.d, y, slices.Concat(x.path, []string{key})}
	id := placeID(c.path)
	if _, had := x.d.where[id]; !had {
		x.d.where[id] = at
	}
	return c
}

// placeID makes one string of a place.
func placeID(path []string) string { return strings.Join(path, "\x00") }

func (x node) failf(format string, args ...any) { x.failAt(x.y, format, args...) }

func (x node) failAt(at *yaml.Node, format string, args ...any) {
	x.d.found.Add(&problem.Problem{File: yamlFile, Line: at.Line, Column: at.Column, Place: x.path, Text: fmt.Sprintf(format, args...)})
}

// null reports whether the key has no value.
func (x node) null() bool { return x.y.Kind == yaml.ScalarNode && x.y.Tag == "!!null" }

// is reports whether x is of a kind. If not, it notes a problem: want is what should
// stand there.
func (x node) is(kind yaml.Kind, want string) bool {
	if x.y.Kind == kind {
		return true
	}
	switch x.y.Kind {
	case yaml.AliasNode:
		x.failf("YAML aliases (*%s) are not supported: repeat the value", problem.Shorten(x.y.Value))
	case yaml.MappingNode:
		x.failf("keys with values stand here, where %s should", want)
	case yaml.SequenceNode:
		x.failf("a list stands here, where %s should", want)
	default:
		x.failf("%s stands here, where %s should", problem.Quote(x.y.Value), want)
	}
	return false
}

// A field is a key that a mapping may have, and what reads its value.
type field struct {
	key  string
	read func(node)
}

// fields reads a mapping with known keys.
func (x node) fields(fields ...field) {
	x.each(func(key string, at *yaml.Node, value node) {
		for _, f := range fields {
			if f.key == key {
				f.read(value)
				return
			}
		}
		keys := make([]string, len(fields))
		for i, f := range fields {
			keys[i] = f.key
		}
		hint := problem.Suggest(key, keys)
		if hint == "" {
			hint = "; known here: " + strings.Join(keys, ", ")
		}
		x.failAt(at, "unknown key %s%s", problem.Quote(key), hint)
	})
}

// each calls f for every key of a mapping, in order. An empty value has no keys.
func (x node) each(f func(key string, at *yaml.Node, value node)) {
	if x.null() || !x.is(yaml.MappingNode, "keys with values") {
		return
	}
	seen := make(map[string]int, len(x.y.Content)/2)
	for i := 0; i+1 < len(x.y.Content); i += 2 {
		at := x.y.Content[i]
		key := node{x.d, at, x.path}.text()
		if line, had := seen[key]; had {
			x.failAt(at, "key %s is there twice, first in line %d", problem.Quote(key), line)
			continue
		}
		seen[key] = at.Line
		f(key, at, x.child(key, at, x.y.Content[i+1]))
	}
}

// items calls f for every item of a list, in order. An empty value has no items.
func (x node) items(f func(item node)) {
	if x.null() || !x.is(yaml.SequenceNode, "a list") {
		return
	}
	for _, y := range x.y.Content {
		f(node{x.d, y, x.path})
	}
}

// pair returns the key and value of a mapping that has exactly one.
func (x node) pair(want string) (key string, value node, ok bool) {
	if !x.is(yaml.MappingNode, want) {
		return "", node{}, false
	}
	if len(x.y.Content) != 2 {
		x.failf("%d keys stand here, where %s should", len(x.y.Content)/2, want)
		return "", node{}, false
	}
	at := x.y.Content[0]
	key = node{x.d, at, x.path}.text()
	return key, x.child(key, at, x.y.Content[1]), true
}

// text reads a scalar as it is written.
func (x node) text() string {
	if !x.is(yaml.ScalarNode, "a text") {
		return ""
	}
	switch x.y.ShortTag() {
	case "!!null":
		return ""
	case "!!binary":
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(x.y.Value), ""))
		if err != nil {
			x.failf("is not base64")
		}
		return string(b)
	case "!!str", "!!int", "!!float", "!!bool", "!!timestamp", "!!merge":
		return x.y.Value
	}
	x.failf("the tag %s is not supported", problem.Shorten(x.y.Tag))
	return ""
}

// texts reads a list of scalars.
func (x node) texts() []string {
	var list []string
	x.items(func(item node) { list = append(list, item.text()) })
	return list
}

// flag reads true or false.
func (x node) flag() bool {
	if !x.is(yaml.ScalarNode, "true or false") {
		return false
	}
	if s := x.y.Value; s != "true" && s != "false" {
		x.failf("%s is neither true nor false", problem.Quote(s))
	}
	return x.y.Value == "true"
}

// count reads a whole number from 0 on.
func (x node) count() int {
	if !x.is(yaml.ScalarNode, "a number") {
		return 0
	}
	n, err := strconv.Atoi(x.y.Value)
	if err != nil || n < 0 {
		x.failf("%s is not a whole number from 0 on", problem.Quote(x.y.Value))
		return 0
	}
	return n
}

// number reads a decimal number.
func (x node) number() float64 {
	if !x.is(yaml.ScalarNode, "a number") {
		return 0
	}
	f, err := strconv.ParseFloat(x.y.Value, 64)
	if err != nil || f != f || f-f != 0 {
		x.failf("%s is not a number", problem.Quote(x.y.Value))
		return 0
	}
	return f
}

// duration reads a time span.
func (x node) duration() time.Duration {
	if !x.is(yaml.ScalarNode, "a time such as 1.5s") {
		return 0
	}
	d, err := time.ParseDuration(x.y.Value)
	if err != nil {
		hint := ""
		if _, err := strconv.ParseFloat(x.y.Value, 64); err == nil {
			hint = fmt.Sprintf("; did you mean %ss?", x.y.Value)
		}
		x.failf("%s is not a time such as 1.5s, 300ms or 2m%s", problem.Quote(x.y.Value), hint)
	}
	return d
}
