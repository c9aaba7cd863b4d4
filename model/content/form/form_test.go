package form

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/starling-load/starling/model/content/lines"
)

// entries reads "a=1 b=2".
func entries(s string) []Entry {
	var out []Entry
	for _, f := range strings.Fields(s) {
		name, value, _ := strings.Cut(f, "=")
		out = append(out, Entry{name, strings.NewReplacer("_", " ", "|", "\r\n").Replace(value)})
	}
	return out
}

func TestAFormSendsItsSuccessfulControls(t *testing.T) {
	option := func(v string, marks string) Option {
		return Option{Value: v, Selected: strings.Contains(marks, "s"), Disabled: strings.Contains(marks, "d")}
	}
	tests := []struct {
		name     string
		controls []Control
		want     string
	}{
		{"texts and hidden fields, also empty ones", []Control{{Name: "a", Value: "1", Kind: "text"}, {Name: "b", Kind: "hidden"}}, "a=1 b="},
		{"no control without a name", []Control{{Value: "1", Kind: "text"}}, ""},
		{"nothing disabled", []Control{{Name: "a", Value: "1", Kind: "text", Disabled: true}}, ""},
		{"the checked boxes alone", []Control{{Name: "a", Value: "1", Kind: "checkbox"}, {Name: "a", Value: "2", Kind: "checkbox", Checked: true}, {Name: "r", Value: "x", Kind: "radio"}, {Name: "r", Value: "y", Kind: "radio", Checked: true}}, "a=2 r=y"},
		{"no button that nobody presses", []Control{{Name: "a", Value: "1", Kind: "submit"}, {Name: "b", Value: "1", Kind: "button"}, {Name: "i", Kind: "image"}, {Name: "z", Kind: "reset"}}, ""},
		{"the first option where none is selected", []Control{{Name: "a", Kind: "select", Options: []Option{option("0", "d"), option("1", ""), option("2", "")}}}, "a=1"},
		{"the selected option", []Control{{Name: "a", Kind: "select", Options: []Option{option("1", ""), option("2", "s")}}}, "a=2"},
		{"the last of several selected options", []Control{{Name: "a", Kind: "select", Options: []Option{option("1", "s"), option("2", "s")}}}, "a=2"},
		{"all selected options of a list", []Control{{Name: "a", Kind: "select", Multiple: true, Options: []Option{option("1", "s"), option("2", ""), option("3", "s"), option("4", "sd")}}}, "a=1 a=3"},
		{"nothing of a list without selection", []Control{{Name: "a", Kind: "select", Multiple: true, Options: []Option{option("1", "")}}}, ""},
		{"line ends as CR LF", []Control{{Name: "a", Kind: "textarea", Value: "x\ny\rz\r\n"}}, "a=x|y|z|"},
		{"the direction of a text", []Control{{Name: "a", Kind: "text", Value: "x", Dir: "a.dir"}}, "a=x a.dir=ltr"},
		{"the charset", []Control{{Name: "_charset_", Kind: "hidden"}}, "_charset_=UTF-8"},
		{"an empty file", []Control{{Name: "f", Kind: "file"}}, "f="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := Form{Controls: tt.controls}
			if got := f.Entries(); !slices.Equal(got, entries(tt.want)) {
				t.Errorf("got %q, want %q", got, entries(tt.want))
			}
		})
	}
}

// issue is a form as that of a tracker, with the values of one record.
func issue(token, version, title, text, tracker, watchers string) *Form {
	f := &Form{Method: "POST", Action: "/issues/1", Controls: []Control{
		{Name: "token", Kind: "hidden", Value: token},
		{Name: "title", Kind: "text", Value: title},
		{Name: "text", Kind: "textarea", Value: text},
		{Name: "private", Kind: "hidden", Value: "0"},
		{Name: "private", Kind: "checkbox", Value: "1"},
	}}
	s := Control{Name: "tracker", Kind: "select"}
	for _, v := range []string{"bug", "task", "idea"} {
		s.Options = append(s.Options, Option{Value: v, Selected: v == tracker})
	}
	f.Controls = append(f.Controls, s)
	for _, v := range []string{"ann", "bob", "eve"} {
		f.Controls = append(f.Controls, Control{Name: "watch[]", Kind: "checkbox", Value: v, Checked: strings.Contains(watchers, v)})
	}
	return &Form{Method: f.Method, Action: f.Action, Controls: append(f.Controls,
		Control{Name: "version", Kind: "hidden", Value: version},
		Control{Name: "go", Kind: "submit", Value: "Preview"}, Control{Name: "go", Kind: "submit", Value: "Save"})}
}

