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
	for _, s := range []struct{ key, text string }{{editsKey, m.Edits}, {overridesKey, m.Overrides}, {unfitKey, m.Unfit}} {
		if value := sectionOf(s.key, s.text); value != nil {
			put(root, s.key, value)
		}
	}
	writeJSON(&compact, root)
	if err := json.Indent(&out, compact.Bytes(), "", "  "); err != nil {
		panic("folder: nodes that are no JSON: " + err.Error()) // writeJSON makes nothing else
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// sectionOf returns the value of a section that people wrote, nil if there is none or it
// cannot be read.
func sectionOf(key, text string) *yaml.Node {
	root, err := parseYAML([]byte(text))
	if err != nil {
		return nil
	}
	_, value := lookup(root, key)
	return value
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
