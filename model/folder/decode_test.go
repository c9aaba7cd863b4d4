package folder

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/model/problem"
)

// steps1 is the beginning of a small file that is fine.
const steps1 = "version: 2\nbehaviors:\n  a:\n    start: GET /\n    steps:\n      GET /: end\n"

// yamlCases are files and what Read has to say about them.
var yamlCases = []struct {
	name         string
	yaml         string
	data         map[string]string
	problems     []string // each with its place, without what follows
	beyondSchema bool     // about how keys relate, or about files
}{
	{name: "a small file", yaml: steps1 + "endpoints:\n  GET /:\n"},
	{name: "a fixed sequence", yaml: sequenceYAML},
	{name: "an unknown key at the top", yaml: steps1 + "endpoint:\n  GET /:\n",
		problems: []string{`model.yaml:7:1: unknown key "endpoint"; did you mean "endpoints"?`}, beyondSchema: true},
	{name: "an unknown key far from all", yaml: steps1 + "endpoints:\n  GET /:\n    xyzzy: 1\n",
		problems: []string{`model.yaml:9:5: endpoints: GET /: unknown key "xyzzy"; known here: recorded, request, values, rows, needs, check, origin, asset, outcomes, variants`}},
	{name: "several mistakes at once", yaml: steps1 + "endpoints:\n  GET /:\n    recorded: many\n    check:\n      status: [6xx]\n      contents: [a/b]\nnote: x\n",
		problems: []string{
			`model.yaml:9:15: endpoints: GET /: recorded: "many" is not a whole number`,
			`model.yaml:11:16: endpoints: GET /: check: status: "6xx" is neither a status class`,
			`model.yaml:12:7: endpoints: GET /: check: unknown key "contents"; did you mean "content"?`,
			`model.yaml:13:1: unknown key "note"; did you mean "notes"?`}},
	{name: "no version", yaml: strings.TrimPrefix(steps1, "version: 2\n") + "endpoints:\n  GET /:\n",
		problems: []string{`model.yaml:1:1: version is missing: add "version: 2"`}},
	{name: "a version of tomorrow", yaml: strings.Replace(steps1, "2", "3", 1) + "endpoints:\n  GET /:\n",
		problems: []string{`model.yaml:1:1: version: is 3: this program knows version 2`}},
	{name: "a key twice", yaml: steps1 + "endpoints:\n  GET /:\n  GET /:\n",
		problems: []string{`model.yaml:9:3: endpoints: key "GET /" is there twice, first in line 8`}, beyondSchema: true},
	{name: "a list where keys should be", yaml: steps1 + "endpoints:\n  - GET /:\n",
		problems: []string{`model.yaml:8:3: endpoints: a list stands here, where keys with values should`}},
	{name: "an alias", yaml: steps1 + "endpoints: &x\n  GET /:\nbindings: *x\n",
		problems: []string{`model.yaml:9:11: bindings: YAML aliases (*x) are not supported`}, beyondSchema: true},
	{name: "a foreign tag", yaml: steps1 + "endpoints:\n  GET /:\nnotes: [!!python/object x]\n",
		problems: []string{`model.yaml:9:9: notes: the tag`}, beyondSchema: true},
	{name: "two documents", yaml: steps1 + "endpoints:\n  GET /:\n---\nx: 1\n",
		problems: []string{`model.yaml:9:1: a second YAML document`}, beyondSchema: true},
	{name: "no YAML", yaml: "version: 2\n  x: [\n", problems: []string{`model.yaml:2: not YAML: `}, beyondSchema: true},
	{name: "nothing", yaml: "", problems: []string{`model.yaml: the file is empty`}, beyondSchema: true},
	{name: "an unknown step", yaml: "version: 2\nbehaviors:\n  a:\n    start: {GET /: , GET /cart: }\n    steps:\n      GET /cart: end\n      GET /:\n        next:\n          GET /crat: 0.5\n          end: 0.5\nendpoints:\n  GET /:\n  GET /cart:\n",
		problems: []string{`model.yaml:9:11: behaviors: a: steps: GET /: next: GET /crat: this behavior has no step "GET /crat"; did you mean "GET /cart"?`}, beyondSchema: true},
	{name: "odds that do not sum to 1", yaml: "version: 2\nbehaviors:\n  a:\n    start: GET /\n    steps:\n      GET /:\n        next:\n          GET /: 0.5\n          end: 0.4\nendpoints:\n  GET /:\n",
		problems: []string{`model.yaml:7:9: behaviors: a: steps: GET /: next: the odds sum to 0.9, not to 1`}, beyondSchema: true},
	{name: "a think time without unit", yaml: "version: 2\nbehaviors:\n  a:\n    start: GET /\n    steps:\n      GET /:\n        next: {end: {think: 2}}\nendpoints:\n  GET /:\n",
		problems: []string{`model.yaml:7:29: behaviors: a: steps: GET /: next: end: think: "2" is not a time such as 1.5s, 300ms or 2m; did you mean 2s?`}},
	{name: "a weight without behavior", yaml: steps1 + "endpoints:\n  GET /:\nmix: {b: 1}\n",
		problems: []string{`model.yaml:9:1: mix: behavior "a" has no weight`, `model.yaml:9:7: mix: b: there is no behavior of this name; did you mean "a"?`}, beyondSchema: true},
	{name: "a step of two kinds", yaml: "version: 2\nbehaviors:\n  a:\n    start: x\n    steps:\n      x: {request: GET /, pause: 1s, next: end}\nendpoints:\n  GET /:\n",
		problems: []string{`model.yaml:6:7: behaviors: a: steps: x: must be one of request, group, open, close and pause, not 2 of them`}, beyondSchema: true},
	{name: "a poller that is a page", yaml: "version: 2\nbehaviors:\n  a:\n    start: x\n    steps:\n      x: {request: GET /, every: 1s, next: end}\nendpoints:\n  GET /:\n",
		problems: []string{`model.yaml:6:34: behaviors: a: steps: x: every: goes with "open" only`}},
	{name: "an unknown load", yaml: "version: 2\nbehaviors:\n  a:\n    start: x\n    steps:\n      x: {request: GET /, loads: [GET /a, GET /: 2], next: end}\nendpoints:\n  GET /:\n",
		problems: []string{`model.yaml:6:27: behaviors: a: steps: x: loads: GET /a: there is no endpoint "GET /a"; did you mean "GET /"?`,
			`model.yaml:6:43: behaviors: a: steps: x: loads: GET /: share: 2 is not a share`}, beyondSchema: true},
	{name: "a strand that nobody opens", yaml: "version: 2\nbehaviors:\n  a:\n    start: x\n    steps:\n      x: {open: GET /, strand: news, next: y}\n      y: {close: nws, next: end}\nendpoints:\n  GET /:\n",
		problems: []string{`model.yaml:7:11: behaviors: a: steps: y: close: no step of this behavior opens a strand "nws"; did you mean "news"?`}, beyondSchema: true},
	{name: "an unknown origin", yaml: steps1 + "origins: {main: 'http://a.test', cdn: 'http://a.test/x'}\nendpoints:\n  GET /: {origin: cnd}\n",
		problems: []string{`model.yaml:7:34: origins: cdn: "http://a.test/x" is not scheme://host[:port]`,
			`model.yaml:9:11: endpoints: GET /: origin: there is no origin "cnd"; did you mean "cdn"?`}, beyondSchema: true},
	{name: "variants beside a request", yaml: steps1 + "endpoints:\n  GET /:\n    request: {method: GET, target: /}\n    variants: {a: {request: {method: GET, target: /}}}\n",
		problems: []string{`model.yaml:9:5: endpoints: GET /: there are variants and what belongs to one`}},
	{name: "a variant without a name", yaml: steps1 + "endpoints:\n  GET /:\n    variants: {a: , '': }\n",
		problems: []string{`model.yaml:9:5: endpoints: GET /: variants: "" cannot be a name: it is empty`}},
	{name: "a session of an unknown behavior", yaml: steps1 + "endpoints:\n  GET /:\nsessions: s.csv\nacts: a.csv\n",
		data: map[string]string{"s.csv": "user,behavior,browser,start\nu1,b,,0\n", "a.csv": "session,act,endpoint,variant,after,delay,strand,connection,row,status,takes,step,outcome,poll\n1,1,GET /,,,,,,,200,,,,\n1,2,GET /x,,1,,,,,,,,,\n1,3,GET /,,3,,,,,,,,,\n"},
		problems: []string{`data/a.csv:3: acts: 2: there is no endpoint "GET /x"; did you mean "GET /"?`, `data/a.csv:4: acts: 3: act 3 cannot wait for act 3`,
			`data/s.csv:2: sessions: 1: there is no behavior "b"; did you mean "a"?`}, beyondSchema: true},
	{name: "an act that is missing", yaml: steps1 + "endpoints:\n  GET /:\nsessions: s.csv\nacts: a.csv\n",
		data:     map[string]string{"s.csv": "user,behavior,browser,start\nu1,a,,0\n", "a.csv": "session,act,endpoint,variant,after,delay,strand,connection,row,status,takes,step,outcome,poll\n1,1,GET /,,,,,,,,,,,\n1,3,GET /,,1,,,,,,,,,\n"},
		problems: []string{`data/a.csv:3: is act 3, where act 2 of session 1 should stand`}, beyondSchema: true},
	{name: "acts with other columns", yaml: steps1 + "endpoints:\n  GET /:\nsessions: s.csv\nacts: s.csv\n", data: map[string]string{"s.csv": "user,behavior,browser,start\nu1,a,,0\n"},
		problems: []string{`model.yaml:10:7: acts: data/s.csv must have the columns session, act,`}, beyondSchema: true},
	{name: "an override of an unknown key", yaml: steps1 + "endpoints:\n  GET /:\noverrides:\n  endpoints:\n    GET /: {chek: {status: [2xx]}}\n",
		problems: []string{`model.yaml:11:13: endpoints: GET /: unknown key "chek"; did you mean "check"?`}, beyondSchema: true},
	{name: "an override of the version", yaml: steps1 + "endpoints:\n  GET /:\noverrides: {version: 3}\n",
		problems: []string{`model.yaml:9:13: version cannot be overridden`}, beyondSchema: true},
	{name: "an override that is a list", yaml: steps1 + "endpoints:\n  GET /:\noverrides: [mix]\n",
		problems: []string{`model.yaml:9:12: overrides: a list stands here, where keys of the model with other values should`}},
	{name: "edits", yaml: steps1 + "endpoints:\n  GET /:\nedits:\n  - pace: 0.5\n  - think: 3s\n    at: GET /\n    of: [a]\n  - headers: {X-A: b, X-B: }\n  - check: {status: [2xx]}\n    at: [GET /]\n  - rename: a\n    to: b\n"},
	{name: "edits with mistakes", yaml: steps1 + "endpoints:\n  GET /:\nedits:\n  - pace: -1\n  - thnk: 3s\n  - repeat: GET /\n    times: 1\n",
		problems: []string{`model.yaml:10:11: edits: 1: pace: -1 is no factor above 0 and at most 1000`, `model.yaml:11:5: edits: 2: an edit has one of the keys pace, think, skip,`}},
	{name: "edits that do not fit", yaml: steps1 + "endpoints:\n  GET /:\nedits:\n  - pace: 2\n  - skip: GET /b\n", beyondSchema: true,
		problems: []string{`model.yaml:11:5: edits: 2: there is no endpoint "GET /b"`}},
	{name: "keys of edits that do not go together", yaml: steps1 + "endpoints:\n  GET /:\nedits:\n  - skip: GET /\n    into: b\n  - step: GET /\n    at: middle\n", beyondSchema: true,
		problems: []string{`model.yaml:11:11: edits: 1: into: does not go with skip: known there: of`, `model.yaml:13:9: edits: 2: at: "middle" is neither start nor end`}},
	{name: "a path out of the folder", yaml: steps1 + "endpoints:\n  GET /:\n    request: {method: GET, target: /, body_file: ../../etc/passwd}\n",
		problems: []string{`model.yaml:9:50: endpoints: GET /: request: body_file: "../../etc/passwd" is not the name of a file in data/`}},
	{name: "an absolute path", yaml: steps1 + "endpoints:\n  GET /:\n    rows: /etc/passwd\n",
		problems: []string{`model.yaml:9:11: endpoints: GET /: rows: "/etc/passwd" is not the name of a file in data/`}},
	{name: "a file that is not there", yaml: steps1 + "endpoints:\n  GET /:\ndata: {accounts: [user]}\n",
		problems: []string{`model.yaml:9:18: data: accounts: there is no file data/accounts.csv`}, beyondSchema: true},
	{name: "a file with other columns", yaml: steps1 + "endpoints:\n  GET /:\ndata: {accounts: [user]}\n", data: map[string]string{"accounts.csv": "name\nann\n"},
		problems: []string{`model.yaml:9:18: data: accounts: data/accounts.csv has the columns [name], not these`}, beyondSchema: true},
	{name: "a broken file", yaml: steps1 + "endpoints:\n  GET /:\ndata: {accounts: [user]}\n", data: map[string]string{"accounts.csv": "user\nann,bob\n"},
		problems: []string{`data/accounts.csv:2: data: accounts: 2 fields, but the header has 1`}, beyondSchema: true},
	{name: "quantiles that are not there", yaml: "version: 2\nbehaviors:\n  a:\n    start: GET /\n    steps:\n      GET /:\n        next: {end: {think: {median: 1s, quantiles: aa}}}\nendpoints:\n  GET /:\n", data: map[string]string{"learned/think.csv": "name,seconds\na,1 2\n"},
		problems: []string{`model.yaml:7:53: behaviors: a: steps: GET /: next: end: think: quantiles: data/learned/think.csv has no row "aa"; did you mean "a"?`}, beyondSchema: true},
	{name: "a median that was edited", yaml: "version: 2\nbehaviors:\n  a:\n    start: GET /\n    steps:\n      GET /:\n        next: {end: {think: {median: 5s, quantiles: a}}}\nendpoints:\n  GET /:\n", data: map[string]string{"learned/think.csv": "name,seconds\na,1 2\n"},
		problems: []string{`model.yaml:7:38: behaviors: a: steps: GET /: next: end: think: median: the median of these quantiles is 1.5s: for a fixed time write "think: 5s"`}, beyondSchema: true},
	{name: "never_after with after", yaml: steps1 + "endpoints:\n  GET /:\n    needs: [{never_after: GET /, after: GET /}]\n",
		problems: []string{`model.yaml:9:13: endpoints: GET /: needs: never_after stands alone`}},
	{name: "an unknown kind of value", yaml: steps1 + "endpoints:\n  GET /:\n    request: {method: GET, target: '/${x}'}\n    values: {x: {bond: y}}\n",
		problems: []string{`model.yaml:10:14: endpoints: GET /: values: x: "bond" is not a kind of value: bound, data, row, fresh, now, template or computed; did you mean "bound"?`}},
}

