package folder

import (
	"bytes"
	"encoding/json"

	"github.com/starling-load/starling/model"

	"go.yaml.in/yaml/v3"
)

// JSON returns m as JSON for programs: the keys and values of model.yaml as
// FORMAT.md documents them, in the same order and valid against [Schema]. What
// the folder keeps in data/ is named, not contained.
func JSON(m *model.Model) []byte {
	m = m.Rounded()
	e := encoder{taken: map[string]bool{}, thinks: map[string]string{}}
	var compact, out bytes.Buffer
	writeJSON(&compact, e.model(m))
	if err := json.Indent(&out, compact.Bytes(), "", "  "); err != nil {
		panic("model: nodes that are no JSON: " + err.Error()) // writeJSON makes nothing else
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// writeJSON writes nodes that the encoder made.
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
		if n.Tag == "" && json.Valid([]byte(n.Value)) { // a number
			b.WriteString(n.Value)
			return
		}
		s, err := json.Marshal(n.Value)
		if err != nil {
			panic("model: a text that is no JSON: " + err.Error()) // every string is
		}
		b.Write(s)
	}
}
