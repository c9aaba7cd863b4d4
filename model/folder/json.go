package folder

import (
	"bytes"
	"encoding/json"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/starling-load/starling/model"
)

// JSON returns m as JSON for programs: the keys and values of model.yaml as
// FORMAT.md documents them, in the same order and valid against [Schema]. What
// the folder keeps in data/ is only named.
func JSON(m *model.Model) []byte {
	m = m.Rounded()
	e := encoder{taken: map[string]bool{}, thinks: map[string]string{}}
	var compact, out bytes.Buffer
	root := e.model(m)
	if patch := overridesOf(m); patch != nil {
		put(root, overridesKey, patch)
	}
	writeJSON(&compact, root)
	if err := json.Indent(&out, compact.Bytes(), "", "  "); err != nil {
		panic("folder: nodes that are no JSON: " + err.Error()) // writeJSON makes nothing else
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// overridesOf returns the overrides of m, nil if there are none or they cannot be
// read.
func overridesOf(m *model.Model) *yaml.Node {
	root, err := parseYAML([]byte(m.Overrides))
	if err != nil {
		return nil
	}
	_, patch := lookup(root, overridesKey)
	return patch
}

// writeJSON writes nodes that the encoder made, or that were read.
func writeJSON(b *bytes.Buffer, n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, n.Content[i])
			b.WriteByte(':')
			writeJSON(b, n.Content[i+1])
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, item)
		}
		b.WriteByte(']')
	default:
		if slices.Contains([]string{"!!int", "!!float", "!!bool", "!!null"}, n.ShortTag()) && json.Valid([]byte(n.Value)) {
			b.WriteString(n.Value)
			return
		}
		s, err := json.Marshal(n.Value)
		if err != nil {
			panic("folder: a text that is no JSON: " + err.Error()) // every string is
		}
		b.Write(s)
	}
}
