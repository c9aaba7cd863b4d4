package cmd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

// pure packages are functions of what they are given: no clock, no goroutine,
// no lock, no randomness of their own, no file and no network.
var pure = []string{"model/dist", "model/content", "model/content/prose", "model/content/form", "model/content/patch", "model/content/lines", "model/problem", "model/made", "model/formula", "model", "model/fidelity", "model/fidelity/distance", "model/fidelity/classify", "model/fidelity/series", "replay/load", "replay/compare"}

// impureImports are packages of the standard library that reach out of the
// process, or that only somebody needs who shares memory. A name that ends in a
// slash stands for all that is below it.
var impureImports = []string{
	"os", "os/", "io/fs", "io/ioutil", "path/filepath", "embed", "net", "net/http", "net/http/", "net/rpc", "net/rpc/",
	"net/smtp", "syscall", "runtime", "runtime/", "log", "log/", "database/sql", "plugin", "testing", "testing/",
	"sync", "sync/", "crypto/rand", "unsafe", "context",
}

// impureCalls are functions that read a clock, wait, write to the terminal or
// draw from a random source that nobody handed in.
var impureCalls = []string{
	"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.AfterFunc", "time.Tick", "time.NewTimer",
	"time.NewTicker", "fmt.Print", "fmt.Printf", "fmt.Println", "fmt.Scan", "fmt.Scanf", "fmt.Scanln",
}

// randomNames are those of math/rand/v2 that draw from what they are given.
var randomNames = []string{"Rand", "Source", "New", "NewPCG", "PCG", "NewChaCha8", "ChaCha8", "NewZipf", "Zipf"}

func TestPurePackagesHaveNoClockGoroutineOrFile(t *testing.T) {
	found := 0
	for _, p := range ourPackages(t) {
		if slices.Contains(pure, p.folder()) {
			found++
			for _, finding := range impurities(sourceOf(t, &p)) {
				t.Errorf("%s is pure: %s", p.folder(), finding)
			}
		}
	}
	if found != len(pure) {
		t.Errorf("%d of the pure packages %v exist, want all", found, pure)
	}
}

// impurities says what in the code of s is not pure, and where.
func impurities(s *source) (found []string) {
	note := func(n ast.Node, what string) { found = append(found, s.at(n)+": "+what) }
	for _, f := range s.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				if name := strings.Trim(n.Path.Value, `"`); impureImport(name) {
					note(n, "import of "+name)
				}
			case *ast.GoStmt:
				note(n, "go statement")
			case *ast.ChanType:
				note(n, "channel")
			case *ast.SelectStmt:
				note(n, "select statement")
			case *ast.SelectorExpr:
				if name := s.imported(n); impureCall(name) {
					note(n, name)
				}
			}
			return true
		})
	}
	return found
}

func impureImport(name string) bool {
	return slices.ContainsFunc(impureImports, func(impure string) bool {
		return name == impure || strings.HasSuffix(impure, "/") && strings.HasPrefix(name, impure)
	})
}

func impureCall(name string) bool {
	if random, ok := strings.CutPrefix(name, "math/rand/v2."); ok {
		return !slices.Contains(randomNames, random)
	}
	return slices.Contains(impureCalls, name) || strings.HasPrefix(name, "math/rand.")
}

// A package variable is a table: it has its value where it is declared, or by
// embedding, and nothing changes it. Nothing means: no code of the package
// assigns to it or to what is in it, takes its address, calls a method on it
// that may write, clears, fills or sorts it. An empty map, something made by
// make, new or &, a lock and a pool are there to be changed. Other packages
// cannot reach it unless it is an error, ErrName.
func TestPureNoPackageHasStateOrInit(t *testing.T) {
	for _, p := range ourPackages(t) {
		for _, finding := range state(sourceOf(t, &p)) {
			t.Errorf("%s: %s", p.folder(), finding)
		}
	}
}