// sequenceYAML is the fixed sequence of FORMAT.md.
const sequenceYAML = `version: 2
behaviors:
  visitor:
    start: GET /
    steps:
      GET /:
        next: {GET /about: {think: 2s}}
      GET /about:
        next: {POST /contact: {think: 10s}}
      POST /contact: end
endpoints:
  GET /:
  GET /about:
  POST /contact:
    request:
      method: POST
      target: /contact
      headers:
        - Content-Type: application/x-www-form-urlencoded
      body: name=Ann&text=Hello
    check:
      status: [2xx, 3xx]
`

// readYAML reads a model of model.yaml and files in data/.
func readYAML(text string, data map[string]string) (*model.Model, error) {
	b := bundle{yamlFile: []byte(text)}
	for name, s := range data {
		b[dataFolder+name] = []byte(s)
	}
	return decode(b)
}

func TestReadNamesEveryProblemAndItsPlace(t *testing.T) {
	for _, tt := range yamlCases {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readYAML(tt.yaml, tt.data)
			found := problem.All(err)
			if len(found) != len(tt.problems) {
				t.Fatalf("found %d problems, want %d:\n%v\n%s", len(found), len(tt.problems), err, tt.yaml)
			}
			for i, p := range found {
				if !strings.HasPrefix(p.Error(), tt.problems[i]) || strings.Contains(p.Error(), "\n") {
					t.Errorf("problem %d: %s\nwant: %s", i, p, tt.problems[i])
				}
			}
		})
	}
}

