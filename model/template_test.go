package model

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestParseTemplate(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   string
		want []Part
	}{
		{"nothing is no part", "", nil},
		{"text is one part", "/cart", []Part{{Literal: "/cart"}}},
		{"a hole alone", "${id}", []Part{{Name: "id"}}},
		{"holes between text", "/a/${x}/b?q=${y}", []Part{{Literal: "/a/"}, {Name: "x"}, {Literal: "/b?q="}, {Name: "y"}}},
		{"holes side by side", "${x}${y}", []Part{{Name: "x"}, {Name: "y"}}},
		{"two dollars are one", "a$$b", []Part{{Literal: "a$b"}}},
		{"an escaped hole is text", "$${x}", []Part{{Literal: "${x}"}}},
		{"a dollar before a hole", "$$${x}", []Part{{Literal: "$"}, {Name: "x"}}},
		{"names of form fields", "${user[name].0-é}", []Part{{Name: "user[name].0-é"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseTemplate(tt.in)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("ParseTemplate(%q) = %+v, %v, want %+v", tt.in, got, err, tt.want)
			}
			if back := formatTemplate(got); back != tt.in {
				t.Errorf("formatTemplate gives %q back for %q", back, tt.in)
			}
		})
	}
}

func TestParseTemplateNamesThePlaceOfAMistake(t *testing.T) {
	for _, tt := range []struct {
		name   string
		in     string
		offset int
	}{
		{"a single dollar", "cost: $5", 6},
		{"a dollar at the end", "cost$", 4},
		{"a hole that does not end", "a${b", 1},
		{"a hole without name", "a${}", 1},
		{"a name with a space", "ab${a b}", 2},
		{"a hole in a hole", "${a${b}}", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseTemplate(tt.in)
			var te *TemplateError
			if !errors.As(err, &te) || te.Offset != tt.offset {
				t.Errorf("ParseTemplate(%q) = %v, want an error at offset %d", tt.in, err, tt.offset)
			}
		})
	}
}

func FuzzParseTemplate(f *testing.F) {
	for _, s := range []string{"", "a$$b", "/x/${id}?a=$${b}", "${", "$", "${a b}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if back, err := ParseTemplate(EscapeTemplate(s)); err != nil || len(back) > 1 || len(back) == 1 && back[0].Literal != s {
			t.Fatalf("escaped %q is read as %+v, %v", s, back, err)
		}
		parts, err := ParseTemplate(s)
		if err != nil {
			return
		}
		for i, p := range parts {
			if (p.Literal == "") == (p.Name == "") || i > 0 && p.Literal != "" && parts[i-1].Literal != "" {
				t.Fatalf("ParseTemplate(%q) = %+v", s, parts)
			}
		}
		if back := formatTemplate(parts); back != s {
			t.Fatalf("ParseTemplate and formatTemplate make %q of %q", back, s)
		}
	})
}

// formatTemplate is the inverse of ParseTemplate.
func formatTemplate(parts []Part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.Name != "" {
			b.WriteString("${" + p.Name + "}")
		} else {
			b.WriteString(EscapeTemplate(p.Literal))
		}
	}
	return b.String()
}
