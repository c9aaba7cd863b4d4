package folder

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/starling-load/starling/model/problem"
)

// overridesKey is the section of the values that people pinned: a merge patch over
// the rest of the file.
const overridesKey = "overrides"

// override takes the overrides out of x, the whole file, merges them over the
// rest, and returns their section as it was written. The merged values keep their
// lines, so that a problem names the line where the value was written.
func (x node) override(raw []byte) string {
	at, text, ok := x.cut(overridesKey, raw)
	if !ok || !at.is(yaml.MappingNode, "keys of the model with other values") {
		return ""
	}
	for _, name := range []string{"version", overridesKey, editsKey, unfitKey} {
		if k, _ := lookup(at.y, name); k != nil {
			x.failAt(k, "%s cannot be overridden", name)
			return ""
		}
	}
	x.merge(x.y, at.y)
	return text
}

// section returns the lines of raw from the line first to the line before end. If end
// is 0, it returns all lines from first on. Blank lines at the end and the comments
// above the next key are left out.
func section(raw []byte, first, end int) string {
	lines := strings.Split(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n")
	if end == 0 {
		end = len(lines) + 1
	}
	lines = lines[first-1 : end-1]
	for n := len(lines) - 1; n > 0 && (strings.TrimSpace(lines[n]) == "" || lines[n][0] == '#'); n-- {
		lines = lines[:n]
	}
	return strings.Join(lines, "\n") + "\n"
}

// merge applies patch to base as RFC 7396 does. Both are mappings. An empty value
// removes a key, keys with values are merged, and any other value replaces the old
// one. Short forms are read as long ones: a number as {odds: number}, a name as
// {name: 1}, or as {next: name} if it stands for a step.
func (x node) merge(base, patch *yaml.Node) {
	for i := 0; i+1 < len(patch.Content); i += 2 {
		key, value := patch.Content[i], patch.Content[i+1]
		if first, _ := lookup(patch, key.Value); first != key {
			x.failAt(key, "key %s is there twice, first in line %d", problem.Quote(key.Value), first.Line)
			continue
		}
		at := slices.IndexFunc(keysOf(base), func(k *yaml.Node) bool { return k.Value == key.Value })
		switch {
		case value.Kind == yaml.ScalarNode && value.ShortTag() == "!!null":
			if at >= 0 {
				base.Content = slices.Delete(base.Content, 2*at, 2*at+2)
			}
		case at < 0:
			x.pin(value)
			base.Content = append(base.Content, key, value)
		default:
			base.Content[2*at] = key
			base.Content[2*at+1] = x.merged(base.Content[2*at+1], value)
		}
	}
}

// merged returns the value old with the patch value applied to it.
func (x node) merged(old, value *yaml.Node) *yaml.Node {
	switch {
	case value.Kind == yaml.MappingNode:
		if old = long(old, value); old.Kind == yaml.MappingNode {
			x.merge(old, value)
			return old
		}
	case value.Kind == yaml.ScalarNode && old.Kind == yaml.MappingNode:
		if _, odds := lookup(old, "odds"); odds != nil && isNumber(value) {
			x.merge(old, mappingOf("odds", value))
			return old
		}
	}
	x.pin(value)
	return value
}

// pin notes that n comes from the overrides.
func (x node) pin(n *yaml.Node) {
	x.d.pinned[n] = true
	for _, c := range n.Content {
		x.pin(c)
	}
}

func keysOf(mapping *yaml.Node) []*yaml.Node {
	keys := make([]*yaml.Node, 0, len(mapping.Content)/2)
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		keys = append(keys, mapping.Content[i])
	}
	return keys
}

// long returns the long form of n, if it has one, for patch to be merged into.
func long(n, patch *yaml.Node) *yaml.Node {
	_, next := lookup(patch, "next")
	switch {
	case n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null":
		return n
	case next != nil: // a step
		return mappingOf("next", n)
	case isNumber(n):
		return mappingOf("odds", n)
	}
	one := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: "1", Line: n.Line, Column: n.Column}
	return mappingOf(n.Value, one)
}

func mappingOf(key string, value *yaml.Node) *yaml.Node {
	k := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key, Line: value.Line, Column: value.Column}
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{k, value}, Line: value.Line, Column: value.Column}
}

func isNumber(n *yaml.Node) bool {
	_, err := strconv.ParseFloat(n.Value, 64)
	return n.Kind == yaml.ScalarNode && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 && err == nil
}
