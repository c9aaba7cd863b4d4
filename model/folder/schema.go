package folder

import (
	_ "embed"
	"slices"
)

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (Draft 2020-12) of model.yaml, for editors. It
// describes each key by itself; what keys say about each other, such as odds
// that sum to 1, is known to [Model.Validate] only.
func Schema() []byte { return slices.Clone(schema) }
