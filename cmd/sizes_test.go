package cmd

import (
	"go/types"
	"strings"
	"testing"
)

// A package above these sizes says in its comment why it is one, in a paragraph
// that begins with sizeReason.
const (
	manyLines  = 2000 // in files that are no tests
	manyNames  = 40   // exported, without methods
	sizeReason = "It is one package because "
)

func TestSizesOfPackagesHaveAReason(t *testing.T) {
	for _, p := range ourPackages(t) {
		s := sourceOf(t, &p)
		lines, names := s.size()
		large, says := lines > manyLines || names > manyNames, hasParagraph(s.doc(), sizeReason)
		t.Logf("%-24s %5d lines, %2d exported names", p.folder(), lines, names)
		switch {
		case large && !says:
			t.Errorf("%s has %d lines and %d exported names: split it, or say in its comment why not, in a paragraph that begins %q",
				p.folder(), lines, names, sizeReason)
		case !large && says:
			t.Errorf("%s has %d lines and %d exported names, which need no reason: take the paragraph %q away",
				p.folder(), lines, names, sizeReason)
		}
	}
}

// size counts the lines of a package's files and the names that it exports.
func (s *source) size() (lines, names int) {
	for _, f := range s.files {
		lines += s.set.File(f.Pos()).LineCount()
	}
	for _, name := range s.pkg.Scope().Names() {
		if _, ok := s.pkg.Scope().Lookup(name).(*types.PkgName); !ok && s.pkg.Scope().Lookup(name).Exported() {
			names++
		}
	}
	return lines, names
}

// hasParagraph reports whether a paragraph of the package comment begins so.
func hasParagraph(doc, begin string) bool {
	for paragraph := range strings.SplitSeq(doc, "\n\n") {
		if text := strings.Join(strings.Fields(paragraph), " "); strings.HasPrefix(text, begin) {
			return true
		}
	}
	return false
}