func TestWhatTheFormDidNotShowKeepsItsPlaceAmongTheChanges(t *testing.T) {
	shown, changes := entries("a=1 b=2 c=3 d=4"), entries("x=0 b=5 go=Save y=1 d=4 z=9 ~without.c=")
	want := entries("a=1 x=0 b=5 go=Save y=1 d=4 z=9")
	if got, err := Apply(shown, changes); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q with the changes %q sends %q, %v, want %q", shown, changes, got, err, want)
	}
}

func TestWhatTheUserChangedIsDoneToTheLiveForm(t *testing.T) {
	recorded := issue("t1", "4", "Printer", "It jams.|Often.|Help!", "bug", "ann")
	for i := range recorded.Controls {
		recorded.Controls[i].Value = strings.ReplaceAll(recorded.Controls[i].Value, "|", "\n")
	}
	live := issue("t9", "7", "Scanner", "It is dead.\nOften.\nHelp!\nMe too.", "task", "bob")
	live.Controls = slices.Insert(live.Controls, 1, Control{Name: "project", Kind: "hidden", Value: "p5"})
	tests := []struct {
		name, sent, changes, want string
	}{
		{"nothing", "token=t1 title=Printer text=It_jams.|Often.|Help! private=0 tracker=bug watch[]=ann version=4", "",
			"token=t9 project=p5 title=Scanner text=It_is_dead.|Often.|Help!|Me_too. private=0 tracker=task watch[]=bob version=7"},
		{"a value and a button", "token=t1 title=Copier text=It_jams.|Often.|Help! private=0 tracker=bug watch[]=ann version=4 go=Save", "title=Copier go=Save",
			"token=t9 project=p5 title=Copier text=It_is_dead.|Often.|Help!|Me_too. private=0 tracker=task watch[]=bob version=7 go=Save"},
		{"text that is added", "token=t1 title=Printer text=It_jams.|Often.|Help!|Fixed. private=0 tracker=bug watch[]=ann version=4", "~after.text=|Fixed.",
			"token=t9 project=p5 title=Scanner text=It_is_dead.|Often.|Help!|Me_too.|Fixed. private=0 tracker=task watch[]=bob version=7"},
		{"text that comes first", "token=t1 title=Printer text=News.|It_jams.|Often.|Help! private=0 tracker=bug watch[]=ann version=4", "~before.text=News.|",
			"token=t9 project=p5 title=Scanner text=News.|It_is_dead.|Often.|Help!|Me_too. private=0 tracker=task watch[]=bob version=7"},
		{"a line in the middle", "token=t1 title=Printer text=It_jams.|Daily.|Help! private=0 tracker=bug watch[]=ann version=4", "~find.text=Often.| ~put.text=Daily.|",
			"token=t9 project=p5 title=Scanner text=It_is_dead.|Daily.|Help!|Me_too. private=0 tracker=task watch[]=bob version=7"},
		{"a line between two", "token=t1 title=Printer text=It_jams.|Often.|Daily.|Help! private=0 tracker=bug watch[]=ann version=4", "~find.text=Often.| ~put.text=Often.|Daily.|",
			"token=t9 project=p5 title=Scanner text=It_is_dead.|Often.|Daily.|Help!|Me_too. private=0 tracker=task watch[]=bob version=7"},
		{"a line that nobody sees any more", "token=t1 title=Printer text=It_works.|Often.|Help! private=0 tracker=bug watch[]=ann version=4", "~find.text=It_jams.| ~put.text=It_works.|",
			"token=t9 project=p5 title=Scanner text=It_is_dead.|Often.|Help!|Me_too.|It_works.| private=0 tracker=task watch[]=bob version=7"},
		{"a text of its own", "token=t1 title=Printer text=Closed. private=0 tracker=bug watch[]=ann version=4", "text=Closed.",
			"token=t9 project=p5 title=Scanner text=Closed. private=0 tracker=task watch[]=bob version=7"},
		{"a box beside its hidden twin", "token=t1 title=Printer text=It_jams.|Often.|Help! private=0 private=1 tracker=bug watch[]=ann version=4", "~with.private=1",
			"token=t9 project=p5 title=Scanner text=It_is_dead.|Often.|Help!|Me_too. private=0 private=1 tracker=task watch[]=bob version=7"},
		{"a box more, another less", "token=t1 title=Printer text=It_jams.|Often.|Help! private=0 tracker=bug watch[]=eve version=4", "~with.watch[]=eve ~without.watch[]=ann",
			"token=t9 project=p5 title=Scanner text=It_is_dead.|Often.|Help!|Me_too. private=0 tracker=task watch[]=bob watch[]=eve version=7"},
		{"a choice", "token=t1 title=Printer text=It_jams.|Often.|Help! private=0 tracker=idea watch[]=ann version=4", "tracker=idea",
			"token=t9 project=p5 title=Scanner text=It_is_dead.|Often.|Help!|Me_too. private=0 tracker=idea watch[]=bob version=7"},
		{"a field that a script added, another that it took away", "title=Printer text=It_jams.|Often.|Help! private=0 tracker=bug watch[]=ann version=4 nonce=n", "nonce=n ~without.token=",
			"project=p5 title=Scanner text=It_is_dead.|Often.|Help!|Me_too. private=0 tracker=task watch[]=bob version=7 nonce=n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sent := entries(tt.sent)
			changes := recorded.Changes(sent)
			if !slices.Equal(changes, entries(tt.changes)) {
				t.Errorf("changes %q, want %q", changes, entries(tt.changes))
			}
			if got, err := Apply(recorded.Entries(), changes); err != nil || !slices.Equal(got, sent) {
				t.Errorf("applied to the recorded form %q, %v, want %q", got, err, sent)
			}
			if got, err := Apply(live.Entries(), changes); err != nil || !slices.Equal(got, entries(tt.want)) {
				t.Errorf("applied to the live form\n%q, %v, want\n%q", got, err, entries(tt.want))
			}
		})
	}
}