func TestAModelWrittenByHand(t *testing.T) {
	m, err := readYAML(sequenceYAML, nil)
	if err != nil {
		t.Fatal(err)
	}
	g, err := model.NewGraph(m)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	var thinks []time.Duration
	for s := g.Start(dist.Keyed(1, 1, 0)); s.Step() != model.Ended; {
		names = append(names, m.Behaviors[s.Behavior()].Steps[s.Step()].ID)
		next, think := g.Next(s, dist.Keyed(1, 1, uint64(s.Steps())))
		s, thinks = next, append(thinks, think)
	}
	if want := []string{"GET /", "GET /about", "POST /contact"}; !slices.Equal(names, want) {
		t.Errorf("walk %v, want %v", names, want)
	}
	if got := fmt.Sprint(thinks); got != "[2s 10s 0s]" {
		t.Errorf("think times %s", got)
	}
	if r := m.Endpoints[1].Variants[0].Request; r.Method != "GET" || r.Target != "/about" {
		t.Errorf("request %+v, want that of the name", r)
	}
}

func TestEdgesWithoutOddsShareTheRest(t *testing.T) {
	m, err := readYAML("version: 2\nbehaviors:\n  a:\n    start: {GET /: , GET /b: }\n    steps:\n      GET /: {next: {GET /: 0.5, GET /b: , end: {think: 1s}}}\n      GET /b: {next: {GET /: , GET /b: , end: }}\n  b:\n    start: GET /\n    steps: {GET /: end}\nendpoints: {GET /: , GET /b: }\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	a := m.Behaviors[0]
	got := fmt.Sprint(a.Weight, a.Start[0].Odds, a.Start[1].Odds, a.Steps[0].Next, a.Steps[1].Next)
	want := "0.5 0.5 0.5 [{GET / 0.5 {0s []}} {GET /b 0.25 {0s []}} {end 0.25 {1s []}}] [{GET / 0.3333333333333333 {0s []}} {GET /b 0.3333333333333333 {0s []}} {end 0.3333333333333333 {0s []}}]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAnAliasBombIsRefusedQuickly(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 30; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d,", i-1), 9))
	}
	if _, err := readYAML(b.String(), nil); err == nil {
		t.Error("an alias bomb was read")
	}
	if _, err := readYAML(strings.Repeat("[", 100_000), nil); err == nil {
		t.Error("100,000 brackets were read")
	}
}

