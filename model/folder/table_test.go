package folder

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

func TestParseTable(t *testing.T) {
	for _, tt := range []struct {
		name   string
		in     string
		header []string
		rows   [][]string
	}{
		{"plain fields", "a,b\n1,2\n", []string{"a", "b"}, [][]string{{"1", "2"}}},
		{"no break at the end", "a\n1", []string{"a"}, [][]string{{"1"}}},
		{"written by a spreadsheet", "\ufeffa,b\r\n1,\r\n\r\n", []string{"a", "b"}, [][]string{{"1", ""}}},
		{"quoted comma, quote and break", "a\n\"x,\"\"y\"\"\r\nz\"\n", []string{"a"}, [][]string{{"x,\"y\"\r\nz"}}},
		{"one empty field", "a\n\"\"\n", []string{"a"}, [][]string{{""}}},
		{"no rows", "a,b\n", []string{"a", "b"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header, rows, err := parseTable([]byte(tt.in))
			if err != nil || !reflect.DeepEqual(header, tt.header) || !reflect.DeepEqual(rows, tt.rows) {
				t.Errorf("parseTable(%q) = %q, %q, %v", tt.in, header, rows, err)
			}
		})
	}
}

func TestParseTableNamesTheLineOfAMistake(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		line     int
	}{
		{"an empty file", "", 1},
		{"too many fields", "a\n\n1\n1,2\n", 4},
		{"a quote that is not closed", "a\n\"x\ny", 2},
		{"text behind a quote", "a\n1\n\"x\"y\n", 3},
		{"a quote in the middle", "a\nx\"y\"\n", 2},
		{"behind a field of two lines", "a\n\"1\n2\"\n1,2\n", 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := parseTable([]byte(tt.in))
			var te *tableError
			if !errors.As(err, &te) || te.line != tt.line {
				t.Errorf("parseTable(%q): %v, want an error in line %d", tt.in, err, tt.line)
			}
		})
	}
}

func FuzzTable(f *testing.F) {
	f.Add("a", "b", "", "x\r\n\"y\"")
	f.Add("\ufeff", ",", "\r", "\n")
	f.Add("", "", "\x00", "\xff")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		for _, in := range [][][]string{{{a, b}, {c, d}}, {{a}, {b}, {c}, {d}}} {
			var buf bytes.Buffer
			appendTable(&buf, in[0], in[1:])
			header, rows, err := parseTable(buf.Bytes())
			if err != nil || !reflect.DeepEqual(append([][]string{header}, rows...), in) {
				t.Fatalf("%q is written as %q and read as %q, %q, %v", in, buf.String(), header, rows, err)
			}
		}
		parseTable([]byte(a + "\n" + d)) // must not panic
	})
}