// state says which variables of the package of s are no tables, where it has
// an init function, and where.
func state(s *source) (found []string) {
	note := func(n ast.Node, what string) { found = append(found, s.at(n)+": "+what) }
	for _, f := range s.files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					note(d, "func init")
				}
			case *ast.GenDecl:
				if d.Tok == token.VAR {
					s.checkVars(d, note)
				}
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			for _, changed := range changes(s, n) {
				if v := s.packageVar(changed); v != nil {
					note(n, "changes the package variable "+v.Name())
				}
			}
			return true
		})
	}
	return found
}

// checkVars looks at the declaration of package variables.
func (s *source) checkVars(d *ast.GenDecl, note func(ast.Node, string)) {
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		embedded := v.Doc != nil && strings.Contains(v.Doc.List[len(v.Doc.List)-1].Text, "//go:embed") ||
			d.Doc != nil && strings.Contains(d.Doc.List[len(d.Doc.List)-1].Text, "//go:embed")
		for i, name := range v.Names {
			switch {
			case name.Name == "_": // that a type has the methods of an interface
			case name.IsExported() && !strings.HasPrefix(name.Name, "Err"):
				note(name, "exported variable "+name.Name+": any package can change it")
			case len(v.Values) == 0 && !embedded:
				note(name, "variable "+name.Name+" has no value: it waits for one")
			case len(v.Values) == len(v.Names) && s.changeable(v.Values[i]):
				note(name, "variable "+name.Name+" is made to be changed")
			}
		}
	}
}

// changeable reports whether a value is there to be changed later.
func (s *source) changeable(value ast.Expr) bool {
	switch v := value.(type) {
	case *ast.CallExpr:
		id, ok := v.Fun.(*ast.Ident)
		return ok && (id.Name == "make" || id.Name == "new")
	case *ast.UnaryExpr:
		return v.Op == token.AND
	case *ast.CompositeLit:
		if kind, ok := v.Type.(*ast.SelectorExpr); ok {
			return strings.HasPrefix(s.imported(kind), "sync.") || strings.HasPrefix(s.imported(kind), "sync/")
		}
		_, isMap := v.Type.(*ast.MapType)
		return isMap && len(v.Elts) == 0
	}
	return false
}

// changes returns what the node n changes, or gives away to be changed.
func changes(s *source, n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		return n.Lhs
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return []ast.Expr{n.Key, n.Value}
		}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			return []ast.Expr{n.X}
		}
	case *ast.CallExpr:
		return changedByCall(s, n)
	}
	return nil
}

// changedByCall returns what a call changes of its first argument or receiver.
func changedByCall(s *source, n *ast.CallExpr) []ast.Expr {
	switch f := n.Fun.(type) {
	case *ast.Ident:
		if slices.Contains([]string{"delete", "clear", "copy"}, f.Name) {
			return n.Args[:1]
		}
	case *ast.SelectorExpr:
		name := s.imported(f)
		if len(n.Args) > 0 && (strings.HasPrefix(name, "slices.Sort") && !strings.HasPrefix(name, "slices.Sorted") ||
			strings.HasPrefix(name, "sort.") || name == "slices.Reverse" || name == "maps.Copy") {
			return n.Args[:1]
		}
		if method := s.info.Selections[f]; method != nil && pointerMethod(method) {
			return []ast.Expr{f.X}
		}
	}
	return nil
}

// pointerMethod reports whether a method of ours is called on the address of a
// variable.
func pointerMethod(m *types.Selection) bool {
	if m.Kind() != types.MethodVal {
		return false
	}
	_, isPointer := m.Obj().(*types.Func).Signature().Recv().Type().(*types.Pointer)
	return isPointer
}