func TestFilesAreBounded(t *testing.T) {
	b := bundle{yamlFile: make([]byte, maxYAML+1)}
	if _, err := decode(b); err == nil || !strings.Contains(err.Error(), "larger than 16 MB") {
		t.Errorf("a huge model.yaml: %v", err)
	}
}

func TestReadIsTheInverseOfFiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t)
		if err := m.Validate(); err != nil {
			t.Fatalf("the generated model is not valid: %v", err)
		}
		first := filesOf(m)
		b := bundle{}
		for _, f := range first {
			if !fs.ValidPath(f.name) {
				t.Fatalf("file name %q", f.name)
			}
			b[f.name] = f.data
		}
		got, err := decode(b)
		if err != nil {
			t.Fatalf("%v\n%s", err, b[yamlFile])
		}
		m = m.Rounded()
		if diff := cmp.Diff(m, got); diff != "" {
			t.Fatalf("(-written +read)\n%s\n%s", diff, b[yamlFile])
		}
		if diff := cmp.Diff(first, filesOf(got), cmp.AllowUnexported(file{})); diff != "" {
			t.Fatalf("written again (-first +second)\n%s", diff)
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, tt := range yamlCases {
		f.Add([]byte(tt.yaml), []byte(tt.data["accounts.csv"]))
	}
	sampled := bundle{}
	for _, file := range filesOf(sample()) {
		sampled[file.name] = file.data
	}
	f.Add(sampled[yamlFile], sampled["data/accounts.csv"])
	f.Fuzz(func(t *testing.T, text, accounts []byte) {
		b := bundle{}
		for name, data := range sampled {
			b[name] = data
		}
		b[yamlFile], b["data/accounts.csv"] = text, accounts
		m, err := decode(b)
		if err != nil {
			if strings.Count(err.Error(), "\n") > problem.Most {
				t.Fatalf("error of %d lines", strings.Count(err.Error(), "\n"))
			}
			return
		}
		m = m.Rounded()
		again := bundle{}
		for _, f := range filesOf(m) {
			again[f.name] = f.data
		}
		got, err := decode(again)
		if err != nil {
			t.Fatalf("read, written, and not read: %v\n%s", err, again[yamlFile])
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Fatalf("(-written +read)\n%s", diff)
		}
		model.NewGraph(m)
	})
}
