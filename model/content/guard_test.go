package content

import "testing"

func TestGuardedDocuments(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":1}`:                   `{"a":1}`,
		" [1]\n":                    `[1]`,
		")]}',\n{\"a\":1}":          `{"a":1}`,
		`while(1);[{"a":1}]`:        `[{"a":1}]`,
		`for (;;);{"a":1}`:          `{"a":1}`,
		`42["say",{"a":1}]`:         `["say",{"a":1}]`,
		`430/room,[{"a":1}]`:        `[{"a":1}]`,
		`done({"a":1});`:            `{"a":1}`,
		`/**/ done_1({"a":1})`:      `{"a":1}`,
		`see [1]`:                   ``,
		`a: [1]`:                    ``,
		`tags[]`:                    ``,
		`{"a":1} and more`:          ``,
		`42["say",`:                 ``,
		`done({"a":1}, 2)`:          ``,
		`x = {"a":1}`:               ``,
		`{"a":1}{"a":2}`:            ``,
		`"{}"`:                      ``,
		`no document at all, but a`: ``,
	} {
		got := ""
		if start, end, ok := guarded([]byte(text)); ok {
			got = text[start:end]
		}
		if got != want {
			t.Errorf("guarded(%q) = %q, want %q", text, got, want)
		}
	}
}

// What a guard hides is read, and selected, as any other document.
func TestGuardedAnswersHaveLeaves(t *testing.T) {
	for media, body := range map[string]string{"application/json": ")]}',\n{\"id\":\"k-4711\"}", "text/plain": `42["made",{"id":"k-4711"}]`} {
		found := false
		for _, leaf := range New(reply(media, body)).Leaves() {
			if leaf.Value != "k-4711" {
				continue
			}
			found = true
			s, err := ParseSelector(leaf.Selector)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Values(New(reply(media, body))); len(got) != 1 || got[0] != leaf.Value {
				t.Errorf("%s: %s finds %q", body, leaf.Selector, got)
			}
		}
		if !found {
			t.Errorf("%s: no leaf is the id", body)
		}
	}
}