// text draws lines of few words, so that edits share some.
func text() *rapid.Generator[string] {
	line := rapid.SampledFrom([]string{"", "a", "b b", "c c c c", "d\r\n"})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(line, 0, 8).Draw(t, "lines"), "\r\n")
	})
}

func TestChangesAppliedToTheirOwnFormGiveWhatWasSent(t *testing.T) {
	names := rapid.SampledFrom([]string{"a", "b", "~set.c", "~x"})
	kinds := rapid.SampledFrom([]string{"text", "hidden", "textarea"})
	rapid.Check(t, func(t *rapid.T) {
		var f Form
		for _, name := range rapid.SliceOfNDistinct(names, 0, 4, rapid.ID).Draw(t, "names") {
			f.Controls = append(f.Controls, Control{Name: name, Kind: kinds.Draw(t, "kind"), Value: text().Draw(t, "value")})
		}
		var sent []Entry
		for _, name := range rapid.SliceOfNDistinct(names, 0, 4, rapid.ID).Draw(t, "sent names") {
			sent = append(sent, Entry{name, LineEnds(text().Draw(t, "sent"))})
		}
		got, err := Apply(f.Entries(), f.Changes(sent))
		if err != nil {
			t.Fatal(err)
		}
		order := func(a, b Entry) int { return strings.Compare(a.Name, b.Name) }
		slices.SortFunc(got, order)
		slices.SortFunc(sent, order)
		if !slices.Equal(got, sent) {
			t.Fatalf("form %+v sent %q, applied again %q", f, sent, got)
		}
	})
}

func TestATextThatChangedInSeveralPlacesIsTheLiveOne(t *testing.T) {
	of := func(text string) *Form {
		return &Form{Method: "POST", Controls: []Control{{Name: "text", Kind: "textarea", Value: text}}}
	}
	shown, sent := of("= Note\none\ntwo\nthree\nfour\nfive\n"), []Entry{{"text", "= Note\r\none\r\n2\r\nthree\r\nfour\r\nfive and a half\r\nsix\r\n"}}
	changes := shown.Changes(sent)
	if len(changes) != 1 || Field(changes[0].Name) != "text" || Plain(changes[0].Name) {
		t.Fatalf("the changes are %q, want those of lines", changes)
	}
	const done = "= Note\r\nby all\r\none\r\n2\r\nthree\r\nmore\r\nfour\r\nfive and a half\r\nsix\r\n"
	for _, tt := range []struct{ name, live, want string }{
		{"recorded", "= Note\none\ntwo\nthree\nfour\nfive\n", sent[0].Value},
		{"live", "= Note\nby all\none\ntwo\nthree\nmore\nfour\nfive\n", done},
		{"changed", done, done},
	} {
		if got, err := Apply(of(tt.live).Entries(), changes); err != nil || LineEnds(got[0].Value) != tt.want {
			t.Errorf("done to the %s form: %q, %v, want %q: %q", tt.name, got, err, tt.want, changes)
		}
	}
	for _, f := range []*Form{of("= Note\none\nthree\nfour\nfive\n"), {Method: "POST"}} {
		if got, err := Apply(f.Entries(), changes); !errors.Is(err, lines.ErrGone) {
			t.Errorf("done to a form without what was changed: %q, %v: %q", got, err, changes)
		}
	}
}
