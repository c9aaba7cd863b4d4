package folder

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// instance converts YAML to what a JSON Schema is about, as editors do.
func instance(t interface{ Fatal(...any) }, text []byte) any {
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestTheSchemaAcceptsWhatIsWritten(t *testing.T) {
	s := compileSchema(t)
	if err := s.Validate(instance(t, filesOf(sample())[0].data)); err != nil {
		t.Error(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t)
		text := filesOf(m)[0].data
		if err := s.Validate(instance(t, text)); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}

// The schema and Read agree about every small file below.
func TestTheSchemaAndReadAgree(t *testing.T) {
	s := compileSchema(t)
	for _, tt := range yamlCases {
		if tt.beyondSchema {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			err := s.Validate(instance(t, []byte(tt.yaml)))
			if (err == nil) != (len(tt.problems) == 0) {
				t.Errorf("the schema says %v, Read says %q\n%s", err, tt.problems, tt.yaml)
			}
		})
	}
}
