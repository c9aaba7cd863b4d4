package folder

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
)

const pinnable = `version: 2
mix: {browser: 0.5, buyer: 0.3, bot: 0.2}
behaviors:
  browser:
    start: home
    steps:
      home:
        request: GET /
        loads: [GET /a.css]
        next:
          GET /b: {odds: 0.6, think: 2s}
          end: 0.4
      GET /b: end
  buyer: {start: GET /b, steps: {GET /b: {next: {GET /b: 0.25, end: 0.75}}}}
  bot: {start: GET /b, steps: {GET /b: end}}
endpoints:
  GET /:
    check: {status: [2xx], content: [text/html]}
  GET /a.css:
  GET /b:
`

func TestOverridesTakeThePlaceOfTheRest(t *testing.T) {
	for _, tt := range []struct {
		name, overrides string
		got             func(m *model.Model) any
		want            any
	}{
		{"a pinned weight scales the others", "mix: {bot: 0}",
			func(m *model.Model) any {
				return fmt.Sprintf("%.4f", []float64{m.Behaviors[0].Weight, m.Behaviors[1].Weight, m.Behaviors[2].Weight})
			}, "[0.6250 0.3750 0.0000]"},
		{"pinned odds scale the others, and the think time stays", "behaviors: {browser: {steps: {home: {next: {GET /b: 0.2}}}}}",
			func(m *model.Model) any {
				return fmt.Sprintf("%.2f", m.Behaviors[0].Steps[0].Next[0].Odds) + fmt.Sprintf(" %.2f ", m.Behaviors[0].Steps[0].Next[1].Odds) + m.Behaviors[0].Steps[0].Next[0].Think.String()
			},
			"0.20 0.80 2s"},
		{"a think time beside the short form of odds", "behaviors: {buyer: {steps: {GET /b: {next: {GET /b: {think: 9s}}}}}}",
			func(m *model.Model) any { return fmt.Sprint(m.Behaviors[1].Steps[0].Next[0]) }, "{GET /b 0.25 {9s []}}"},
		{"another step beside the short form of one", "behaviors: {bot: {steps: {GET /b: {next: {GET /b: 0.5}}}}}",
			func(m *model.Model) any { return fmt.Sprint(m.Behaviors[2].Steps[0].Next) }, "[{end 0.5 {0s []}} {GET /b 0.5 {0s []}}]"},
		{"nothing removes a key", "endpoints: {GET /: {check: {content: }}}",
			func(m *model.Model) any { return fmt.Sprint(m.Endpoints[0].Check) }, "{[2] [] [] [] [] [] 0}"},
		{"a list takes the place of a list", "behaviors: {browser: {steps: {home: {loads: [GET /b: 0.5]}}}}",
			func(m *model.Model) any { return fmt.Sprint(m.Behaviors[0].Steps[0].Page.Loads) }, "[{GET /b 0.5 {0s []}}]"},
		{"a key is added", "endpoints: {GET /b: {check: {status: [4xx]}}, GET /new: {}}\nnotes: [ours]",
			func(m *model.Model) any {
				return fmt.Sprint(m.Endpoints[2].Check.Status, m.Endpoints[3].Name, m.Notes)
			}, "[4]GET /new[ours]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			section := "overrides:\n  " + strings.ReplaceAll(tt.overrides, "\n", "\n  ") + "\n"
			m, err := readYAML(pinnable+section, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, tt.got(m)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			again, err := decode(newBundle(filesOf(m)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(m.Rounded(), again); diff != "" {
				t.Errorf("written and read again (-first +second)\n%s", diff)
			}
		})
	}
}

func TestOverridesAreKeptAsTheyWereWritten(t *testing.T) {
	section := "overrides:   # by ann\n\n  # before Christmas\n  notes:\n    - 'x: y'   # why\n\n  mix: {browser: 0.5,\n        buyer: 0.5, bot: 0}\n"
	for name, text := range map[string]string{
		"at the end":                      pinnable + section,
		"before other keys":               "version: 2\n" + section + "\n# not of the overrides\n" + strings.TrimPrefix(pinnable, "version: 2\n"),
		"with CRLF":                       strings.ReplaceAll(pinnable+section, "\n", "\r\n"),
		"without a line break at the end": pinnable + strings.TrimSuffix(section, "\n"),
	} {
		m, err := readYAML(text, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if m.Overrides != section {
			t.Errorf("%s: the overrides are\n%s\nwant\n%s", name, m.Overrides, section)
		}
		if written := string(filesOf(m)[0].data); !strings.HasSuffix(written, "\n\n"+section) {
			t.Errorf("%s: written as\n%s", name, written)
		}
	}
}

func TestWhatIsWrongInOverridesIsToldWithTheirLine(t *testing.T) {
	_, err := readYAML(pinnable+"overrides:\n  mix: {bt: 0.5}\n  behaviors:\n    buyer:\n      steps:\n        GET /b:\n          next: {GET /x: 0.5, GET /x: 0.1}\n", nil)
	want := "model.yaml:22:9: mix: bt: there is no behavior of this name; did you mean \"bot\"?\n" +
		"model.yaml:27:31: key \"GET /x\" is there twice, first in line 27"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestOverridesThatDoNotFitAreNotWritten(t *testing.T) {
	m := sample()
	m.Overrides = "overrides:\n  behaviors: {stranger: {sessions: 3}}\n"
	dir := filepath.Join(t.TempDir(), "x.model")
	if err := Write(dir, m); err == nil || !strings.Contains(err.Error(), "the overrides or edits do not fit the model: ") || !strings.Contains(err.Error(), "stranger") {
		t.Errorf("Write: %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder was written")
	}
}
