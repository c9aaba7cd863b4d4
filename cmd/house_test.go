package cmd

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/starling-load/starling/"

// goPackage is a package of ours as the go command lists it.
type goPackage struct {
	ImportPath, Dir, Name              string
	Imports                            []string
	GoFiles, TestGoFiles, XTestGoFiles []string
}

// folder is the package's folder in the module.
func (p *goPackage) folder() string { return strings.TrimPrefix(p.ImportPath, module) }

func ourPackages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,Name,Imports,GoFiles,TestGoFiles,XTestGoFiles", module+"...").Output()
	if err != nil {
		t.Fatalf("list our packages: %v", err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// A source is the code of a package without its tests, and what each name in
// it stands for.
type source struct {
	set   *token.FileSet
	files []*ast.File
	info  types.Info
	pkg   *types.Package
}

// sourceOf reads the code of p.
func sourceOf(t *testing.T, p *goPackage) *source {
	t.Helper()
	s := &source{set: token.NewFileSet()}
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(s.set, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		s.files = append(s.files, f)
	}
	s.resolve(p.ImportPath)
	return s
}

// resolve finds out what the names stand for. It knows this package alone:
// what an import holds is unknown, so types that come from one are, too.
func (s *source) resolve(path string) {
	s.info = types.Info{
		Uses: make(map[*ast.Ident]types.Object), Defs: make(map[*ast.Ident]types.Object),
		Selections: make(map[*ast.SelectorExpr]*types.Selection),
	}
	known := types.Config{Importer: emptyImporter{}, Error: func(error) {}}
	s.pkg, _ = known.Check(path, s.set, s.files, &s.info) // errors are about imports
}

// imported returns "path.Name" where x names something of an imported package.
func (s *source) imported(x *ast.SelectorExpr) string {
	if id, ok := x.X.(*ast.Ident); ok {
		if name, ok := s.info.Uses[id].(*types.PkgName); ok {
			return name.Imported().Path() + "." + x.Sel.Name
		}
	}
	return ""
}

// at says where a node stands: file and line.
func (s *source) at(n ast.Node) string {
	p := s.set.Position(n.Pos())
	return filepath.Base(p.Filename) + ":" + strconv.Itoa(p.Line)
}

// emptyImporter imports every package as one without contents.
type emptyImporter struct{}

func (emptyImporter) Import(name string) (*types.Package, error) {
	base := path.Base(name)
	if strings.HasPrefix(base, "v") && strings.Trim(base[1:], "0123456789") == "" { // math/rand/v2
		base = path.Base(path.Dir(name))
	}
	p := types.NewPackage(name, base)
	p.MarkComplete()
	return p, nil
}