// packageVar returns the package variable that x, or what x is a part of,
// belongs to, nil when there is none.
func (s *source) packageVar(x ast.Expr) *types.Var {
	for {
		switch e := x.(type) {
		case *ast.Ident:
			v, ok := s.info.Uses[e].(*types.Var)
			if ok && v.Parent() == s.pkg.Scope() {
				return v
			}
			return nil
		case *ast.SelectorExpr:
			x = e.X
		case *ast.IndexExpr:
			x = e.X
		case *ast.SliceExpr:
			x = e.X
		case *ast.StarExpr:
			x = e.X
		case *ast.ParenExpr:
			x = e.X
		default:
			return nil
		}
	}
}

// TestPureFindings has a package with each thing that is not pure, to see that
// it is found, and one that is pure.
func TestPureFindings(t *testing.T) {
	tests := []struct {
		name, code, want string
	}{
		{"the clock under another name", `import t "time"; func f() t.Time { return t.Now() }`, "time.Now"},
		{"the clock as a value", `import "time"; func f(now func() time.Time) {}; func g() { f(time.Now) }`, "time.Now"},
		{"a timer", `import "time"; func f() { time.AfterFunc(1, nil) }`, "time.AfterFunc"},
		{"a goroutine", `func f() { go f() }`, "go statement"},
		{"a channel", `func f(c chan int) {}`, "channel"},
		{"a file", `import "os"; func f() { os.ReadFile("") }`, "import of os"},
		{"a request", `import "net/http/httptrace"; var _ httptrace.ClientTrace`, "import of net/http/httptrace"},
		{"the random source of the process", `import "math/rand/v2"; func f() int { return rand.IntN(6) }`, "math/rand/v2.IntN"},
		{"the terminal", `import "fmt"; func f() { fmt.Println() }`, "fmt.Println"},
		{"init", `func init() {}`, "func init"},
		{"a variable without value", `var seen int`, "has no value"},
		{"an empty map", `var seen = map[string]int{}`, "made to be changed"},
		{"a map that is made", `var seen = make(map[string]int)`, "made to be changed"},
		{"a pointer", `type T struct{}; var shared = &T{}`, "made to be changed"},
		{"a lock", `import "sync"; var mu = sync.Mutex{}`, "made to be changed"},
		{"an exported table", `var Names = []string{"a"}`, "exported variable Names"},
		{"an assignment", `var n = 1; func f() { n = 2 }`, "changes the package variable n"},
		{"a count", `var n = 1; func f() { n++ }`, "changes the package variable n"},
		{"an element", `var m = map[string]int{"a": 1}; func f() { m["b"] = 2 }`, "changes the package variable m"},
		{"a field in an element", `var m = []struct{ n int }{{1}}; func f() { m[0].n = 2 }`, "changes the package variable m"},
		{"a deleted element", `var m = map[string]int{"a": 1}; func f() { delete(m, "a") }`, "changes the package variable m"},
		{"an order", `import "slices"; var m = []int{2, 1}; func f() { slices.Sort(m) }`, "changes the package variable m"},
		{"an address", `var n = 1; func f() *int { return &n }`, "changes the package variable n"},
		{"a method that may write", `type T int; func (t *T) set() {}; var v = T(1); func f() { v.set() }`, "changes the package variable v"},
		{"a pure package", `import ("errors"; "math/rand/v2"; "regexp"; "slices"; "time")
			var ErrNone = errors.New("none"); var digits = regexp.MustCompile("[0-9]+"); var names = []string{"a"}
			type T int; func (t T) get() int { return int(t) }; var v = T(1); var _ = v.get()
			func f(r *rand.Rand, now time.Time) int { names := slices.Clone(names); names[0] = "b"; slices.Sort(names); return r.IntN(v.get()) }`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &source{set: token.NewFileSet()}
			f, err := parser.ParseFile(s.set, "p.go", "package p; "+tt.code, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			s.files = append(s.files, f)
			s.resolve("p")
			found := append(impurities(s), state(s)...)
			if tt.want == "" && len(found) > 0 || tt.want != "" && !strings.Contains(strings.Join(found, "\n"), tt.want) {
				t.Errorf("%s\nfound %q, want %q", tt.code, found, tt.want)
			}
		})
	}
}
