package cmd

import (
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryPackageHasATrueExample checks that each package that is neither a
// program nor a help for tests (NAMEtest) has an example_test.go outside of it,
// with an example whose output is compared. That of this package has none, since
// Main ends the process.
func TestEveryPackageHasATrueExample(t *testing.T) {
	for _, p := range ourPackages(t) {
		if p.Name == "main" || strings.HasSuffix(p.Name, "test") {
			continue
		}
		if !slices.Contains(p.XTestGoFiles, "example_test.go") {
			t.Errorf("%s has no example_test.go of package %s_test", p.folder(), p.Name)
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, "example_test.go"), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if p.folder() != "cmd" && !slices.ContainsFunc(doc.Examples(f), func(e *doc.Example) bool { return e.Output != "" || e.EmptyOutput }) {
			t.Errorf("%s: no example has an output that is compared", p.folder())
		}
	}
}

// looksLikeGo matches a line that is code of Go and no drawing, command or
// formula.
var looksLikeGo = regexp.MustCompile(`(?m):=|^\s*(\w+\.)+\w+\(.*\)$|\bfunc\b`)

// TestEveryCodeInAPackageCommentIsInItsExample checks that the code in package
// comments compiles: its lines stand in example_test.go, in the same order.
func TestEveryCodeInAPackageCommentIsInItsExample(t *testing.T) {
	for _, p := range ourPackages(t) {
		example, err := os.ReadFile(filepath.Join(p.Dir, "example_test.go"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, code := range codeIn(sourceOf(t, &p).doc()) {
			if line := firstMissing(code, string(example)); line != "" {
				t.Errorf("%s: the package comment shows this line, which is not in its place in example_test.go:\n%s", p.folder(), line)
			}
		}
	}
}

// doc is the text of the package comment.
func (s *source) doc() string {
	for _, f := range s.files {
		if f.Doc != nil {
			return f.Doc.Text()
		}
	}
	return ""
}

// codeIn returns the blocks of a comment that are code of Go.
func codeIn(text string) (code []string) {
	for _, block := range new(comment.Parser).Parse(text).Content {
		if c, ok := block.(*comment.Code); ok && looksLikeGo.MatchString(c.Text) {
			code = append(code, c.Text)
		}
	}
	return code
}

// firstMissing returns the first line of code that does not stand in text
// behind the line before it. Indents and remarks behind a line do not count.
func firstMissing(code, text string) string {
	lines := strings.Split(text, "\n")
	for line := range strings.SplitSeq(code, "\n") {
		if bare(line) == "" {
			continue
		}
		i := slices.IndexFunc(lines, func(l string) bool { return bare(l) == bare(line) })
		if i < 0 {
			return line
		}
		lines = lines[i+1:]
	}
	return ""
}

func bare(line string) string {
	line, _, _ = strings.Cut(line, "// ")
	return strings.TrimSpace(line)
}
