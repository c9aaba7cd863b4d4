package folder

import (
	_ "embed"
	"slices"
)

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (Draft 2020-12) of model.yaml, for editors. It
// describes each key by itself. Rules between keys, such as odds that sum to 1, are
// checked only by Validate of [model.Model].
func Schema() []byte { return slices.Clone(schema) }
